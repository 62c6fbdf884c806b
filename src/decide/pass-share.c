/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/known.h"
#include "decide/pass.h"

/* Steps before whose failure is remembered; more would cost more than they save. */
#define EARLIER_MAX 64

/* Knowledge lives as long as the walk: inner steps point to what was known around them. */
typedef struct {
    GPtrArray *arena; /* of Known */
    gboolean changed;
} Walk;

static const Known *learn(Walk *walk, const Known *outer, const IrTest *test, gboolean is_around)
{
    Known *known = g_new(Known, 1);

    known->outer = outer;
    known->test = *test;
    known->is_around = is_around;
    g_ptr_array_add(walk->arena, known);
    return known;
}

/* I2 wants the HAS test of a field around it or in its step: only there it makes another needless.
 */
static KnownAnswer ask(const Known *known, const IrTest *test)
{
    KnownAnswer result = known_ask(known, test, FALSE);

    if (result == KNOWN_TRUE && test->kind == TEST_HAS && !test->negated)
        return known_ask(known, test, TRUE);
    return result;
}

/* Takes out what is known; *inner is what is known when the step is taken. FALSE when it cannot
 * be taken. A need that cannot hold drops the frame here: nothing behind it matters. */
static gboolean share_tests(Walk *walk, const Known *known, IrStep *step, const Known **inner)
{
    for (guint i = 0; i < step->tests->len;) {
        const IrTest *test = ir_step_test(step, i);

        switch (ask(known, test)) {
        case KNOWN_TRUE:
            g_array_remove_index(step->tests, i);
            walk->changed = TRUE;
            continue;
        case KNOWN_FALSE:
            if (!test->is_need)
                return FALSE;
            break;
        case KNOWN_MAYBE:
            break;
        }
        known = learn(walk, known, test, TRUE);
        i++;
    }
    *inner = known;
    return TRUE;
}

static gboolean has_need(const IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++)
        if (ir_step_test(step, i)->is_need)
            return TRUE;
    return FALSE;
}

/* When a rule of one test was not taken, the test does not hold for those behind it. */
static const Known *learn_failed(Walk *walk, const Known *known, const IrStep *step)
{
    IrTest failed;

    if (step->kind != STEP_RULE || step->tests->len != 1 || has_need(step))
        return known;
    failed = *ir_step_test(step, 0);
    failed.negated = !failed.negated;
    return learn(walk, known, &failed, FALSE);
}

static void known_steps(Walk *walk, const Known *known, GPtrArray *steps)
{
    guint n_earlier = 0;

    for (guint i = 0; i < steps->len;) {
        IrStep *step = g_ptr_array_index(steps, i);
        const Known *inner = NULL;

        if (!share_tests(walk, known, step, &inner) && !has_need(step)) {
            g_ptr_array_remove_index(steps, i);
            walk->changed = TRUE;
            continue;
        }
        if (step->steps && inner)
            known_steps(walk, inner, step->steps);
        if (step->steps && step->steps->len == 0 && !has_need(step)) {
            g_ptr_array_remove_index(steps, i);
            continue;
        }
        if (n_earlier++ < EARLIER_MAX)
            known = learn_failed(walk, known, step);
        i++;
    }
}

/* ---- grouping ---- */

/* How many steps from `from` on begin with the same test. */
static guint run_length(const GPtrArray *steps, guint from)
{
    const IrStep *first = g_ptr_array_index(steps, from);
    guint n = 1;

    if (first->tests->len == 0)
        return 1;
    for (; from + n < steps->len; n++) {
        const IrStep *next = g_ptr_array_index(steps, from + n);

        if (next->tests->len == 0 || !ir_test_equal(ir_step_test(first, 0), ir_step_test(next, 0)))
            break;
    }
    return n;
}

/* A group of the n steps at `from`, the test they begin with taken out of them. */
static IrStep *group_run(GPtrArray *steps, guint from, guint n)
{
    IrStep *group = ir_step_new(STEP_GROUP);

    g_array_append_val(group->tests, *ir_step_test(g_ptr_array_index(steps, from), 0));
    for (guint i = 0; i < n; i++) {
        IrStep *step = g_ptr_array_steal_index(steps, from);

        g_array_remove_index(step->tests, 0);
        g_ptr_array_add(group->steps, step);
    }
    return group;
}

static void group_steps(Walk *walk, GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        IrStep *step = g_ptr_array_index(steps, i);
        guint n = run_length(steps, i);

        if (n > 1) {
            step = group_run(steps, i, n);
            walk->changed = TRUE;
            g_ptr_array_insert(steps, (gint)i, step);
        }
        if (step->steps)
            group_steps(walk, step->steps);
    }
}

/* A group can make known what no step alone did, and what is taken out can bring neighbours
 * together: again, until nothing changes. Each round takes out a test or shares one. */
static void share_layer(GPtrArray *steps)
{
    Walk walk = {NULL, TRUE};

    while (walk.changed) {
        walk.changed = FALSE;
        walk.arena = g_ptr_array_new_with_free_func(g_free);
        known_steps(&walk, NULL, steps);
        group_steps(&walk, steps);
        g_ptr_array_unref(walk.arena);
    }
}

void ir_share(IrProgram *program)
{
    share_layer(program->l2);
    share_layer(program->inet);
}
