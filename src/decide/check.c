/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/check.h"
#include "decide/known.h"
#include "decide/text.h"

/* Remembers the first thing that is broken. */
typedef struct {
    const IrProgram *program;
    gboolean is_inet;
    char *broken;
} Check;

static void broken(Check *check, const IrStep *step, const char *what)
{
    g_autofree char *text = NULL;

    if (check->broken)
        return;
    text = step ? ir_step_format(check->program, step) : g_strdup("its tables");
    check->broken = g_strdup_printf("%s: %s", what, text);
}

/* What a step that is taken has established for its inner steps. */
static const Known *learn(const Known *outer, const IrTest *test, GPtrArray *arena)
{
    Known *known = g_new(Known, 1);

    *known = (Known){outer, *test, TRUE};
    g_ptr_array_add(arena, known);
    return known;
}

/* ---- I1, I3: tables and constants ---- */

/* Values of this type are numbers of `bits`, or masks over that many. */
static gboolean type_fits(ValueType type, guint bits, gboolean is_mask)
{
    static const struct {
        ValueType type;
        guint bits; /* 0: up to 32 */
        gboolean is_mask;
    } rows[] = {
        {TYPE_NUMBER, 0, FALSE},  {TYPE_DECIMAL, 0, FALSE},  {TYPE_MAC, 48, FALSE},
        {TYPE_IP4, 32, FALSE},    {TYPE_IP6, 128, FALSE},    {TYPE_MACMASK, 48, TRUE},
        {TYPE_IP4MASK, 32, TRUE}, {TYPE_IP6MASK, 128, TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].type == type)
            return rows[i].is_mask == is_mask &&
                   (rows[i].bits == bits || (rows[i].bits == 0 && bits <= 32));
    return FALSE;
}

static gboolean slot_fits(const IrProgram *program, guint slot, guint bits, gboolean is_mask)
{
    return slot < program->slots->len &&
           type_fits(g_array_index(program->slots, IrSlot, slot).type, bits, is_mask);
}

static gboolean scalar_is_within(const IrProgram *program, const IrScalar *scalar)
{
    if (scalar->kind == SCALAR_LOW || scalar->kind == SCALAR_HIGH)
        return scalar->set < program->sets->len &&
               g_array_index(program->sets, IrSet, scalar->set).columns[0].bits == scalar->bits;
    return slot_fits(program, scalar->slot, scalar->bits, scalar->kind == SCALAR_MASK);
}

static gboolean operand_is_sound(const IrProgram *program, const IrOperand *operand, guint bits)
{
    if (operand->is_scalar)
        return operand->scalar < program->scalars->len &&
               g_array_index(program->scalars, IrScalar, operand->scalar).bits == bits;
    return ir_value_compare(operand->value, ir_prefix_mask(bits, bits)) <= 0;
}

static gboolean column_operand_is_sound(const IrProgram *program, const IrSet *set,
                                        const IrColumnOperand *operand, guint bits,
                                        gboolean is_mask)
{
    if (operand->is_each)
        return slot_fits(program, operand->slot, bits, is_mask) &&
               operand->iterator < set->n_iterators;
    /* scalars of kinds LOW and HIGH are made from sets: no set may be made from them */
    if (operand->operand.is_scalar && operand->operand.scalar < program->scalars->len &&
        g_array_index(program->scalars, IrScalar, operand->operand.scalar).kind >= SCALAR_LOW)
        return FALSE;
    return operand_is_sound(program, &operand->operand, bits);
}

/* Each iterator is walked by some column. */
static gboolean iterators_are_used(const IrSet *set)
{
    guint used = 0;

    for (guint i = 0; i < set->n_columns; i++) {
        const IrColumn *column = &set->columns[i];

        used |= column->first.is_each ? 1u << column->first.iterator : 0;
        used |= column->kind != COLUMN_VALUE && column->second.is_each
                    ? 1u << column->second.iterator
                    : 0;
    }
    return used == (1u << set->n_iterators) - 1;
}

static gboolean set_is_sound(const IrProgram *program, const IrSet *set)
{
    if (set->n_columns == 0 || set->n_columns > IR_COLUMNS_MAX ||
        set->n_iterators > PLAN_ITERATORS_MAX)
        return FALSE;
    for (guint i = 0; i < set->n_columns; i++) {
        const IrColumn *column = &set->columns[i];

        if (column->bits == 0 || column->bits > 128 ||
            !column_operand_is_sound(program, set, &column->first, column->bits, FALSE))
            return FALSE;
        if (column->kind != COLUMN_VALUE &&
            !column_operand_is_sound(program, set, &column->second, column->bits,
                                     column->kind == COLUMN_PREFIX))
            return FALSE;
    }
    return iterators_are_used(set);
}

static void check_tables(Check *check)
{
    const IrProgram *program = check->program;

    for (guint i = 0; i < program->scalars->len; i++)
        if (!scalar_is_within(program, &g_array_index(program->scalars, IrScalar, i)))
            broken(check, NULL, "a scalar of no slot or set, or of another type");
    for (guint i = 0; i < program->sets->len; i++)
        if (!set_is_sound(program, &g_array_index(program->sets, IrSet, i)))
            broken(check, NULL, "a set with a column that is none");
    for (guint i = 0; i < program->limits->len; i++)
        if (!operand_is_sound(program, &g_array_index(program->limits, IrLimit, i).above, 16))
            broken(check, NULL, "a limit of no value");
    if (program->limits->len > IR_LIMITS_MAX)
        broken(check, NULL, "too many limits");
}

/* ---- I2: guards ---- */

static gboolean field_is_guarded(IrField field, const Known *known)
{
    guint guard = ir_field_info(field)->guard;

    for (guint bit = 1; bit != 0 && guard != 0; bit <<= 1)
        if ((guard & bit) && known_has(known, bit))
            return TRUE;
    return guard == 0;
}

static gboolean test_is_guarded(const IrProgram *program, const IrTest *test, const Known *known)
{
    if (test->kind == TEST_OPTION)
        return known_has(known, FACTS_TCP_OPTIONS);
    if (test->kind == TEST_COMPARE || test->kind == TEST_RANGE)
        return field_is_guarded(test->field, known);
    if (test->kind != TEST_IN)
        return TRUE;
    for (guint i = 0; i < g_array_index(program->sets, IrSet, test->set).n_columns; i++)
        if (!field_is_guarded(test->fields[i], known))
            return FALSE;
    return TRUE;
}

/* ---- tests ---- */

static gboolean compare_is_sound(const IrProgram *program, const IrTest *test)
{
    const guint bits = ir_field_info(test->field)->bits;

    if (!operand_is_sound(program, &test->value, bits) ||
        !operand_is_sound(program, &test->mask, bits))
        return FALSE;
    return test->value.is_scalar || test->mask.is_scalar ||
           ir_value_compare(ir_value_and(test->value.value, test->mask.value), test->value.value) ==
               0;
}

static gboolean in_is_sound(const IrProgram *program, const IrTest *test)
{
    const IrSet *set;

    if (test->set >= program->sets->len || test->negated)
        return FALSE;
    set = &g_array_index(program->sets, IrSet, test->set);
    for (guint i = 0; i < set->n_columns; i++)
        if (test->fields[i] >= IR_N_FIELDS ||
            ir_field_info(test->fields[i])->bits != set->columns[i].bits)
            return FALSE;
    return TRUE;
}

static gboolean test_is_sound(const IrProgram *program, const IrTest *test)
{
    if (test->field >= IR_N_FIELDS || (test->is_need && (test->negated || test->kind != TEST_HAS)))
        return FALSE;
    switch (test->kind) {
    case TEST_HAS:
    case TEST_REPLY:
        return TRUE;
    case TEST_COMPARE:
        return compare_is_sound(program, test);
    case TEST_RANGE:
        return operand_is_sound(program, &test->value, ir_field_info(test->field)->bits) &&
               operand_is_sound(program, &test->high, ir_field_info(test->field)->bits);
    case TEST_IN:
        return in_is_sound(program, test);
    case TEST_OPTION:
        return operand_is_sound(program, &test->value, 8);
    case TEST_STATE:
        return (test->bits & ~(guint)(STATE_NONE - 1)) == 0;
    case TEST_OVER:
        return test->limit < program->limits->len;
    }
    return FALSE;
}

/* ---- steps ---- */

static gboolean has_need(const IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++)
        if (ir_step_test(step, i)->is_need)
            return TRUE;
    return FALSE;
}

static void check_shape(Check *check, const IrStep *step)
{
    if ((step->kind == STEP_RULE) != (step->steps == NULL))
        broken(check, step, "a step with steps is a chain or a group, and none else");
    else if (step->steps && step->steps->len == 0 && !has_need(step))
        broken(check, step, "a chain or group of nothing");
    if (step->kind == STEP_RULE && step->reason == REASON_RULE &&
        step->origin >= check->program->origins->len)
        broken(check, step, "a rule from nowhere");
    if (step->kind == STEP_CHAIN && !step->chain)
        broken(check, step, "a chain without a name");
}

static void check_steps(Check *check, const GPtrArray *steps, const Known *around)
{
    g_autoptr(GPtrArray) arena = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < steps->len && !check->broken; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);
        const Known *known = around;

        check_shape(check, step);
        for (guint t = 0; t < step->tests->len && !check->broken; t++) {
            const IrTest *test = ir_step_test(step, t);

            if (!test_is_sound(check->program, test))
                broken(check, step, "a test that makes no sense");
            else if (!test_is_guarded(check->program, test, known))
                broken(check, step, "a field is read that nothing vouches for");
            else if (test->kind >= TEST_STATE && !check->is_inet)
                broken(check, step, "connection state outside the inet layer");
            known = learn(known, test, arena);
        }
        if (step->steps && !check->broken)
            check_steps(check, step->steps, known);
    }
}

char *ir_check(const IrProgram *program)
{
    Check check = {program, FALSE, NULL};

    check_tables(&check);
    if (!check.broken)
        check_steps(&check, program->l2, NULL);
    check.is_inet = TRUE;
    if (!check.broken)
        check_steps(&check, program->inet, NULL);
    return check.broken;
}
