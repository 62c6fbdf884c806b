/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/binding.h"

IrValue ir_value_of(const Value *value)
{
    IrValue number = {0, value->number};

    if (value->type != TYPE_IP6)
        return number;
    number.low = 0;
    for (guint i = 0; i < 16; i++) {
        number.high = number.high << 8 | number.low >> 56;
        number.low = number.low << 8 | value->ip6[i];
    }
    return number;
}

IrValue ir_mask_of(const Value *value, guint bits)
{
    if (value->type == TYPE_IP4MASK || value->type == TYPE_IP6MASK)
        return ir_prefix_mask(bits, (guint)value->number);
    return ir_value_of(value);
}

IrValue ir_operand_get(const IrOperand *operand, const IrBinding *binding)
{
    return operand->is_scalar ? binding->scalars[operand->scalar] : operand->value;
}

const IrInterval *ir_entries_get(const IrEntries *entries, guint entry, guint column)
{
    return &entries->intervals[entry * entries->n_columns + column];
}

gboolean ir_set_contains(const IrSet *set, const IrEntries *entries, const IrValue *tuple)
{
    for (guint entry = 0; entry < entries->n_entries; entry++) {
        guint column = 0;

        for (; column < set->n_columns; column++) {
            const IrInterval *interval = ir_entries_get(entries, entry, column);
            gboolean inside = ir_value_compare(interval->first, tuple[column]) <= 0 &&
                              ir_value_compare(tuple[column], interval->last) <= 0;

            if (inside == set->columns[column].negated)
                break;
        }
        if (column == set->n_columns)
            return TRUE;
    }
    return FALSE;
}

/* ---- making one ---- */

/* Where the walk over a set's combinations stands. */
typedef struct {
    const IrProgram *program;
    const IrList *lists;
    const IrBinding *binding; /* its scalars of kinds VALUE and MASK are there */
    const IrSet *set;
    guint lengths[PLAN_ITERATORS_MAX];
    guint at[PLAN_ITERATORS_MAX];
} Walk;

static const Value *slot_value(const IrList *lists, guint slot, guint index)
{
    g_assert(index < lists[slot].n_values); /* plan_bind reports what is missing */
    return &lists[slot].values[index];
}

static void walk_measure(Walk *walk, const IrColumnOperand *operand)
{
    if (operand->is_each)
        walk->lengths[operand->iterator] = walk->lists[operand->slot].n_values;
}

static void walk_init(Walk *walk)
{
    for (guint i = 0; i < walk->set->n_columns; i++) {
        walk_measure(walk, &walk->set->columns[i].first);
        walk_measure(walk, &walk->set->columns[i].second);
    }
}

/* Stops at a number that is surely too many. */
static guint64 walk_count(const Walk *walk)
{
    guint64 count = 1;

    for (guint i = 0; i < walk->set->n_iterators && count <= IR_ENTRIES_MAX; i++)
        count *= walk->lengths[i];
    return count;
}

static void walk_next(Walk *walk)
{
    for (guint i = 0; i < walk->set->n_iterators; i++) {
        if (++walk->at[i] < walk->lengths[i])
            return;
        walk->at[i] = 0;
    }
}

static IrValue walk_get(const Walk *walk, const IrColumnOperand *operand)
{
    if (!operand->is_each)
        return ir_operand_get(&operand->operand, walk->binding);
    return ir_value_of(slot_value(walk->lists, operand->slot, walk->at[operand->iterator]));
}

static IrValue walk_mask(const Walk *walk, const IrColumn *column)
{
    const IrColumnOperand *second = &column->second;

    if (!second->is_each)
        return ir_operand_get(&second->operand, walk->binding);
    return ir_mask_of(slot_value(walk->lists, second->slot, walk->at[second->iterator]),
                      column->bits);
}

static IrInterval walk_interval(const Walk *walk, const IrColumn *column)
{
    IrValue first = walk_get(walk, &column->first), mask, outside;

    if (column->kind == COLUMN_VALUE)
        return (IrInterval){first, first};
    if (column->kind == COLUMN_RANGE)
        return (IrInterval){first, walk_get(walk, &column->second)};
    mask = walk_mask(walk, column);
    outside = ir_value_xor(ir_prefix_mask(column->bits, column->bits), mask);
    first = ir_value_and(first, mask);
    return (IrInterval){first, ir_value_xor(first, outside)};
}

static gboolean set_bind(Walk *walk, IrEntries *entries, GError **error)
{
    guint64 count;

    walk_init(walk);
    count = walk_count(walk);
    if (count > IR_ENTRIES_MAX) {
        g_set_error(error, DECIDE_ERROR, DECIDE_ERROR_LIMIT,
                    "a rule of filter %s ties lists together whose combinations are more than %d",
                    walk->program->name, IR_ENTRIES_MAX);
        return FALSE;
    }
    entries->n_columns = walk->set->n_columns;
    entries->n_entries = (guint)count;
    entries->intervals = g_new(IrInterval, count * entries->n_columns);
    for (guint entry = 0; entry < count; entry++, walk_next(walk))
        for (guint column = 0; column < entries->n_columns; column++)
            entries->intervals[entry * entries->n_columns + column] =
                walk_interval(walk, &walk->set->columns[column]);
    return TRUE;
}

/* The common part of all entries; empty (low above high) when there is none. */
static IrValue entries_common(const IrEntries *entries, gboolean is_high)
{
    IrValue value = {0, 0};

    for (guint entry = 0; entry < entries->n_entries; entry++) {
        const IrInterval *interval = ir_entries_get(entries, entry, 0);
        IrValue end = is_high ? interval->last : interval->first;
        int order = ir_value_compare(end, value);

        if (entry == 0 || (is_high ? order < 0 : order > 0))
            value = end;
    }
    return value;
}

static IrValue scalar_bind(const IrList *lists, const IrScalar *scalar)
{
    const Value *value = slot_value(lists, scalar->slot, scalar->index);

    return scalar->kind == SCALAR_MASK ? ir_mask_of(value, scalar->bits) : ir_value_of(value);
}

static void bind_scalars(IrBinding *binding, const IrProgram *program, const IrList *lists)
{
    for (guint i = 0; i < binding->n_scalars; i++) {
        const IrScalar *scalar = &g_array_index(program->scalars, IrScalar, i);

        if (scalar->kind <= SCALAR_MASK)
            binding->scalars[i] = scalar_bind(lists, scalar);
    }
}

static void bind_common(IrBinding *binding, const IrProgram *program)
{
    for (guint i = 0; i < binding->n_scalars; i++) {
        const IrScalar *scalar = &g_array_index(program->scalars, IrScalar, i);

        if (scalar->kind >= SCALAR_LOW)
            binding->scalars[i] =
                entries_common(&binding->sets[scalar->set], scalar->kind == SCALAR_HIGH);
    }
}

IrBinding *ir_bind_lists(const IrProgram *program, const IrList *lists, GError **error)
{
    g_autoptr(IrBinding) binding = g_new0(IrBinding, 1);

    binding->n_scalars = program->scalars->len;
    binding->n_sets = program->sets->len;
    binding->scalars = g_new0(IrValue, binding->n_scalars);
    binding->sets = g_new0(IrEntries, binding->n_sets);
    bind_scalars(binding, program, lists);
    for (guint i = 0; i < binding->n_sets; i++) {
        Walk walk = {program, lists, binding, &g_array_index(program->sets, IrSet, i), {0}, {0}};

        if (!set_bind(&walk, &binding->sets[i], error))
            return NULL;
    }
    bind_common(binding, program);
    return g_steal_pointer(&binding);
}

IrBinding *ir_bind(const IrProgram *program, const PlanValues *values, GError **error)
{
    g_autofree IrList *lists = g_new0(IrList, program->slots->len);

    for (guint i = 0; i < program->slots->len; i++)
        lists[i].values = plan_values_get(values, g_array_index(program->slots, IrSlot, i).index,
                                          &lists[i].n_values);
    return ir_bind_lists(program, lists, error);
}

void ir_binding_free(IrBinding *binding)
{
    if (!binding)
        return;
    for (guint i = 0; i < binding->n_sets; i++)
        g_free(binding->sets[i].intervals);
    g_free(binding->sets);
    g_free(binding->scalars);
    g_free(binding);
}
