/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "nwfilter/error.h"
#include "nwfilter/plan.h"

struct PlanValues {
    guint n_slots;
    GArray **lists; /* of Value, one for each slot */
};

/* ---- operands of a rule, one after the other ---- */

typedef gboolean (*OperandVisitor)(gpointer data, const PlanRule *rule, const PlanOperand *operand);

static gboolean condition_visit(const PlanRule *rule, const PlanCondition *condition,
                                OperandVisitor visit, gpointer data)
{
    for (; condition; condition = condition->with) {
        if (!visit(data, rule, &condition->first))
            return FALSE;
        if (condition->match != MATCH_VALUE && !visit(data, rule, &condition->second))
            return FALSE;
    }
    return TRUE;
}

/* FALSE as soon as the visitor says so. */
static gboolean operands_visit(const PlanRule *rule, OperandVisitor visit, gpointer data)
{
    for (guint i = 0; i < rule->n_conditions; i++) {
        if (!condition_visit(rule, &rule->conditions[i], visit, data))
            return FALSE;
    }
    return !rule->has_connlimit || visit(data, rule, &rule->connlimit);
}

static gboolean plan_visit(const Plan *plan, OperandVisitor visit, gpointer data)
{
    for (guint i = 0; i < plan->n_rules; i++) {
        if (!operands_visit(&plan->rules[i], visit, data))
            return FALSE;
    }
    return TRUE;
}

/* ---- missing ---- */

/* The texts a slot takes for this port; NULL when there are none. */
static const char *const *slot_texts(const PlanSlot *slot, const Variables *port)
{
    const char *const *values = variables_lookup(port, slot->name);

    return values ? values : slot->defaults;
}

typedef struct {
    const Plan *plan;
    const Variables *port;
    GPtrArray *names;
} Missing;

static gboolean missing_visit(gpointer data, const PlanRule *rule, const PlanOperand *operand)
{
    Missing *missing = data;
    VariableAccess access = {.each = operand->kind == OPERAND_EACH};
    const PlanSlot *slot;
    const char *const *texts;

    if (operand->kind == OPERAND_CONSTANT)
        return TRUE;
    slot = &missing->plan->slots[operand->slot];
    texts = slot_texts(slot, missing->port);
    if (texts && (access.each || operand->element < g_strv_length((char **)texts)))
        return TRUE;
    access.name = (char *)slot->name;
    access.number = access.each ? rule->iterator_names[operand->iterator] : operand->element;
    g_autofree char *name = variable_access_format(&access);
    if (!g_ptr_array_find_with_equal_func(missing->names, name + 1, g_str_equal, NULL))
        g_ptr_array_add(missing->names, g_strdup(name + 1));
    return TRUE;
}

GPtrArray *plan_missing(const Plan *plan, const Variables *port)
{
    Missing missing = {plan, port, g_ptr_array_new_with_free_func(g_free)};

    (void)plan_visit(plan, missing_visit, &missing); /* this visitor never stops */
    return missing.names;
}

static gboolean missing_check(const Plan *plan, const Variables *port, GError **error)
{
    g_autoptr(GPtrArray) names = plan_missing(plan, port);

    if (names->len == 0)
        return TRUE;
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    g_propagate_error(error, nwfilter_error_new(NWFILTER_ERROR_MISSING, 1,
                                                "Cannot instantiate filter due to unresolvable "
                                                "variables or unavailable list elements: %s",
                                                list));
    return FALSE;
}

/* ---- values ---- */

static void value_free_parts(gpointer data)
{
    value_clear(data);
}

static GArray *slot_bind(const PlanSlot *slot, const Variables *port, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(Value));
    const char *const *text = slot_texts(slot, port);

    g_array_set_clear_func(list, value_free_parts);
    for (; text && *text; text++) {
        const char *expected;
        Value value;

        if (!value_parse(slot->row, *text, &value, &expected)) {
            GError *problem = nwfilter_error_new(
                NWFILTER_ERROR_VALUE, 1, "variable %s has illegal value %s", slot->name, *text);
            nwfilter_error_set_value(problem, slot->name, *text, expected);
            nwfilter_error_set_place(problem, slot->filter, slot->line);
            g_propagate_error(error, problem);
            return NULL;
        }
        g_array_append_val(list, value);
    }
    return g_steal_pointer(&list);
}

static guint slot_length(const PlanValues *values, guint slot)
{
    return values->lists[slot]->len;
}

/* ---- iterators ---- */

typedef struct {
    const PlanValues *values;
    guint length[PLAN_ITERATORS_MAX]; /* 0: not seen yet */
} Lengths;

static gboolean lengths_visit(gpointer data, const PlanRule *rule, const PlanOperand *operand)
{
    Lengths *lengths = data;
    guint *known, length;

    if (operand->kind != OPERAND_EACH)
        return TRUE;
    known = &lengths->length[operand->iterator];
    length = slot_length(lengths->values, operand->slot);
    if (*known == 0)
        *known = length;
    return *known == length;
}

static GError *place_in(const PlanRule *rule, GError *error)
{
    nwfilter_error_set_place(error, rule->filter, rule->line);
    return error;
}

static gboolean product_check(const PlanRule *rule, const Lengths *lengths, GError **error)
{
    guint64 product = 1;

    for (guint i = 0; i < rule->n_iterators; i++)
        product = MIN(product * MAX(lengths->length[i], 1), (guint64)PRODUCT_MAX + 1);
    if (product <= PRODUCT_MAX)
        return TRUE;
    g_propagate_error(error,
                      place_in(rule, nwfilter_error_new(NWFILTER_ERROR_LIMIT, 1,
                                                        "the lists of this rule have too many "
                                                        "combinations: expected at most %d",
                                                        PRODUCT_MAX)));
    return FALSE;
}

static gboolean rule_check_lists(const PlanRule *rule, const PlanValues *values, GError **error)
{
    Lengths lengths = {values, {0}};

    if (operands_visit(rule, lengths_visit, &lengths))
        return product_check(rule, &lengths, error);
    g_propagate_error(
        error, place_in(rule, nwfilter_error_new(NWFILTER_ERROR_CARDINALITY, 1,
                                                 "Cardinality of list items must be the same for "
                                                 "processing them in parallel")));
    return FALSE;
}

/* ---- what the filters themselves give ---- */

typedef struct {
    const Plan *plan;
    Lengths lengths;
} Defaults;

static gboolean defaults_visit(gpointer data, const PlanRule *rule, const PlanOperand *operand)
{
    Defaults *defaults = data;
    const char *const *texts;

    if (operand->kind == OPERAND_EACH && (texts = defaults->plan->slots[operand->slot].defaults))
        defaults->lengths.length[operand->iterator] = g_strv_length((char **)texts);
    return TRUE;
}

gboolean plan_check_defaults(const Plan *plan, GError **error)
{
    for (guint i = 0; i < plan->n_rules; i++) {
        Defaults defaults = {plan, {NULL, {0}}};

        (void)operands_visit(&plan->rules[i], defaults_visit, &defaults); /* it never stops */
        if (!product_check(&plan->rules[i], &defaults.lengths, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- the public side ---- */

PlanValues *plan_bind(const Plan *plan, const Variables *port, GError **error)
{
    g_autoptr(PlanValues) values = NULL;

    if (!missing_check(plan, port, error))
        return NULL;
    values = g_new0(PlanValues, 1);
    values->n_slots = plan->n_slots;
    values->lists = g_new0(GArray *, plan->n_slots);
    for (guint i = 0; i < plan->n_slots; i++) {
        values->lists[i] = slot_bind(&plan->slots[i], port, error);
        if (!values->lists[i])
            return NULL;
    }
    for (guint i = 0; i < plan->n_rules; i++) {
        if (!rule_check_lists(&plan->rules[i], values, error))
            return NULL;
    }
    return g_steal_pointer(&values);
}

void plan_values_free(PlanValues *values)
{
    for (guint i = 0; i < values->n_slots; i++)
        g_clear_pointer(&values->lists[i], g_array_unref);
    g_free(values->lists);
    g_free(values);
}

const Value *plan_values_get(const PlanValues *values, guint slot, guint *n_values)
{
    const GArray *list = values->lists[slot];

    *n_values = list->len;
    return (const Value *)(const void *)list->data;
}

/* ---- the walk ---- */

void plan_walk_init(PlanWalk *walk, const PlanRule *rule, const PlanValues *values)
{
    Lengths lengths = {values, {0}};

    (void)operands_visit(rule, lengths_visit, &lengths); /* plan_bind has checked them */
    *walk = (PlanWalk){.rule = rule, .values = values};
    memcpy(walk->length, lengths.length, sizeof(walk->length));
}

typedef struct {
    const PlanWalk *walk;
    guint iterator;
    guint earlier; /* an index before the present one */
} Comparison;

/* FALSE when the operand's value at the earlier index is another one. */
static gboolean same_visit(gpointer data, const PlanRule *rule, const PlanOperand *operand)
{
    const Comparison *comparison = data;
    const Value *list;
    guint n_values;

    if (operand->kind != OPERAND_EACH || operand->iterator != comparison->iterator)
        return TRUE;
    list = plan_values_get(comparison->walk->values, operand->slot, &n_values);
    return value_compare(&list[comparison->earlier],
                         &list[comparison->walk->at[comparison->iterator]]) == 0;
}

/* TRUE when the iterator's tuple was there at an earlier index. */
static gboolean is_repeated(const PlanWalk *walk, guint iterator)
{
    for (guint earlier = 0; earlier < walk->at[iterator]; earlier++) {
        Comparison comparison = {walk, iterator, earlier};

        if (operands_visit(walk->rule, same_visit, &comparison))
            return TRUE;
    }
    return FALSE;
}

/* The iterator's next new tuple; FALSE, and back to the first, when there is none. */
static gboolean iterator_next(PlanWalk *walk, guint iterator)
{
    do
        walk->at[iterator]++;
    while (walk->at[iterator] < walk->length[iterator] && is_repeated(walk, iterator));
    if (walk->at[iterator] < walk->length[iterator])
        return TRUE;
    walk->at[iterator] = 0;
    return FALSE;
}

gboolean plan_walk_next(PlanWalk *walk)
{
    for (guint i = 0; i < walk->rule->n_iterators; i++) {
        if (iterator_next(walk, i))
            return TRUE;
    }
    return FALSE;
}

const Value *plan_walk_value(const PlanWalk *walk, const PlanOperand *operand)
{
    const Value *list;
    guint n_values;

    if (operand->kind == OPERAND_CONSTANT)
        return &operand->value;
    list = plan_values_get(walk->values, operand->slot, &n_values);
    if (operand->kind == OPERAND_ELEMENT)
        return &list[operand->element];
    return &list[walk->at[operand->iterator]];
}
