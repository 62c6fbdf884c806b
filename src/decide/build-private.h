/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/build.h"

/* What the files of the builder share: see build.c for the order of reading. */

#define NOT_FIXED G_MAXUINT

typedef struct {
    IrProgram *program;
    const Plan *plan;
    const PlanValues *values;          /* or NULL */
    guint fixed[PLAN_ITERATORS_MAX];   /* of the rule at hand: the one index it stands for */
    guint origins[PLAN_RULES_MAX + 1]; /* by the rule's index in the plan: its origin + 1 */
    GError *error;                     /* the first */
} Build;

/* A rule of the plan as one rule of the program; some become several. */
typedef struct BuildRule BuildRule;
struct BuildRule {
    const PlanRule *rule;
    gboolean is_swapped; /* source and destination have changed places */
    guint variant;       /* for phase() */
    /* When a condition's turn is: 0 before 1. Negative: it is left out of this rule. */
    int (*phase)(const BuildRule *rule, const PlanCondition *condition);
};

/* The tests of the conditions whose turn is `phase`, each field behind its HAS test. Conditions
 * tied by an iterator wait for the last of them. */
void build_phase(Build *build, const BuildRule *rule, int phase, IrStep *step);

void build_test(IrStep *step, IrTest test);

/* A HAS test, or a need, unless the step's tests so far imply it. */
void build_has(IrStep *step, guint bits, gboolean is_need);

/* A rule step without tests; its origin is noted. */
IrStep *build_step(Build *build, const PlanRule *rule, IrAction action);
IrStep *build_reason(IrAction action, IrReason reason, guint has);

/* The operand of a condition, its iterators fixed, as a scalar or constant. */
IrOperand build_operand(Build *build, const PlanOperand *operand, guint bits, gboolean is_mask);

void build_limit_error(Build *build, const PlanRule *rule, const char *what);

void build_l2(Build *build, const PlanTree *tree);
void build_inet(Build *build);
