/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/counts.h"
#include "filterd/filterd-private.h"

/* ---- ports ---- */

static void port_fill(const Filterd *filterd, const Port *port, Counts *counts, FilterdPort *row)
{
    *row = (FilterdPort){
        .binding = port->binding,
        .state = port->state,
        .ifindex = port->ifindex,
        .since = port->since,
        .is_opaque = port->encapsulation == ENCAPSULATION_OPAQUE,
    };
    if (port->state != FILTERD_WAITING)
        row->variables = port_variables(port, NULL);
    if (port->ifindex > 0)
        row->flows = datapath_flows(filterd->datapath, port->ifindex);
    row->frames = counts_read(counts, port);
}

void filterd_port_clear(FilterdPort *port)
{
    g_clear_pointer(&port->variables, variables_free);
}

static void clear_port(gpointer port)
{
    filterd_port_clear(port);
}

GArray *filterd_ports(const Filterd *filterd)
{
    g_autoptr(GPtrArray) ports = ports_sorted(filterd->ports);
    GArray *rows = g_array_sized_new(FALSE, TRUE, sizeof(FilterdPort), ports->len);
    g_auto(Counts) counts;

    counts_init(&counts, filterd->datapath, ports->len);
    g_array_set_clear_func(rows, clear_port);
    for (guint i = 0; i < ports->len; i++) {
        FilterdPort row;

        port_fill(filterd, ports->pdata[i], &counts, &row);
        g_array_append_val(rows, row);
    }
    return rows;
}

gboolean filterd_port_lookup(const Filterd *filterd, const char *name, FilterdPort *found,
                             GError **error)
{
    const Port *port = ports_lookup(filterd->ports, name);
    g_auto(Counts) counts;

    counts_init(&counts, filterd->datapath, 1);
    if (port)
        port_fill(filterd, port, &counts, found);
    else
        filterd_no_binding(name, error);
    return port != NULL;
}

/* ---- counters ---- */

static void add_rules(GArray *rows, const IrProgram *program, guint way, const GArray *counters)
{
    const guint first = datapath_origin_counter(0);
    g_autofree gboolean *drops = counts_drops(program);

    for (guint i = 0; i < program->origins->len && first + i < counters->len; i++) {
        const IrOrigin *origin = &g_array_index(program->origins, IrOrigin, i);
        const FilterdCounter row = {.filter = origin->filter,
                                    .line = origin->line,
                                    .name = origin->comment,
                                    .action = drops[i] ? "drop" : "accept",
                                    .way = way,
                                    .frames = g_array_index(counters, guint64, first + i)};
        g_array_append_val(rows, row);
    }
}

static void add_reasons(GArray *rows, guint way, const GArray *counters)
{
    for (guint i = 0; i < MIN(datapath_origin_counter(0), counters->len); i++) {
        const FilterdCounter row = {.name = datapath_reason_format(i),
                                    .action = i == REASON_DEFAULT ? "accept" : "drop",
                                    .way = way,
                                    .frames = g_array_index(counters, guint64, i)};

        if (i == REASON_DEFAULT || (i != REASON_RULE && row.frames > 0))
            g_array_append_val(rows, row);
    }
}

GArray *filterd_counters(const Filterd *filterd, const char *name, GError **error)
{
    const Port *port = ports_lookup(filterd->ports, name);
    GArray *rows;

    if (!port)
        return filterd_no_binding(name, error);
    rows = g_array_new(FALSE, TRUE, sizeof(FilterdCounter));
    for (guint way = 0; port->ifindex > 0 && way < PLAN_N_TREES; way++) {
        g_autoptr(GArray) counters = datapath_counters(filterd->datapath, port->ifindex, way);

        if (!counters)
            continue;
        if (port->shape)
            add_rules(rows, shape_program(port->shape, way), way, counters);
        add_reasons(rows, way, counters);
    }
    return rows;
}

/* ---- figures ---- */

FilterdFigures filterd_figures(const Filterd *filterd)
{
    g_autofree const char **names = catalogue_names(filterd_catalogue(filterd));

    return (FilterdFigures){
        .filters = g_strv_length((char **)names),
        .defines = filterd->defines,
        .hooks_restored = filterd->hooks_restored,
        .overruns = filterd->overruns,
        .strays = datapath_strays(filterd->datapath),
    };
}

/* ---- problems ---- */

static void add_all(GPtrArray *lines, const GPtrArray *more)
{
    for (guint i = 0; i < more->len; i++)
        g_ptr_array_add(lines, g_strdup(more->pdata[i]));
}

static void add_port(GPtrArray *lines, const Port *port)
{
    if (port->problem)
        g_ptr_array_add(lines, g_strdup_printf("port %s: %s", port->binding->port, port->problem));
    if (port->called)
        g_ptr_array_add(lines, g_strdup_printf("port %s: its device %u is called %s now; it stays "
                                               "filtered",
                                               port->binding->port, port->ifindex, port->called));
    if (port->state == FILTERD_WAITING)
        g_ptr_array_add(lines,
                        g_strdup_printf("port %s: there is no such device", port->binding->port));
    if (port->state == FILTERD_GONE)
        g_ptr_array_add(lines, g_strdup_printf("port %s: its device is gone; the binding will be "
                                               "forgotten",
                                               port->binding->port));
}

static void add_counts(GPtrArray *lines, Filterd *filterd)
{
    const guint64 strays = datapath_strays(filterd->datapath);

    if (filterd->hooks_restored > 0)
        g_ptr_array_add(lines, g_strdup_printf("%u times someone took a port's hook away; it was "
                                               "put back",
                                               filterd->hooks_restored));
    if (filterd->pins_restored > 0)
        g_ptr_array_add(lines, g_strdup_printf("%u times someone took a pin away; it was put back",
                                               filterd->pins_restored));
    if (filterd->pins_problem)
        g_ptr_array_add(lines, g_strdup(filterd->pins_problem));
    if (filterd->overruns > 0)
        g_ptr_array_add(lines, g_strdup_printf("%u times events of devices were lost; every port "
                                               "was looked at",
                                               filterd->overruns));
    if (strays > 0)
        g_ptr_array_add(lines, g_strdup_printf("%" G_GUINT64_FORMAT
                                               " frames were dropped because their port has no "
                                               "filter in force",
                                               strays));
}

GPtrArray *filterd_problems(Filterd *filterd)
{
    g_autoptr(GPtrArray) ports = ports_sorted(filterd->ports);
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    add_all(lines, filterd->file_problems);
    add_all(lines, filterd->state_problems);
    for (guint i = 0; i < ports->len; i++)
        add_port(lines, ports->pdata[i]);
    add_counts(lines, filterd);
    return lines;
}
