/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/check.h"
#include "decide/pass.h"
#include "decide/text.h"
#include <string.h>

/* ---- settled ---- */

static const IrStep *unsettled(const IrProgram *program, const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i), *inner;

        for (guint t = 0; t < step->tests->len; t++) {
            const IrTest *test = ir_step_test(step, t);

            if (test->kind == TEST_IN &&
                ir_set_form(&g_array_index(program->sets, IrSet, test->set)) > SET_PREFIX)
                return step;
        }
        if (step->steps && (inner = unsettled(program, step->steps)) != NULL)
            return inner;
    }
    return NULL;
}

char *ir_check_settled(const IrProgram *program)
{
    const IrStep *step = unsettled(program, program->l2);
    g_autofree char *text = NULL;

    if (!step)
        step = unsettled(program, program->inet);
    if (!step)
        return NULL;
    text = ir_step_format(program, step);
    return g_strdup_printf("a set that cannot be looked up: %s", text);
}

/* ---- forms that are fixed points of their pass ---- */

/* The first line in which the texts differ is what is broken. */
static char *first_difference(const char *what, const char *before, const char *after)
{
    const char *line = before;

    for (; *before != '\0' && *before == *after; before++, after++)
        if (*before == '\n')
            line = before + 1;
    if (*before == *after)
        return NULL;
    return g_strdup_printf("%s: %.*s", what, (int)strcspn(line, "\n"), line);
}

static char *check_fixed(const IrProgram *program, const char *what, void (*pass)(IrProgram *))
{
    g_autoptr(IrProgram) copy = ir_program_copy(program);
    g_autofree char *before = ir_program_format(program);
    g_autofree char *after = NULL;

    pass(copy);
    after = ir_program_format(copy);
    return first_difference(what, before, after);
}

char *ir_check_folded(const IrProgram *program)
{
    return check_fixed(program, "a test with one answer", ir_fold);
}

char *ir_check_pruned(const IrProgram *program)
{
    return check_fixed(program, "a step without effect", ir_prune);
}

char *ir_check_shared(const IrProgram *program)
{
    return check_fixed(program, "a test whose answer is known, or not shared", ir_share);
}

char *ir_check_tidy(const IrProgram *program)
{
    return check_fixed(program, "tables out of order", ir_tidy);
}
