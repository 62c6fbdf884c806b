/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/tapwall/explain.h"
#include "cli/tapwall/shape.h"
#include "datapath/error.h"
#include "datapath/judge.h"

/* The programs of the data path, on maps of our own, where they keep connections too. The kernel
 * tells no path through them: where one is asked for, the reference walks the rules beside them,
 * and a path that ends elsewhere than the programs do is an error and not shown as theirs. */

typedef struct {
    Judge *judge;
    Shape *shape;
    IrBinding *bindings[PLAN_N_TREES];
    gpointer path; /* of explain_eval; NULL when nobody asks for one */
} Run;

static void run_close(gpointer data)
{
    Run *run = data;

    for (guint way = 0; way < PLAN_N_TREES; way++)
        ir_binding_free(run->bindings[way]);
    judge_free(run->judge);
    shape_unref(run->shape);
    if (run->path)
        explain_eval.close(run->path);
    g_free(run);
}

static gboolean run_bind(Run *run, const Plan *plan, const PlanValues *values,
                         Encapsulation encapsulation, GError **error)
{
    run->shape = shape_of_values(plan, values, encapsulation, error);
    for (guint way = 0; run->shape && way < PLAN_N_TREES; way++)
        if (!(run->bindings[way] = ir_bind(shape_program(run->shape, way), values, error)))
            return FALSE;
    return run->shape && (run->judge = judge_new(error)) &&
           judge_bind(run->judge, run->shape, run->bindings[PLAN_FROM_VM],
                      run->bindings[PLAN_TO_VM], FALSE, error);
}

static gpointer run_open(const Plan *plan, const PlanValues *values, Encapsulation encapsulation,
                         gboolean is_verbose, GError **error)
{
    Run *run = g_new0(Run, 1);

    if (run_bind(run, plan, values, encapsulation, error) &&
        (!is_verbose ||
         (run->path = explain_eval.open(plan, values, encapsulation, TRUE, error)) != NULL))
        return run;
    run_close(run);
    return NULL;
}

/* Prints the reference's path, and whether it ends where the programs did. */
static gboolean print_path(Run *run, const ExplainFrame *frame, const ExplainVerdict *verdict,
                           GError **error)
{
    g_auto(ExplainVerdict) other = {0};

    if (!explain_eval.judge(run->path, frame, &other, error))
        return FALSE;
    if (other.pass == verdict->pass && other.is_unwrapped == verdict->is_unwrapped &&
        strcmp(other.origin, verdict->origin) == 0) {
        puts("  = bpf and eval agree");
        return TRUE;
    }
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_STATE,
                "bpf says %s by %s, and eval, whose path this is, %s by %s",
                verdict->pass ? "pass" : "drop", verdict->origin, other.pass ? "pass" : "drop",
                other.origin);
    return FALSE;
}

static gboolean run_judge(gpointer data, const ExplainFrame *row, ExplainVerdict *verdict,
                          GError **error)
{
    Run *run = data;
    const Frame frame = {row->octets->data, row->octets->len, {0, 0}};
    IrVerdict decided;

    if (!judge_run(run->judge, row->way, &frame, NULL, NULL, &decided, error))
        return FALSE;
    explain_verdict_fill(verdict, shape_program(run->shape, row->way), decided);
    return !run->path || print_path(run, row, verdict, error);
}

const ExplainEngine explain_bpf = {"bpf", run_open, run_judge, run_close};
