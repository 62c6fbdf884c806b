/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/counts.h"

#include "datapath/bpf/layout.h"

G_STATIC_ASSERT(FILTERD_REASONS == LAYOUT_RULES);

/* By the steps that name them. */
static void note_drops(const GPtrArray *steps, gboolean *drops)
{
    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = steps->pdata[i];

        if (step->kind != STEP_RULE)
            note_drops(step->steps, drops);
        else if (step->action == IR_DROP && step->reason == REASON_RULE)
            drops[step->origin] = TRUE;
    }
}

gboolean *counts_drops(const IrProgram *program)
{
    gboolean *drops = g_new0(gboolean, program->origins->len + 1);

    note_drops(program->l2, drops);
    note_drops(program->inet, drops);
    return drops;
}

static void add(FilterdFrames *frames, const GArray *counters, const IrProgram *program, guint way)
{
    g_autofree gboolean *drops = program ? counts_drops(program) : NULL;
    const guint first = datapath_origin_counter(0);

    for (guint i = 0; i < counters->len; i++) {
        const guint64 count = g_array_index(counters, guint64, i);
        const gboolean is_pass =
            i == REASON_DEFAULT ||
            (i >= first && program && i - first < program->origins->len && !drops[i - first]);

        *(is_pass ? &frames->passed[way] : &frames->dropped[way]) += count;
        if (!is_pass)
            frames->dropped_by[i < FILTERD_REASONS ? i : REASON_RULE] += count;
    }
}

FilterdFrames counts_read(const Datapath *datapath, const Port *port)
{
    FilterdFrames frames = port->frames;

    for (guint way = 0; port->ifindex > 0 && way < PLAN_N_TREES; way++) {
        g_autoptr(GArray) counters = datapath_counters(datapath, port->ifindex, way);

        if (counters)
            add(&frames, counters, port->shape ? shape_program(port->shape, way) : NULL, way);
    }
    return frames;
}

void counts_keep(const Datapath *datapath, Port *port)
{
    port->frames = counts_read(datapath, port);
}
