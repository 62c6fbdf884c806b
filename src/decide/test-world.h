/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/eval.h"
#include "decide/ir.h"

/*
 * Purpose: a small world for exhaustive tests: every filter of a few rules, every frame of a few
 * fields, every state of a flow. What must hold of all programs is tried on all of them, here for
 * the passes and by other rooms for what they make of programs.
 * Does not: reach beyond a few values of each field; the fuzzers do.
 */

typedef struct {
    const char *name;
    guint8 *octets;
    gsize length;
} WorldFrame;

/* The caller unrefs. */
GPtrArray *world_frames(void);

/* Every state that a flow can be in, as far as programs can tell: over is all or nothing. */
const IrFlow *world_flows(guint *n_flows);

/* Octets of hex digits, blanks ignored. The caller unrefs. */
GByteArray *world_octets(const char *hex);

/* Filters of one rule each by number, and all filters that are made of one or two of them. */
guint world_n_rules(void);

/* The text of rule number `rule` as a filter named `name`; the caller frees. */
char *world_rule(guint rule, const char *name);

/* The plan of a filter that includes these texts (each a filter), in their order. */
Plan *world_plan(const char *const *texts, guint n_texts);

/* A port's values: lists of one, lists of two, and lists of two equal values. */
#define WORLD_PORTS 3
PlanValues *world_values(const Plan *plan, guint port);
