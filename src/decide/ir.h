/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/facts.h"
#include "nwfilter/plan.h"
#include <glib.h>

/*
 * Purpose: the decision of one filter for one way (from the VM, or to it), as steps over the facts
 * of a frame. What the language means is in here and nothing of the language is left: no mirroring,
 * no default state, no implied condition.
 * Owner: ir_program_free. Made by build.h, rewritten by pass.h, then const; eval.h runs it, the
 * room datapath compiles it, text.h writes and reads it.
 * Does not: hold a port's values. One program serves all ports of a shape; binding.h holds what a
 * port adds.
 *
 * How it runs
 *
 * Two layers one after the other, each a list of steps: `l2`, then `inet`. A step whose tests all
 * hold is taken; else the next step's turn comes.
 *   RULE   ends something: ACCEPT the layer, DROP the frame, RETURN the innermost chain
 *   CHAIN  runs its own steps; at their end, or on RETURN, goes on behind itself
 *   GROUP  the same, but a RETURN within is the surrounding chain's: it only shares tests
 * A layer that ends, by ACCEPT, RETURN or its last step, has let the frame through. A frame that
 * both let through passes. Its verdict names the last rule that accepted it, or says "default".
 *
 * Invariants (ir_check.h tells whether they hold)
 *   I1  every index (slot, scalar, set, limit, origin) lies within its table, and a slot's type is
 *       of the width that its use has
 *   I2  a test of a field stands behind a HAS test, in its own step or around it, that vouches for
 *       the field: facts.def names the bits
 *   I3  constants fit their field's width; a COMPARE's constant has no bit outside its mask
 *   I4  RULE steps have no steps; CHAIN and GROUP steps have some, unless a need is in their tests
 *   I5  state, reply and limit tests stand in the inet layer only
 *   I6  a test of a set has no sign of its own: its columns have; a need is not negated
 */

/* ---- fields ---- */

typedef enum {
#define FACT(id, name, bits, member, guard, form) IR_##id,
#include "decide/facts.def"
    IR_N_FIELDS
} IrField;

typedef enum { IR_FORM_DECIMAL, IR_FORM_HEX, IR_FORM_MAC, IR_FORM_IP4, IR_FORM_IP6 } IrForm;

typedef struct {
    const char *name;
    guint bits;
    guint offset, size; /* of the member in struct facts; size 16: two guint64, high one first */
    guint guard;        /* any of these bits of `has` makes it meaningful; 0: always */
    IrForm form;
} IrFieldInfo;

const IrFieldInfo *ir_field_info(IrField field);
gboolean ir_field_parse(const char *name, IrField *field);

/* A number of up to 128 bits; fields of 64 and fewer use `low`. */
typedef struct {
    guint64 high, low;
} IrValue;

IrValue ir_field_get(IrField field, const struct facts *facts);
IrValue ir_field_max(IrField field); /* all ones, which is also the full mask */
int ir_value_compare(IrValue a, IrValue b);
IrValue ir_value_and(IrValue a, IrValue b);
IrValue ir_value_xor(IrValue a, IrValue b);
gboolean ir_value_is_zero(IrValue value);

/* The mask of the leading `length` bits of a field of `bits`. */
IrValue ir_prefix_mask(guint bits, guint length);

/* What bits of `has` bring along and what they rule out: both transitive, the bits themselves among
 * the implied. */
guint ir_has_implied(guint bits);
guint ir_has_excluded(guint bits);

/* ---- what a port supplies ---- */

/* A scalar: one number of a port's row. */
typedef enum {
    SCALAR_VALUE, /* element `index` of slot's list */
    SCALAR_MASK,  /* the same read as a mask: of a MACMASK; of a prefix length over `bits` bits */
    SCALAR_LOW,   /* over all entries of set `set`: the highest lower end ... */
    SCALAR_HIGH,  /* ... and the lowest upper end: together what all entries have in common */
} IrScalarKind;

typedef struct {
    IrScalarKind kind;
    guint slot, index; /* VALUE, MASK */
    guint bits;        /* of the field it is compared with */
    guint set;         /* LOW, HIGH */
} IrScalar;

typedef struct {
    gboolean is_scalar;
    guint scalar;  /* index into IrProgram.scalars */
    IrValue value; /* else this constant */
} IrOperand;

/* A set of tuples. Each iterator walks lists in parallel; the entries are all combinations of the
 * iterators. A column of a tuple is an interval, or the outside of one. */
typedef enum { COLUMN_VALUE, COLUMN_PREFIX, COLUMN_RANGE } IrColumnKind;

typedef struct {
    gboolean is_each;
    guint slot, iterator; /* is_each: element by element; else a constant or a slot's element */
    IrOperand operand;
} IrColumnOperand;

typedef struct {
    IrColumnKind kind;
    gboolean negated;              /* the field must lie outside */
    guint bits;                    /* of the fields it is for */
    IrColumnOperand first, second; /* value; value and mask; low and high end */
} IrColumn;

#define IR_COLUMNS_MAX 8

typedef struct {
    guint n_columns;
    guint n_iterators; /* below PLAN_ITERATORS_MAX */
    IrColumn columns[IR_COLUMNS_MAX];
} IrSet;

/* How a set can be looked up: what it is by its columns alone. */
typedef enum {
    SET_EXACT,  /* every column a value, none negated: a hash of the tuple */
    SET_PREFIX, /* likewise, but one column a prefix or a range: a prefix table with that one last
                 */
    SET_COMMON, /* one negated column: "not in what all entries have in common", two scalars */
    SET_WALK,   /* anything else: entry by entry */
} IrSetForm;

IrSetForm ir_set_form(const IrSet *set);

typedef struct {
    char *name;
    ValueType type;
    guint index; /* in Plan.slots */
} IrSlot;

/* A rule's limit of connections: the count of those that this very condition has seen. */
typedef struct {
    IrOperand above; /* exceeded when more than this many are open */
    char *key;       /* text of the rule's conditions: equal keys count alike */
} IrLimit;

/* ---- tests ---- */

typedef enum {
    TEST_HAS,     /* all of `bits` are in facts.has */
    TEST_COMPARE, /* ((field ^ value) & mask) == 0 */
    TEST_RANGE,   /* value <= field <= high */
    TEST_IN,      /* the tuple of fields[0..n_columns) is in the set */
    TEST_OPTION,  /* a TCP option of kind `value` is present */
    TEST_STATE,   /* the flow's state is one of `bits` (STATE_ of nwfilter/value.h, but NONE) */
    TEST_REPLY,   /* the frame goes the other way than the one that began the flow */
    TEST_OVER,    /* limit `limit` is exceeded */
} IrTestKind;

typedef struct {
    IrTestKind kind;
    gboolean negated;
    gboolean is_need; /* HAS: when it fails, the frame is dropped as TRUNCATED */
    guint bits;
    IrField field;
    IrOperand value, mask, high;
    guint set, limit;
    IrField fields[IR_COLUMNS_MAX];
} IrTest;

/* ---- steps ---- */

typedef enum { STEP_RULE, STEP_CHAIN, STEP_GROUP } IrStepKind;
typedef enum { IR_ACCEPT, IR_DROP, IR_RETURN } IrAction;

/* Why a verdict is what it is, when no rule says so. */
typedef enum {
    REASON_RULE,      /* a rule said so: see the origin */
    REASON_DEFAULT,   /* the end of both layers: pass */
    REASON_REFUSED,   /* nested beyond the limits, or no whole frame */
    REASON_MALFORMED, /* IP with a header that lies, before rules that need one */
    REASON_TRUNCATED, /* a rule needed octets that the frame should have and has not */
    REASON_FRAGMENT,  /* a fragment of a datagram whose beginning did not pass */
    N_REASONS
} IrReason;

typedef struct IrStep IrStep;
struct IrStep {
    IrStepKind kind;
    GArray *tests; /* of IrTest */
    IrAction action;
    IrReason reason;
    guint origin;     /* REASON_RULE: index into IrProgram.origins */
    char *chain;      /* CHAIN: its name */
    GPtrArray *steps; /* CHAIN, GROUP: of IrStep */
};

/* A rule in its author's file. */
typedef struct {
    char *filter;
    guint line;
    char *comment; /* NULL when none */
    guint rule;    /* its index in the plan; not part of the text form, which gives 0 */
} IrOrigin;

typedef struct {
    char *name;           /* of the filter */
    guint way;            /* PLAN_FROM_VM or PLAN_TO_VM */
    GArray *slots;        /* IrSlot */
    GArray *scalars;      /* IrScalar */
    GArray *sets;         /* IrSet */
    GArray *limits;       /* IrLimit, at most IR_LIMITS_MAX */
    GArray *origins;      /* IrOrigin */
    GPtrArray *l2, *inet; /* IrStep */
    guint also_wants; /* facts that are read although no test asks for them: what connections are
                       * told apart by, when the other way's rules ask for their state. Not part
                       * of the text form */
} IrProgram;

#define IR_LIMITS_MAX 64 /* rules with connlimit-above in one program */
#define IR_STEPS_MAX 65536

/* ---- making and taking apart ---- */

IrProgram *ir_program_new(const char *name, guint way);
IrProgram *ir_program_copy(const IrProgram *program);
void ir_program_free(IrProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IrProgram, ir_program_free)

IrStep *ir_step_new(IrStepKind kind);
IrStep *ir_step_copy(const IrStep *step);
void ir_step_free(IrStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IrStep, ir_step_free)

GPtrArray *ir_steps_new(void); /* frees its steps */

IrTest ir_test_has(guint bits, gboolean negated);
IrTest ir_test_need(guint bits);
IrTest ir_test_compare(IrField field, guint64 value, gboolean negated);
gboolean ir_test_equal(const IrTest *a, const IrTest *b);
const IrTest *ir_step_test(const IrStep *step, guint i);
IrOperand ir_constant(IrValue value);
gboolean ir_operand_equal(const IrOperand *a, const IrOperand *b);

/* The index of an equal row, appended when there is none yet. */
guint ir_scalar_intern(IrProgram *program, const IrScalar *scalar);
guint ir_set_intern(IrProgram *program, const IrSet *set);

/* Steps in both layers, inner ones included. */
guint ir_program_size(const IrProgram *program);

/* The facts it looks at (enum facts_want), and whether it asks for the flow's state. */
guint ir_program_wants(const IrProgram *program);
gboolean ir_program_has_flows(const IrProgram *program);

/* "default", "malformed", ...; "rule" for REASON_RULE. */
const char *ir_reason_format(IrReason reason);

/* "FILTER:LINE", or the reason. The caller frees. */
char *ir_origin_format(const IrProgram *program, IrReason reason, guint origin);
