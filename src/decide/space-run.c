/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decide/space-private.h"

/* A program over all frames at once: eval.c, with sets in the place of a frame. */

typedef struct {
    Space *space;
    BddStore *store;
    SpaceView view;
    const IrProgram *program;
    const IrBinding *binding;
    gboolean is_mac_free;
    Bdd dropped;
    Bdd *taken; /* by origin; NULL: nobody asks */
} Run;

/* Where frames go that entered a list of steps, but for those dropped. */
typedef struct {
    Bdd on, returned, accepted;
} Ways;

static gboolean is_own_slot(const Run *run, guint slot)
{
    const IrSlot *row = &g_array_index(run->program->slots, IrSlot, slot);

    return run->is_mac_free && row->type == TYPE_MAC && strcmp(row->name, "MAC") == 0;
}

/* The operand is the port's MAC, and that is free. */
static gboolean is_own(const Run *run, const IrOperand *operand)
{
    const IrScalar *scalar;

    if (!operand->is_scalar)
        return FALSE;
    scalar = &g_array_index(run->program->scalars, IrScalar, operand->scalar);
    g_assert(scalar->kind <= SCALAR_MASK); /* the others are made by passes */
    return is_own_slot(run, scalar->slot);
}

static gboolean is_own_column(const Run *run, const IrColumn *column)
{
    const IrColumnOperand *first = &column->first;

    return first->is_each ? is_own_slot(run, first->slot) : is_own(run, &first->operand);
}

static Bdd run_compare(Run *run, const IrTest *test)
{
    if (is_own(run, &test->value))
        return space_own(run->space, run->view, test->field,
                         ir_operand_get(&test->mask, run->binding));
    return space_masked(run->space, run->view, test->field,
                        ir_operand_get(&test->value, run->binding),
                        ir_operand_get(&test->mask, run->binding));
}

static Bdd run_range(Run *run, const IrTest *test)
{
    g_assert(!is_own(run, &test->value) && !is_own(run, &test->high)); /* no range is of MACs */
    return space_in(run->space, run->view, test->field, ir_operand_get(&test->value, run->binding),
                    ir_operand_get(&test->high, run->binding));
}

/* A value or prefix differs at both ends in the bits that do not count. */
static Bdd run_column(Run *run, IrField field, const IrColumn *column, const IrInterval *interval)
{
    if (is_own_column(run, column))
        return space_own(
            run->space, run->view, field,
            ir_value_xor(ir_field_max(field), ir_value_xor(interval->first, interval->last)));
    return space_in(run->space, run->view, field, interval->first, interval->last);
}

static Bdd run_entry(Run *run, const IrTest *test, const IrSet *set, guint entry)
{
    const IrEntries *entries = &run->binding->sets[test->set];
    Bdd all = BDD_TRUE;

    for (guint column = 0; column < set->n_columns; column++) {
        const IrInterval *interval = ir_entries_get(entries, entry, column);
        Bdd inside = run_column(run, test->fields[column], &set->columns[column], interval);

        all = set->columns[column].negated ? bdd_minus(run->store, all, inside)
                                           : bdd_and(run->store, all, inside);
    }
    return all;
}

static Bdd run_in(Run *run, const IrTest *test)
{
    const IrSet *set = &g_array_index(run->program->sets, IrSet, test->set);
    Bdd any = BDD_FALSE;

    for (guint entry = 0; entry < run->binding->sets[test->set].n_entries; entry++)
        any = bdd_or(run->store, any, run_entry(run, test, set, entry));
    return any;
}

static Bdd run_over(Run *run, const IrTest *test)
{
    const IrLimit *limit = &g_array_index(run->program->limits, IrLimit, test->limit);

    return space_over(run->space, limit->key, ir_operand_get(&limit->above, run->binding).low);
}

static Bdd run_test(Run *run, const IrTest *test)
{
    switch (test->kind) {
    case TEST_HAS:
        return space_has(run->space, run->view, test->bits);
    case TEST_COMPARE:
        return run_compare(run, test);
    case TEST_RANGE:
        return run_range(run, test);
    case TEST_IN:
        return run_in(run, test);
    case TEST_OPTION:
        return space_option(run->space,
                            (guint)ir_operand_get(&test->value, run->binding).low & 255);
    case TEST_STATE:
        return space_state(run->space, test->bits);
    case TEST_REPLY:
        return space_reply(run->space);
    case TEST_OVER:
        return run_over(run, test);
    }
    g_assert_not_reached();
}

/* The frames of `alive` that take the step; *failed gets those that go on behind it. */
static Bdd run_tests(Run *run, const IrStep *step, Bdd alive, Bdd *failed)
{
    Bdd taken = alive;

    *failed = BDD_FALSE;
    for (guint i = 0; i < step->tests->len; i++) {
        const IrTest *test = ir_step_test(step, i);
        Bdd holds = run_test(run, test), fails;

        if (test->negated)
            holds = bdd_not(run->store, holds);
        fails = bdd_minus(run->store, taken, holds);
        taken = bdd_and(run->store, taken, holds);
        if (test->is_need)
            run->dropped = bdd_or(run->store, run->dropped, fails);
        else
            *failed = bdd_or(run->store, *failed, fails);
    }
    return taken;
}

static void run_rule(Run *run, const IrStep *step, Bdd taken, Ways *ways)
{
    if (run->taken && step->reason == REASON_RULE)
        run->taken[step->origin] = bdd_or(run->store, run->taken[step->origin], taken);
    switch (step->action) {
    case IR_ACCEPT:
        ways->accepted = bdd_or(run->store, ways->accepted, taken);
        return;
    case IR_DROP:
        run->dropped = bdd_or(run->store, run->dropped, taken);
        return;
    case IR_RETURN:
        ways->returned = bdd_or(run->store, ways->returned, taken);
        return;
    }
}

static Ways run_steps(Run *run, const GPtrArray *steps, Bdd alive);

static void run_inner(Run *run, const IrStep *step, Bdd taken, Ways *ways)
{
    Ways inner = run_steps(run, step->steps, taken);

    ways->accepted = bdd_or(run->store, ways->accepted, inner.accepted);
    ways->on = bdd_or(run->store, ways->on, inner.on);
    if (step->kind == STEP_CHAIN)
        ways->on = bdd_or(run->store, ways->on, inner.returned);
    else
        ways->returned = bdd_or(run->store, ways->returned, inner.returned);
}

static Ways run_steps(Run *run, const GPtrArray *steps, Bdd alive)
{
    Ways ways = {alive, BDD_FALSE, BDD_FALSE};

    for (guint i = 0; i < steps->len && ways.on != BDD_FALSE; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);
        Bdd taken = run_tests(run, step, ways.on, &ways.on);

        if (step->kind == STEP_RULE)
            run_rule(run, step, taken, &ways);
        else
            run_inner(run, step, taken, &ways);
    }
    return ways;
}

static Bdd run_layer(Run *run, const GPtrArray *steps, Bdd alive)
{
    Ways ways = run_steps(run, steps, alive);

    return bdd_or(run->store, ways.on, bdd_or(run->store, ways.returned, ways.accepted));
}

SpaceVerdict space_run(Space *space, SpaceView view, const IrProgram *program,
                       const IrBinding *binding, gboolean wants_taken)
{
    Run run = {.space = space,
               .store = space->store,
               .view = view,
               .program = program,
               .binding = binding,
               .is_mac_free = space->own[0] > 0,
               .dropped = BDD_FALSE};
    SpaceVerdict verdict;

    if (wants_taken)
        run.taken = g_new0(Bdd, program->origins->len + 1);
    verdict.passes = run_layer(&run, program->l2, BDD_TRUE);
    verdict.passes = run_layer(&run, program->inet, verdict.passes);
    verdict.taken = run.taken;
    return verdict;
}
