/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/known.h"
#include "decide/pass.h"

static gboolean is_constant(const IrOperand *operand)
{
    return !operand->is_scalar;
}

static KnownAnswer range_answer(const IrTest *test)
{
    if (!is_constant(&test->value) || !is_constant(&test->high))
        return KNOWN_MAYBE;
    if (ir_value_compare(test->value.value, test->high.value) > 0)
        return KNOWN_FALSE;
    if (ir_value_is_zero(test->value.value) &&
        ir_value_compare(test->high.value, ir_field_max(test->field)) >= 0)
        return KNOWN_TRUE;
    return KNOWN_MAYBE;
}

/* What the test is, but for its sign, whatever the frame. */
static KnownAnswer constant_answer(const IrTest *test)
{
    switch (test->kind) {
    case TEST_HAS:
        return test->bits == 0 ? KNOWN_TRUE : KNOWN_MAYBE;
    case TEST_COMPARE:
        return is_constant(&test->mask) && ir_value_is_zero(test->mask.value) ? KNOWN_TRUE
                                                                              : KNOWN_MAYBE;
    case TEST_RANGE:
        return range_answer(test);
    case TEST_STATE:
        return test->bits == 0 ? KNOWN_FALSE : KNOWN_MAYBE;
    case TEST_IN:
    case TEST_OPTION:
    case TEST_REPLY:
    case TEST_OVER:
        return KNOWN_MAYBE;
    }
    g_assert_not_reached();
}

/* A range of one value is a compare. */
static void narrow(IrTest *test)
{
    if (test->kind != TEST_RANGE || !ir_operand_equal(&test->value, &test->high))
        return;
    test->kind = TEST_COMPARE;
    test->mask = ir_constant(ir_field_max(test->field));
    test->high = (IrOperand){0};
}

/* FALSE when the step can never be taken. */
static gboolean fold_tests(IrStep *step)
{
    for (guint i = step->tests->len; i-- > 0;) {
        IrTest *test = &g_array_index(step->tests, IrTest, i);
        KnownAnswer result = constant_answer(test);

        narrow(test);
        if (result == KNOWN_MAYBE)
            continue;
        if ((result == KNOWN_TRUE) == test->negated)
            return FALSE;
        g_array_remove_index(step->tests, i);
    }
    return TRUE;
}

/* A step that a need stands before may drop, even if it cannot be taken: what is behind the first
 * test that never holds goes, the needs before it stay. */
static gboolean has_need(const IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++)
        if (ir_step_test(step, i)->is_need)
            return TRUE;
    return FALSE;
}

static void fold_steps(GPtrArray *steps)
{
    for (guint i = 0; i < steps->len;) {
        IrStep *step = g_ptr_array_index(steps, i);

        if (step->steps)
            fold_steps(step->steps);
        if (!fold_tests(step) && !has_need(step))
            g_ptr_array_remove_index(steps, i);
        else
            i++;
    }
}

void ir_fold(IrProgram *program)
{
    fold_steps(program->l2);
    fold_steps(program->inet);
}
