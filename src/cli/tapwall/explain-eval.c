/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/explain.h"
#include "decide/build.h"
#include "decide/flow.h"
#include "decide/text.h"

/* The reference interpreter, on the programs as they were built: no pass is trusted. */

typedef struct {
    IrProgram *programs[PLAN_N_TREES];
    IrBinding *bindings[PLAN_N_TREES];
    FlowTable *flows;
    Encapsulation encapsulation;
    gboolean is_verbose;
    const IrProgram *program; /* that judges now */
    guint64 touched;          /* limits it came to */
} Run;

static void run_close(gpointer data)
{
    Run *run = data;

    for (guint way = 0; way < PLAN_N_TREES; way++) {
        ir_program_free(run->programs[way]);
        ir_binding_free(run->bindings[way]);
    }
    flow_table_free(run->flows);
    g_free(run);
}

static gpointer run_open(const Plan *plan, const PlanValues *values, Encapsulation encapsulation,
                         gboolean is_verbose, GError **error)
{
    Run *run = g_new0(Run, 1);

    run->flows = flow_table_new();
    run->encapsulation = encapsulation;
    run->is_verbose = is_verbose;
    for (guint way = 0; way < PLAN_N_TREES; way++) {
        run->programs[way] = ir_build(plan, way, values, error);
        if (run->programs[way])
            run->bindings[way] = ir_bind(run->programs[way], values, error);
        if (!run->bindings[way]) {
            run_close(run);
            return NULL;
        }
    }
    return run;
}

/* Notes the limits that were asked, and says which way the frame went. */
static void run_trace(const IrStep *step, guint failed, gpointer data)
{
    Run *run = data;

    for (guint i = 0; i < step->tests->len && i <= failed; i++)
        if (ir_step_test(step, i)->kind == TEST_OVER)
            run->touched |= 1ull << ir_step_test(step, i)->limit;
    if (!run->is_verbose)
        return;
    g_autofree char *text = ir_step_format(run->program, step);
    g_autofree char *test =
        failed < step->tests->len ? ir_test_format(run->program, ir_step_test(step, failed)) : NULL;
    printf("  %s %s%s%s\n", test ? "-" : "+", text, test ? ": not " : "", test ? test : "");
}

void explain_verdict_fill(ExplainVerdict *verdict, const IrProgram *program, IrVerdict decided)
{
    verdict->pass = decided.pass;
    verdict->reason = decided.reason;
    verdict->is_unwrapped = decided.is_unwrapped;
    verdict->origin = ir_origin_format(program, decided.reason, decided.origin);
    if (decided.reason == REASON_RULE)
        verdict->comment =
            g_strdup(g_array_index(program->origins, IrOrigin, decided.origin).comment);
}

void explain_verdict_clear(ExplainVerdict *verdict)
{
    g_free(verdict->origin);
    g_free(verdict->comment);
}

static gboolean run_judge(gpointer data, const ExplainFrame *row, ExplainVerdict *verdict,
                          GError **error)
{
    Run *run = data;
    const Frame frame = {row->octets->data, row->octets->len, {0, 0}};
    const IrBinding *binding = run->bindings[row->way];
    struct facts facts, inner;
    IrFlow flow, carried;
    IrVerdict decided;

    run->program = run->programs[row->way];
    run->touched = 0;
    frame_parse(&frame, FACTS_WANT_ALL, &facts);
    frame_unwrap(&frame, FACTS_WANT_ALL, &inner);
    flow = flow_table_look(run->flows, &frame, &facts, run->program, binding);
    carried = flow_table_look(run->flows, &frame, &inner, run->program, binding);
    decided = ir_decide(run->program, binding, &frame, run->encapsulation, &flow, &carried,
                        run_trace, run);
    flow_table_note(run->flows, &frame, &facts, &flow, decided.pass, run->touched);
    explain_verdict_fill(verdict, run->program, decided);
    return TRUE;
}

const ExplainEngine explain_eval = {"eval", run_open, run_judge, run_close};
