/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/build-private.h"

/*
 * Reading order: ir_build here; build-l2.c and build-inet.c say which rules there are and what
 * holds of a whole rule; build-condition.c turns conditions into tests.
 */

void build_limit_error(Build *build, const PlanRule *rule, const char *what)
{
    if (!build->error)
        build->error = g_error_new(DECIDE_ERROR, DECIDE_ERROR_LIMIT, "%s:%u: %s", rule->filter,
                                   rule->line, what);
}

static guint origin_intern(Build *build, const PlanRule *rule)
{
    guint *known = &build->origins[rule->index];

    if (*known == 0) {
        IrOrigin origin = {g_strdup(rule->filter), rule->line, g_strdup(rule->comment),
                           rule->index};

        g_array_append_val(build->program->origins, origin);
        *known = build->program->origins->len;
    }
    return *known - 1;
}

IrStep *build_step(Build *build, const PlanRule *rule, IrAction action)
{
    IrStep *step = ir_step_new(STEP_RULE);

    step->action = action;
    step->reason = REASON_RULE;
    step->origin = origin_intern(build, rule);
    return step;
}

IrStep *build_reason(IrAction action, IrReason reason, guint has)
{
    IrStep *step = ir_step_new(STEP_RULE);

    step->action = action;
    step->reason = reason;
    build_test(step, ir_test_has(has, FALSE));
    return step;
}

static void build_slots(Build *build)
{
    for (guint i = 0; i < build->plan->n_slots; i++) {
        const PlanSlot *row = &build->plan->slots[i];
        IrSlot slot = {g_strdup(row->name), row->row->type, i};

        g_array_append_val(build->program->slots, slot);
    }
}

/* Nothing is said about a frame that is beyond our limits: it is dropped, where there is anything
 * to be said at all. */
static void build_refused(IrProgram *program)
{
    if (ir_program_size(program) > 0)
        g_ptr_array_insert(program->l2, 0, build_reason(IR_DROP, REASON_REFUSED, FACTS_REFUSED));
}

IrProgram *ir_build(const Plan *plan, guint way, const PlanValues *values, GError **error)
{
    g_autoptr(IrProgram) program = ir_program_new(plan->name, way);
    g_autofree Build *build = g_new0(Build, 1);

    build->program = program;
    build->plan = plan;
    build->values = values;
    build_slots(build);
    build_l2(build, &plan->tree[way]);
    build_inet(build);
    build_refused(program);
    if (!build->error && ir_program_size(program) > IR_STEPS_MAX)
        g_set_error(&build->error, DECIDE_ERROR, DECIDE_ERROR_LIMIT,
                    "filter %s has more than %d steps", plan->name, IR_STEPS_MAX);
    if (build->error) {
        g_propagate_error(error, build->error);
        return NULL;
    }
    return g_steal_pointer(&program);
}
