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

/* A rule of the plan may become several of the program: what it says is a conjunction, but for two
 * cases, which are spelled out. */
typedef enum {
    VARIANT_PLAIN,
    VARIANT_NOT_FIRST,  /* not (type and code): either the type differs ... */
    VARIANT_NOT_SECOND, /* ... or the code does */
    VARIANT_STP_OTHER,  /* a BPDU that is no configuration: its attributes are not looked at ... */
    VARIANT_STP_CONFIG, /* ... or one that is */
} BuildVariant;

/* One rule of the program in the making. */
typedef struct {
    const PlanRule *rule;
    GArray
        *conditions; /* PlanCondition: those of the rule that this variant has, `with` resolved */
    gboolean is_swapped; /* source and destination have changed places */
    gboolean has_phases; /* else all conditions' turn is PHASE_NETWORK */
} BuildRule;

/* The conditions of a variant, but for those left out (NULL: none). The caller unrefs. */
GArray *build_conditions(const PlanRule *rule, BuildVariant variant,
                         gboolean (*is_left_out)(const PlanCondition *condition));

/* TRUE when a condition of the rule is "not (this and that)". */
gboolean build_is_split(const PlanRule *rule);

/* Transport fields come last: what stands before them can be asked without them. */
typedef enum { PHASE_NETWORK, PHASE_TRANSPORT } BuildPhase;
gboolean build_is_transport(Field field);

/* The tests of the conditions of a phase, each field behind its HAS test. Conditions tied by an
 * iterator wait for the last of them. */
void build_phase(Build *build, const BuildRule *rule, BuildPhase phase, IrStep *step);

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
