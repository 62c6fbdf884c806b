/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/pass.h"

#include "decide/build.h"

guint *ir_lengths(const IrProgram *program, const PlanValues *values)
{
    guint *lengths = g_new0(guint, program->slots->len + 1);

    for (guint i = 0; i < program->slots->len; i++)
        (void)plan_values_get(values, g_array_index(program->slots, IrSlot, i).index, &lengths[i]);
    return lengths;
}

gboolean ir_optimize(IrProgram *program, const guint *lengths, GError **error)
{
    if (!ir_settle_sets(program, lengths, error))
        return FALSE;
    ir_fold(program);
    ir_prune(program);
    ir_share(program);
    ir_prune(program); /* sharing shows more that is never reached */
    ir_tidy(program);
    return TRUE;
}

IrProgram *ir_build_optimized(const Plan *plan, guint way, const PlanValues *values, GError **error)
{
    g_autoptr(IrProgram) program = ir_build(plan, way, values, error);
    g_autofree guint *lengths = program ? ir_lengths(program, values) : NULL;

    if (!program || !ir_optimize(program, lengths, error))
        return NULL;
    return g_steal_pointer(&program);
}

IrProgram *ir_build_sketch(const Plan *plan, guint way, guint length, GError **error)
{
    g_autoptr(IrProgram) program = ir_build(plan, way, NULL, error);
    g_autofree guint *lengths = program ? g_new(guint, program->slots->len + 1) : NULL;

    for (guint i = 0; program && i < program->slots->len; i++)
        lengths[i] = length;
    if (!program || !ir_optimize(program, lengths, error))
        return NULL;
    return g_steal_pointer(&program);
}
