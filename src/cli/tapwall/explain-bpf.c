/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/explain.h"
#include "datapath/judge.h"
#include "decide/build.h"
#include "decide/pass.h"

/* The programs of the data path, on maps of our own, where they keep connections too. */

typedef struct {
    Judge *judge;
    Shape *shape;
    IrBinding *bindings[PLAN_N_TREES];
} Run;

static void run_close(gpointer data)
{
    Run *run = data;

    for (guint way = 0; way < PLAN_N_TREES; way++)
        ir_binding_free(run->bindings[way]);
    judge_free(run->judge);
    shape_unref(run->shape);
    g_free(run);
}

static IrProgram *build_way(const Plan *plan, const PlanValues *values, guint way, GError **error)
{
    g_autoptr(IrProgram) program = ir_build(plan, way, values, error);
    g_autofree guint *lengths = program ? ir_lengths(program, values) : NULL;

    if (!program || !ir_optimize(program, lengths, error))
        return NULL;
    return g_steal_pointer(&program);
}

static gboolean run_bind(Run *run, const Plan *plan, const PlanValues *values,
                         Encapsulation encapsulation, GError **error)
{
    g_autoptr(IrProgram) out = build_way(plan, values, PLAN_FROM_VM, error);
    g_autoptr(IrProgram) in = out ? build_way(plan, values, PLAN_TO_VM, error) : NULL;

    return in && (run->bindings[PLAN_FROM_VM] = ir_bind(out, values, error)) &&
           (run->bindings[PLAN_TO_VM] = ir_bind(in, values, error)) &&
           (run->shape = shape_new(out, in, encapsulation, error)) &&
           (run->judge = judge_new(error)) &&
           judge_bind(run->judge, run->shape, run->bindings[PLAN_FROM_VM],
                      run->bindings[PLAN_TO_VM], FALSE, error);
}

static gpointer run_open(const Plan *plan, const PlanValues *values, Encapsulation encapsulation,
                         gboolean is_verbose, GError **error)
{
    Run *run = g_new0(Run, 1);

    if (run_bind(run, plan, values, encapsulation, error))
        return run;
    run_close(run);
    return NULL;
}

static void fill(const IrProgram *program, IrVerdict from, ExplainVerdict *verdict)
{
    verdict->pass = from.pass;
    verdict->reason = from.reason;
    verdict->is_unwrapped = from.is_unwrapped;
    verdict->origin = ir_origin_format(program, from.reason, from.origin);
    if (from.reason == REASON_RULE)
        verdict->comment = g_strdup(g_array_index(program->origins, IrOrigin, from.origin).comment);
}

static gboolean run_judge(gpointer data, const ExplainFrame *row, ExplainVerdict *verdict,
                          GError **error)
{
    Run *run = data;
    const Frame frame = {row->octets->data, row->octets->len, {0, 0}};
    const IrProgram *program = shape_program(run->shape, row->way);
    IrVerdict decided;

    if (!judge_run(run->judge, row->way, &frame, NULL, NULL, &decided, error))
        return FALSE;
    fill(program, decided, verdict);
    return TRUE;
}

const ExplainEngine explain_bpf = {"bpf", run_open, run_judge, run_close};
