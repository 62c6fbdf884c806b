/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/show.h"
#include "decide/build.h"
#include "decide/pass.h"
#include "decide/text.h"

/* The program of one way: as built without a port, else as a port of that shape has it. */
static char *format_way(const Plan *plan, const PlanValues *values, guint way, GError **error)
{
    g_autoptr(IrProgram) program =
        values ? ir_build_optimized(plan, way, values, error) : ir_build(plan, way, NULL, error);

    if (!program)
        return NULL;
    return ir_program_format(program);
}

char *show_ir(FilterOptions *options, Filter *filter, const Variables *variables, GError **error)
{
    g_autoptr(Plan) plan = filter_options_resolve(options, filter, error);
    g_autoptr(PlanValues) values = NULL;
    g_autofree char *out = NULL, *in = NULL;

    if (!plan || (variables && !(values = plan_bind(plan, variables, error))))
        return NULL;
    out = format_way(plan, values, PLAN_FROM_VM, error);
    in = out ? format_way(plan, values, PLAN_TO_VM, error) : NULL;
    return in ? g_strconcat(out, in, NULL) : NULL;
}
