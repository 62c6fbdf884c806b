/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/operator/metrics.h"
#include "filterd/operator/operator-private.h"

#define N_PORT_STATES (FILTERD_GONE + 1)

static void add_head(GString *text, const char *name, const char *type, const char *help)
{
    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_single(GString *text, const char *name, const char *type, const char *help,
                       guint64 value)
{
    add_head(text, name, type, help);
    g_string_append_printf(text, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

/* A device's name may hold anything but '/' and blanks. */
static void add_port_label(GString *text, const char *name, const char *port)
{
    g_string_append_printf(text, "%s{port=\"", name);
    for (const char *at = port; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *at);
    }
    g_string_append_c(text, '"');
}

static void add_states(GString *text, const GArray *ports)
{
    guint counts[N_PORT_STATES] = {0};

    for (guint i = 0; i < ports->len; i++)
        counts[g_array_index(ports, FilterdPort, i).state]++;
    add_head(text, "tapwall_ports", "gauge", "Ports by state.");
    for (guint i = 0; i < N_PORT_STATES; i++)
        g_string_append_printf(text, "tapwall_ports{state=\"%s\"} %u\n", port_state_word(i),
                               counts[i]);
}

static void add_frames(GString *text, const GArray *ports)
{
    static const char *const name = "tapwall_port_frames_total";

    add_head(text, name, "counter",
             "Frames of a port since its filter is in force; out is from the VM.");
    for (guint i = 0; i < ports->len; i++) {
        const FilterdPort *port = &g_array_index(ports, FilterdPort, i);

        for (guint way = 0; way < PLAN_N_TREES; way++)
            for (guint dropped = 0; dropped < 2; dropped++) {
                add_port_label(text, name, port->binding->port);
                g_string_append_printf(
                    text, ",direction=\"%s\",verdict=\"%s\"} %" G_GUINT64_FORMAT "\n",
                    way_word(way), dropped ? "dropped" : "passed",
                    dropped ? port->frames.dropped[way] : port->frames.passed[way]);
            }
    }
}

static void add_flows(GString *text, const GArray *ports)
{
    static const char *const name = "tapwall_port_connections";

    add_head(text, name, "gauge", "Connections that a port has open.");
    for (guint i = 0; i < ports->len; i++) {
        const FilterdPort *port = &g_array_index(ports, FilterdPort, i);

        add_port_label(text, name, port->binding->port);
        g_string_append_printf(text, "} %u\n", port->flows);
    }
}

/* A sum over the ports there are now, so a gauge: it falls when a port goes. */
static void add_reasons(GString *text, const GArray *ports)
{
    guint64 sums[FILTERD_REASONS] = {0};

    for (guint i = 0; i < ports->len; i++)
        for (guint reason = 0; reason < FILTERD_REASONS; reason++)
            sums[reason] += g_array_index(ports, FilterdPort, i).frames.dropped_by[reason];
    add_head(text, "tapwall_dropped_frames", "gauge",
             "Frames dropped on the ports there are, by reason; rule is for all rules.");
    for (guint reason = 0; reason < FILTERD_REASONS; reason++)
        if (reason != REASON_DEFAULT)
            g_string_append_printf(text,
                                   "tapwall_dropped_frames{reason=\"%s\"} %" G_GUINT64_FORMAT "\n",
                                   datapath_reason_format(reason), sums[reason]);
}

GString *metrics_format(Filterd *filterd)
{
    const FilterdFigures figures = filterd_figures(filterd);
    g_autoptr(GArray) ports = filterd_ports(filterd);
    GString *text = g_string_new(NULL);

    add_states(text, ports);
    add_frames(text, ports);
    add_flows(text, ports);
    add_reasons(text, ports);
    add_single(text, "tapwall_stray_frames_total", "counter",
               "Frames dropped because their port has no filter in force.", figures.strays);
    add_single(text, "tapwall_filters", "gauge", "Filters that are defined.", figures.filters);
    add_single(text, "tapwall_changes_total", "counter",
               "Changes of filters that were put in force.", figures.defines);
    add_single(text, "tapwall_hooks_restored_total", "counter",
               "Hooks that someone took away and that were put back.", figures.hooks_restored);
    add_single(text, "tapwall_link_overruns_total", "counter",
               "Times that the kernel's events of devices were lost.", figures.overruns);
    return text;
}
