/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/shape.h"
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
} PortRules;

/* `variables` are the port's. Errors: those of resolving, binding and compiling. */
gboolean ruleset_prepare(Ruleset *ruleset, const char *filter, const Variables *variables,
                         Encapsulation encapsulation, PortRules *rules, GError **error);
void port_rules_clear(PortRules *rules);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PortRules, port_rules_clear)
