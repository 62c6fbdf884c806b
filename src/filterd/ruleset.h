/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/shape.h"
#include "filterd/learning.h"
#include "nwfilter/catalogue.h"

/*
 * Purpose: a catalogue of filters as ports need it: each filter resolved once, and compiled once
 * for all ports whose lists have equal lengths.
 * Owner: ruleset_free. Another catalogue is another ruleset, which keeps what did not change, so
 * that a redefinition can be tried on every port first.
 * Does not: know ports.
 */

typedef struct Ruleset Ruleset;

/* Takes the catalogue. */
Ruleset *ruleset_new(Catalogue *catalogue);

/* Takes the catalogue; what is known of filters that neither are nor include a changed one (names,
 * NULL-terminated) stays known. */
Ruleset *ruleset_next(const Ruleset *before, Catalogue *catalogue, const char *const *changed);
void ruleset_free(Ruleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ruleset, ruleset_free)

const Catalogue *ruleset_catalogue(const Ruleset *ruleset);

/* What one port adds to the data path. */
typedef struct {
    Shape *shape;
    IrBinding *bindings[2];
    guint told[2]; /* see DatapathPort */
} PortRules;

/* What of a port they depend on. */
typedef struct {
    const char *filter;
    const Variables *variables;
    Encapsulation encapsulation;
    gboolean tells; /* DHCP messages that pass: see shape_new_telling() */
} RulesetPort;

/* Errors: those of resolving, binding and compiling. */
gboolean ruleset_prepare(Ruleset *ruleset, const RulesetPort *port, PortRules *rules,
                         GError **error);

/* While its address is learned: those of learning_filter(). */
gboolean ruleset_prepare_learning(Ruleset *ruleset, const RulesetPort *port, Learning learning,
                                  gboolean has_servers, PortRules *rules, GError **error);

/* The names of the filter's variables that have no value; see plan_missing(). Errors: those of
 * resolving. */
GPtrArray *ruleset_missing(Ruleset *ruleset, const char *filter, const Variables *variables,
                           GError **error);
void port_rules_clear(PortRules *rules);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PortRules, port_rules_clear)
