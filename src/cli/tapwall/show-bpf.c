/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/show.h"
#include "datapath/shape.h"
#include "decide/build.h"
#include "decide/error.h"
#include "decide/pass.h"

static IrProgram *build_way(const Plan *plan, const PlanValues *values, guint way, GError **error)
{
    g_autoptr(IrProgram) program = ir_build(plan, way, values, error);
    g_autofree guint *lengths = program ? ir_lengths(program, values) : NULL;

    if (!program || !ir_optimize(program, lengths, error))
        return NULL;
    return g_steal_pointer(&program);
}

/* What the code is depends on how long a port's lists are, so --var must give them; an empty plan
 * of variables needs none. */
char *show_bpf(FilterOptions *options, Filter *filter, const Variables *variables, GError **error)
{
    g_autoptr(Plan) plan = filter_options_resolve(options, filter, error);
    g_autoptr(Variables) none = variables ? NULL : variables_new();
    g_autoptr(PlanValues) values = NULL;
    g_autoptr(IrProgram) out = NULL, in = NULL;
    g_autoptr(Shape) shape = NULL;

    if (!plan || !(values = plan_bind(plan, variables ? variables : none, error)) ||
        !(out = build_way(plan, values, PLAN_FROM_VM, error)) ||
        !(in = build_way(plan, values, PLAN_TO_VM, error)) ||
        !(shape = shape_new(out, in, ENCAPSULATION_INSPECT, error)))
        return NULL;
    return shape_format(shape);
}
