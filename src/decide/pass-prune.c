/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/pass.h"
#include "decide/text.h"

static gboolean is_terminal(const IrStep *step)
{
    return step->kind == STEP_RULE && step->tests->len == 0;
}

/* Behind a rule that is always taken, and behind one with the very same tests, no step's turn
 * comes (in the latter case: is taken). */
static void prune_unreached(const IrProgram *program, GPtrArray *steps)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < steps->len;) {
        const IrStep *step = g_ptr_array_index(steps, i);
        g_autofree char *tests = ir_step_format_tests(program, step);

        if (is_terminal(step) && i + 1 < steps->len)
            g_ptr_array_remove_range(steps, i + 1, steps->len - i - 1);
        if (g_hash_table_contains(seen, tests)) {
            g_ptr_array_remove_index(steps, i);
            continue;
        }
        if (step->kind == STEP_RULE)
            g_hash_table_add(seen, g_steal_pointer(&tests));
        i++;
    }
}

static gboolean has_need(const IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++)
        if (ir_step_test(step, i)->is_need)
            return TRUE;
    return FALSE;
}

/* A step at the end of a chain that changes nothing: the chain ends anyway. */
static void prune_returns(GPtrArray *steps)
{
    while (steps->len > 0) {
        const IrStep *last = g_ptr_array_index(steps, steps->len - 1);

        if (last->kind != STEP_RULE || last->action != IR_RETURN || has_need(last))
            return;
        g_ptr_array_remove_index(steps, steps->len - 1);
    }
}

static void prune_steps(const IrProgram *program, GPtrArray *steps, gboolean is_chain)
{
    for (guint i = 0; i < steps->len;) {
        IrStep *step = g_ptr_array_index(steps, i);

        if (step->steps)
            prune_steps(program, step->steps, step->kind == STEP_CHAIN);
        if (step->steps && step->steps->len == 0 && !has_need(step))
            g_ptr_array_remove_index(steps, i);
        else
            i++;
    }
    prune_unreached(program, steps);
    if (is_chain)
        prune_returns(steps);
}

void ir_prune(IrProgram *program)
{
    prune_steps(program, program->l2, TRUE);
    prune_steps(program, program->inet, TRUE);
}
