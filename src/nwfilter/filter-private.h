/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/filter.h"

/*
 * Purpose: how a filter comes into being: shared by the files that build, check and print one.
 * Nothing outside of filter*.c includes it.
 */

#define PRIORITY_MIN (-1000)
#define PRIORITY_MAX 1000
#define RULE_PRIORITY_DEFAULT 500

Filter *filter_new(void);
Rule *rule_new(void);
void rule_free(Rule *rule);
Include *include_new(void);
void include_free(Include *include);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rule, rule_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Include, include_free)

/* FALSE for a name that is neither root nor begins with a kind's word. */
gboolean chain_kind_parse(const char *chain, ChainKind *kind);

/* The priority of a chain whose filter gives none. */
int chain_kind_priority(ChainKind kind);

/* Appends an entry; exactly one of rule and include is set, and handed over. */
void filter_add(Filter *filter, Rule *rule, Include *include);

/*
 * Appends to problems (GError, lines set) what is wrong with a rule whose attributes are each
 * legal: combinations that cannot be judged, and all that libvirt would silently leave without
 * effect.
 */
void rule_check(const Rule *rule, GPtrArray *problems);
