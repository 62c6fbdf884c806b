/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/counts.h"

#include "datapath/bpf/layout.h"

G_STATIC_ASSERT(FILTERD_REASONS == LAYOUT_RULES);

#define MANY 64 /* ports; of fewer the counters are read one by one */

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

void counts_init(Counts *counts, const Datapath *datapath, guint n_ports)
{
    *counts = (Counts){.datapath = datapath, .is_held = n_ports > MANY};
    if (counts->is_held)
        datapath_counters_hold(datapath);
    counts->counters = g_array_new(FALSE, FALSE, sizeof(guint64));
}

static void set_shape(Counts *counts, Shape *shape)
{
    g_clear_pointer(&counts->shape, shape_unref);
    counts->shape = shape ? shape_ref(shape) : NULL;
    for (guint way = 0; way < PLAN_N_TREES; way++) {
        g_clear_pointer(&counts->drops[way], g_free);
        counts->n_drops[way] = 0;
        if (!shape)
            continue;
        counts->drops[way] = counts_drops(shape_program(shape, way));
        counts->n_drops[way] = shape_program(shape, way)->origins->len;
    }
}

void counts_clear(Counts *counts)
{
    set_shape(counts, NULL);
    if (counts->is_held)
        datapath_counters_let_go(counts->datapath);
    g_array_unref(counts->counters);
}

/* The counters of one way. */
static void add(const Counts *counts, FilterdFrames *frames, const guint64 *counters, guint n,
                guint way)
{
    const gboolean *drops = counts->drops[way];
    const guint first = datapath_origin_counter(0);

    for (guint i = 0; i < n; i++) {
        const gboolean is_pass =
            i == REASON_DEFAULT ||
            (i >= first && i - first < counts->n_drops[way] && !drops[i - first]);

        *(is_pass ? &frames->passed[way] : &frames->dropped[way]) += counters[i];
        if (!is_pass)
            frames->dropped_by[i < FILTERD_REASONS ? i : REASON_RULE] += counters[i];
    }
}

FilterdFrames counts_read(Counts *counts, const Port *port)
{
    FilterdFrames frames = port->frames;
    const guint64 *counters;
    guint n_from_vm;

    if (port->ifindex == 0 ||
        !datapath_counters_both(counts->datapath, port->ifindex, counts->counters, &n_from_vm))
        return frames;
    if (port->shape != counts->shape)
        set_shape(counts, port->shape);
    counters = (const guint64 *)(gconstpointer)counts->counters->data;
    add(counts, &frames, counters, n_from_vm, PLAN_FROM_VM);
    add(counts, &frames, counters + n_from_vm, counts->counters->len - n_from_vm, PLAN_TO_VM);
    return frames;
}

void counts_keep(const Datapath *datapath, Port *port)
{
    g_auto(Counts) counts;

    counts_init(&counts, datapath, 1);
    port->frames = counts_read(&counts, port);
}
