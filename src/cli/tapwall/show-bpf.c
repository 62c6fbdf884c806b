/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/shape.h"
#include "cli/tapwall/show.h"
#include "decide/pass.h"

Shape *shape_of_values(const Plan *plan, const PlanValues *values, Encapsulation encapsulation,
                       GError **error)
{
    g_autoptr(IrProgram) out = ir_build_optimized(plan, PLAN_FROM_VM, values, error);
    g_autoptr(IrProgram) in = out ? ir_build_optimized(plan, PLAN_TO_VM, values, error) : NULL;

    return in ? shape_new(out, in, encapsulation, error) : NULL;
}

/* What the code is depends on how long a port's lists are, so --var must give them; an empty plan
 * of variables needs none. */
char *show_bpf(FilterOptions *options, Filter *filter, const Variables *variables, GError **error)
{
    g_autoptr(Plan) plan = filter_options_resolve(options, filter, error);
    g_autoptr(Variables) none = variables ? NULL : variables_new();
    g_autoptr(PlanValues) values = NULL;
    g_autoptr(Shape) shape = NULL;

    if (!plan || !(values = plan_bind(plan, variables ? variables : none, error)) ||
        !(shape = shape_of_values(plan, values, ENCAPSULATION_INSPECT, error)))
        return NULL;
    return shape_format(shape);
}
