/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/pass.h"

/* The tables anew, in the order in which steps first use their rows. */
typedef struct {
    IrProgram *program;
    GArray *scalars, *sets, *limits, *origins, *slots;          /* the old ones */
    guint *scalar_at, *set_at, *limit_at, *origin_at, *slot_at; /* new index + 1 */
} Tidy;

static guint tidy_slot(Tidy *tidy, guint slot)
{
    if (tidy->slot_at[slot] == 0) {
        IrSlot *old = &g_array_index(tidy->slots, IrSlot, slot);
        IrSlot moved = *old;

        old->name = NULL;
        g_array_append_val(tidy->program->slots, moved);
        tidy->slot_at[slot] = tidy->program->slots->len;
    }
    return tidy->slot_at[slot] - 1;
}

static guint tidy_set(Tidy *tidy, guint set);

static guint tidy_scalar(Tidy *tidy, guint index)
{
    IrScalar scalar = g_array_index(tidy->scalars, IrScalar, index);

    if (tidy->scalar_at[index] > 0)
        return tidy->scalar_at[index] - 1;
    if (scalar.kind == SCALAR_VALUE || scalar.kind == SCALAR_MASK)
        scalar.slot = tidy_slot(tidy, scalar.slot);
    else
        scalar.set = tidy_set(tidy, scalar.set);
    g_array_append_val(tidy->program->scalars, scalar);
    tidy->scalar_at[index] = tidy->program->scalars->len;
    return tidy->scalar_at[index] - 1;
}

static void tidy_operand(Tidy *tidy, IrOperand *operand)
{
    if (operand->is_scalar)
        operand->scalar = tidy_scalar(tidy, operand->scalar);
}

static void tidy_column_operand(Tidy *tidy, IrColumnOperand *operand)
{
    if (operand->is_each)
        operand->slot = tidy_slot(tidy, operand->slot);
    else
        tidy_operand(tidy, &operand->operand);
}

static guint tidy_set(Tidy *tidy, guint index)
{
    IrSet set = g_array_index(tidy->sets, IrSet, index);

    if (tidy->set_at[index] > 0)
        return tidy->set_at[index] - 1;
    for (guint i = 0; i < set.n_columns; i++) {
        tidy_column_operand(tidy, &set.columns[i].first);
        tidy_column_operand(tidy, &set.columns[i].second);
    }
    g_array_append_val(tidy->program->sets, set);
    tidy->set_at[index] = tidy->program->sets->len;
    return tidy->set_at[index] - 1;
}

static guint tidy_limit(Tidy *tidy, guint index)
{
    if (tidy->limit_at[index] == 0) {
        IrLimit *old = &g_array_index(tidy->limits, IrLimit, index);
        IrLimit moved = *old;

        old->key = NULL;
        tidy_operand(tidy, &moved.above);
        g_array_append_val(tidy->program->limits, moved);
        tidy->limit_at[index] = tidy->program->limits->len;
    }
    return tidy->limit_at[index] - 1;
}

static guint tidy_origin(Tidy *tidy, guint index)
{
    if (tidy->origin_at[index] == 0) {
        IrOrigin *old = &g_array_index(tidy->origins, IrOrigin, index);
        IrOrigin moved = *old;

        old->filter = old->comment = NULL;
        g_array_append_val(tidy->program->origins, moved);
        tidy->origin_at[index] = tidy->program->origins->len;
    }
    return tidy->origin_at[index] - 1;
}

static void tidy_test(Tidy *tidy, IrTest *test)
{
    tidy_operand(tidy, &test->value);
    tidy_operand(tidy, &test->mask);
    tidy_operand(tidy, &test->high);
    if (test->kind == TEST_IN)
        test->set = tidy_set(tidy, test->set);
    if (test->kind == TEST_OVER)
        test->limit = tidy_limit(tidy, test->limit);
}

static void tidy_steps(Tidy *tidy, GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        IrStep *step = g_ptr_array_index(steps, i);

        for (guint t = 0; t < step->tests->len; t++)
            tidy_test(tidy, &g_array_index(step->tests, IrTest, t));
        if (step->kind == STEP_RULE && step->reason == REASON_RULE)
            step->origin = tidy_origin(tidy, step->origin);
        if (step->steps)
            tidy_steps(tidy, step->steps);
    }
}

static void tidy_end(Tidy *tidy)
{
    GArray *const tables[] = {tidy->scalars, tidy->sets, tidy->limits, tidy->origins, tidy->slots};
    guint *const places[] = {tidy->scalar_at, tidy->set_at, tidy->limit_at, tidy->origin_at,
                             tidy->slot_at};

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_array_unref(tables[i]);
        g_free(places[i]);
    }
}

void ir_tidy(IrProgram *program)
{
    IrProgram *fresh = ir_program_new("", 0);
    Tidy tidy = {
        program,
        program->scalars,
        program->sets,
        program->limits,
        program->origins,
        program->slots,
        g_new0(guint, program->scalars->len),
        g_new0(guint, program->sets->len),
        g_new0(guint, program->limits->len),
        g_new0(guint, program->origins->len),
        g_new0(guint, program->slots->len),
    };

    program->scalars = g_array_ref(fresh->scalars);
    program->sets = g_array_ref(fresh->sets);
    program->limits = g_array_ref(fresh->limits);
    program->origins = g_array_ref(fresh->origins);
    program->slots = g_array_ref(fresh->slots);
    ir_program_free(fresh);
    tidy_steps(&tidy, program->l2);
    tidy_steps(&tidy, program->inet);
    tidy_end(&tidy);
}
