/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "nwfilter/bounds.h"
#include "nwfilter/filter.h"
#include "nwfilter/value.h"
#include "nwfilter/variables.h"

/*
 * Purpose: a filter with everything it includes, flat and in the order of evaluation, still in the
 * language's words. It is the contract between the language and the decision compiler.
 * Owner: made by plan_resolve (resolve.h), immutable, reference-counted.
 * Invariants: every include is gone; every rule stands in a tree or in the inet list; each operand
 * is a constant of its row's type or names a slot of that type; nothing depends on a port.
 *
 * Does not: mirror rules into directions, expand state rules, merge or drop anything: that is
 * meaning, and meaning is decide's. Nor does it know a frame.
 *
 * Two halves
 *
 * A frame is judged by the L2 half first: one tree for each way it can go, tree[PLAN_FROM_VM] and
 * tree[PLAN_TO_VM]. A tree's root holds entries in order, each a rule or a jump into a chain, which
 * holds rules only (one level). A tree has just the rules that speak about its way: an inout rule
 * stands in both, a chain without a rule for a way is not there. Then, if the frame survived and is
 * IP, the flat list inet judges it, one for both ways.
 *
 *   root   by priority; a jump (the chain's priority) goes before a rule of equal priority; equal
 *          jumps in the order in which the chains first appear, equal rules likewise
 *   chain  by rule priority, ties in order of appearance; what comes to its end is accepted and
 * does not go on behind the jump, as only `return` does inet   rules of filters whose chain is root
 * first, then the others; in each by rule priority, ties in order of appearance. The chain means
 * nothing else here
 *
 * Filters that share a chain's name share the chain. Should they give it different priorities, the
 * last of its rules (by rule priority, then appearance) decides, in each tree by itself: this is
 * what libvirt does.
 *
 * "Order of appearance" is the depth-first walk through the includes.
 *
 * Variables: shape and port
 *
 * Ten thousand ports with one filter differ only in the values of their variables. So a plan keeps
 * variables, and is the same for all of them: it is the shape. What a port adds is a PlanValues: a
 * list of typed values for each slot. A slot is a variable name as seen at one place: the name, the
 * type its field wants, and the values that the filterrefs on the way gave it. Scoping is thereby
 * done: at bind time a slot takes the port's list for that name if there is one, else its defaults,
 * which already are those of the outermost filterref that sets the name. The same name with other
 * defaults or another type ($IP in <ip> and in <ipv6>) is another slot.
 *
 * An operand is then a constant, or
 *   EACH(slot, iterator)   $NAME and $NAME[@n]: walks the list
 *   ELEMENT(slot, index)   $NAME[i]: one value, the index counted from 0
 *
 * Iterators belong to a rule and are numbered from 0 in libvirt's order, the first varying fastest.
 * Operands that share an iterator walk in parallel (their lists have equal length), different
 * iterators make the product. Read as sets, which is how the compiler reads them:
 *
 *   a rule matches  if and only if  its constant and ELEMENT conditions hold and for every iterator
 *   there is an index at which all conditions that use it hold.
 *
 * (Expanded rules follow one another with one action, so "one of them matches" is exactly this,
 * negated conditions included. A condition that uses two iterators, as in an address and a mask
 * from different lists, or a range, ties those iterators together: then there must be one
 * combination.) For a single list without sign that is membership in a set; for parallel lists,
 * membership of the tuple. plan_walk() below gives the expanded view for listings and for the
 * reference.
 *
 * "Missing" is decided per slot: no value from the port and no default, or an ELEMENT beyond the
 * list's end. Names come in libvirt's form, IP or B[5].
 */

typedef enum { OPERAND_CONSTANT, OPERAND_EACH, OPERAND_ELEMENT } PlanOperandKind;

typedef struct {
    PlanOperandKind kind;
    Value value;    /* CONSTANT */
    guint slot;     /* EACH, ELEMENT: index into Plan.slots */
    guint iterator; /* EACH: below PlanRule.n_iterators */
    guint element;  /* ELEMENT */
} PlanOperand;

typedef enum {
    MATCH_VALUE,  /* field == first; TYPE_TCPFLAGS: (field & number >> 8) == (number & 0xff);
                     TCP_OPTION: an option of that kind is present; BOOLEAN: the field is true */
    MATCH_MASK,   /* (field & second) == (first & second), second of TYPE_MACMASK */
    MATCH_PREFIX, /* the leading bits of field and first are equal, second = how many (IPxMASK) */
    MATCH_RANGE,  /* first <= field <= second */
} PlanMatch;

typedef struct PlanCondition PlanCondition;

struct PlanCondition {
    const FieldRow *row; /* the VALUE row; row->field is what is compared */
    PlanMatch match;
    PlanOperand first, second;
    const PlanCondition *with; /* a second comparison (ICMP code beside type): both must hold before
                                  the sign is looked at; its own sign means nothing. Mostly NULL */
    gboolean negated;          /* the condition holds when the comparison does not */
};

typedef struct {
    RuleAction action;
    RuleDirection direction; /* relative to the VM: out is from it */
    int priority;            /* as written, or 500 */
    Protocol protocol;       /* PROTOCOL_NONE: matches everything in its chain */
    gboolean statematch;     /* FALSE: statematch='false' */
    guint states;            /* STATE_ bits of the attribute state; 0: it was not given */
    gboolean has_connlimit;  /* connlimit-above */
    gboolean connlimit_negated;
    PlanOperand connlimit;

    PlanCondition *conditions; /* in the table's order; all must hold */
    guint n_conditions;
    guint n_iterators;
    guint16 iterator_names[PLAN_ITERATORS_MAX]; /* the n of each one's [@n] */

    const char *filter;  /* origin: the filter that wrote it ... */
    guint line;          /* ... and the line in its file, from 1 */
    const char *comment; /* NULL when none */
    const char *chain;   /* of that filter: "root", "arp-mac", ... */
    guint index;         /* its number within the plan, the order of appearance */
} PlanRule;

typedef struct {
    const char *name;
    ChainKind kind;
    int priority;
    const PlanRule **rules;
    guint n_rules;
} PlanChain;

/* An entry of a root: exactly one of the two is set. */
typedef struct {
    const PlanRule *rule;
    const PlanChain *chain;
} PlanEntry;

enum { PLAN_FROM_VM, PLAN_TO_VM, PLAN_N_TREES };

typedef struct {
    PlanEntry *root;
    guint n_root;
    PlanChain *chains; /* in the order of their jumps */
    guint n_chains;
} PlanTree;

typedef struct {
    const char *name;
    const FieldRow *row;         /* the first row that uses it: type and limits of its values */
    const char *const *defaults; /* NULL-terminated texts; NULL: the port must give it */
    const char *filter;          /* where that use is, for messages */
    guint line;
} PlanSlot;

typedef struct {
    const char *name; /* of the filter that was resolved */
    PlanRule *rules;  /* all, in order of appearance */
    guint n_rules;
    PlanTree tree[PLAN_N_TREES];
    const PlanRule **inet;
    guint n_inet;
    PlanSlot *slots;
    guint n_slots;
} Plan;

Plan *plan_ref(Plan *plan);
void plan_unref(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_unref)

/* Text in the language's words, for people and golden files. With values, rules are expanded. */
typedef struct PlanValues PlanValues;
char *plan_format(const Plan *plan, const PlanValues *values);

/* A text that is equal for two plans exactly when they are one shape: all but the origin of the
 * rules and their comments. Good as a hash key. The caller frees. */
char *plan_shape(const Plan *plan);

/* ---- what a port adds ---- */

/* FALSE with a LIMIT error when the filters' own values alone give a rule too many combinations. */
gboolean plan_check_defaults(const Plan *plan, GError **error);

/* Names that have no value, in libvirt's form and order; an empty array when plan_bind would find
 * all. The caller unrefs. */
GPtrArray *plan_missing(const Plan *plan, const Variables *port);

/*
 * The port's values for every slot. Errors (NWFILTER_ERROR): MISSING, with libvirt's text; VALUE, a
 * text that is not of the slot's type; CARDINALITY, parallel lists of different length; LIMIT, a
 * list longer than LIST_MAX or a rule with more than PRODUCT_MAX combinations.
 */
PlanValues *plan_bind(const Plan *plan, const Variables *port, GError **error);
void plan_values_free(PlanValues *values);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanValues, plan_values_free)

/* The list of one slot, in the order given, duplicates kept (parallel lists need them). */
const Value *plan_values_get(const PlanValues *values, guint slot, guint *n_values);

/* ---- the expanded view ---- */

/* The combinations of one rule, in libvirt's order, each only once. */
typedef struct {
    const PlanRule *rule;
    const PlanValues *values;
    guint at[PLAN_ITERATORS_MAX];
    guint length[PLAN_ITERATORS_MAX];
} PlanWalk;

/* Stands on the first combination; a rule without iterators has exactly one. */
void plan_walk_init(PlanWalk *walk, const PlanRule *rule, const PlanValues *values);

/* FALSE when there is no other. */
gboolean plan_walk_next(PlanWalk *walk);

/* What the operand is at this combination; borrowed. */
const Value *plan_walk_value(const PlanWalk *walk, const PlanOperand *operand);
