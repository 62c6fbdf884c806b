/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/pass.h"

/* Sets -> what can be looked up. */
typedef struct {
    IrProgram *program;
    const guint *lengths;
    GError *error;
} Settle;

static const IrSet *set_of(const Settle *settle, const IrTest *test)
{
    return &g_array_index(settle->program->sets, IrSet, test->set);
}

/* ---- the walk over a set's combinations ---- */

typedef struct {
    guint length[PLAN_ITERATORS_MAX];
    guint at[PLAN_ITERATORS_MAX];
} Combination;

static void measure(const Settle *settle, const IrColumnOperand *operand, Combination *walk)
{
    if (operand->is_each)
        walk->length[operand->iterator] = settle->lengths[operand->slot];
}

/* The number of combinations, or IR_UNROLL_MAX + 1 when they are more. */
static guint combination_init(const Settle *settle, const IrSet *set, Combination *walk)
{
    guint64 count = 1;

    for (guint i = 0; i < set->n_columns; i++) {
        measure(settle, &set->columns[i].first, walk);
        measure(settle, &set->columns[i].second, walk);
    }
    for (guint i = 0; i < set->n_iterators && count <= IR_UNROLL_MAX; i++)
        count *= walk->length[i];
    return (guint)MIN(count, IR_UNROLL_MAX + 1);
}

static void combination_next(const IrSet *set, Combination *walk)
{
    for (guint i = 0; i < set->n_iterators; i++) {
        if (++walk->at[i] < walk->length[i])
            return;
        walk->at[i] = 0;
    }
}

/* ---- one entry of a set as plain tests ---- */

static IrOperand entry_operand(Settle *settle, const IrColumn *column,
                               const IrColumnOperand *operand, gboolean is_mask,
                               const Combination *walk)
{
    IrScalar scalar = {
        .kind = is_mask ? SCALAR_MASK : SCALAR_VALUE, .slot = operand->slot, .bits = column->bits};

    if (!operand->is_each)
        return operand->operand;
    scalar.index = walk->at[operand->iterator];
    return (IrOperand){.is_scalar = TRUE, .scalar = ir_scalar_intern(settle->program, &scalar)};
}

static IrTest entry_test(Settle *settle, const IrColumn *column, IrField field,
                         const Combination *walk)
{
    IrTest test = ir_test_compare(field, 0, column->negated);

    test.value = entry_operand(settle, column, &column->first, FALSE, walk);
    if (column->kind == COLUMN_PREFIX)
        test.mask = entry_operand(settle, column, &column->second, TRUE, walk);
    if (column->kind == COLUMN_RANGE) {
        test.kind = TEST_RANGE;
        test.mask = (IrOperand){0};
        test.high = entry_operand(settle, column, &column->second, FALSE, walk);
    }
    if (test.kind == TEST_COMPARE && !test.value.is_scalar && !test.mask.is_scalar)
        test.value.value = ir_value_and(test.value.value, test.mask.value);
    return test;
}

/* Puts the tests of one entry in the place of the test of the set. `set` and `asked` are copies:
 * the tables grow meanwhile. */
static void replace_by_entry(Settle *settle, IrStep *step, guint place, IrSet set, IrTest asked,
                             const Combination *walk)
{
    g_array_remove_index(step->tests, place);
    for (guint i = 0; i < set.n_columns; i++) {
        IrTest test = entry_test(settle, &set.columns[i], asked.fields[i], walk);
        g_array_insert_val(step->tests, place + i, test);
    }
}

/* One negated column: some entry does not hold the field exactly when not all of them do. */
static void replace_by_common(Settle *settle, IrStep *step, guint place, IrTest asked)
{
    const IrSet *set = set_of(settle, &asked);
    IrScalar low = {.kind = SCALAR_LOW, .bits = set->columns[0].bits, .set = asked.set};
    IrScalar high = {.kind = SCALAR_HIGH, .bits = set->columns[0].bits, .set = asked.set};
    IrTest test = {.kind = TEST_RANGE, .negated = TRUE, .field = asked.fields[0]};

    test.value = (IrOperand){.is_scalar = TRUE, .scalar = ir_scalar_intern(settle->program, &low)};
    test.high = (IrOperand){.is_scalar = TRUE, .scalar = ir_scalar_intern(settle->program, &high)};
    g_array_index(step->tests, IrTest, place) = test;
}

/* ---- steps ---- */

/* The first test of a set that must be taken apart, or the number of tests. */
static guint settle_tests(Settle *settle, IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++) {
        const IrTest test = *ir_step_test(step, i);
        Combination walk = {0};

        if (test.kind != TEST_IN)
            continue;
        if (combination_init(settle, set_of(settle, &test), &walk) == 1) {
            replace_by_entry(settle, step, i, *set_of(settle, &test), test, &walk);
            continue;
        }
        switch (ir_set_form(set_of(settle, &test))) {
        case SET_EXACT:
        case SET_PREFIX:
            break;
        case SET_COMMON:
            replace_by_common(settle, step, i, test);
            break;
        case SET_WALK:
            return i;
        }
    }
    return step->tests->len;
}

static void limit_error(Settle *settle)
{
    if (!settle->error)
        settle->error = g_error_new(DECIDE_ERROR, DECIDE_ERROR_LIMIT,
                                    "filter %s: lists that are walked in parallel by negated or by "
                                    "several masked or ranged conditions may have at most %d "
                                    "combinations",
                                    settle->program->name, IR_UNROLL_MAX);
}

/* A copy of the step for each entry, in the step's place: one of them is taken exactly when the
 * step would have been, and taking two of them is like taking one. */
static void take_apart(Settle *settle, GPtrArray *steps, guint at, guint place)
{
    g_autoptr(IrStep) step = g_ptr_array_steal_index(steps, at);
    const IrTest asked = *ir_step_test(step, place);
    const IrSet set = *set_of(settle, &asked);
    Combination walk = {0};
    guint count = combination_init(settle, &set, &walk);

    if (count > IR_UNROLL_MAX) {
        limit_error(settle);
        return;
    }
    for (guint i = 0; i < count; i++, combination_next(&set, &walk)) {
        IrStep *copy = ir_step_copy(step);

        replace_by_entry(settle, copy, place, set, asked, &walk);
        g_ptr_array_insert(steps, (gint)(at + i), copy);
    }
}

static void settle_steps(Settle *settle, GPtrArray *steps)
{
    for (guint i = 0; i < steps->len && !settle->error; i++) {
        IrStep *step = g_ptr_array_index(steps, i);
        guint place = settle_tests(settle, step);

        if (place < step->tests->len) {
            take_apart(settle, steps, i, place);
            i--; /* the first copy is next */
            continue;
        }
        if (step->steps)
            settle_steps(settle, step->steps);
    }
}

gboolean ir_settle_sets(IrProgram *program, const guint *lengths, GError **error)
{
    Settle settle = {program, lengths, NULL};

    settle_steps(&settle, program->l2);
    settle_steps(&settle, program->inet);
    if (!settle.error && ir_program_size(program) > IR_STEPS_MAX)
        settle.error = g_error_new(DECIDE_ERROR, DECIDE_ERROR_LIMIT,
                                   "filter %s has more than %d steps", program->name, IR_STEPS_MAX);
    if (settle.error)
        g_propagate_error(error, settle.error);
    return settle.error == NULL;
}
