/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/view-json.h"

#include <string.h>

/* VDSM sends counters as strings. */
static void set_number(JsonObject *object, const char *name, guint64 number)
{
    char text[24];

    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, number);
    json_object_set_string_member(object, name, text);
}

JsonObject *view_to_brief(const VmView *view)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "vmId", view->id);
    json_object_set_string_member(object, "status", vm_state_name(view->state));
    set_number(object, "statusTime", (guint64)(view->state_time / 1000));
    return object;
}

/* What every longer report has besides. */
static JsonObject *report_new(const VmView *view)
{
    JsonObject *object = view_to_brief(view);

    json_object_set_string_member(object, "vmName", view->definition->name);
    json_object_set_string_member(object, "hash", view->definition->hash);
    if (view->state == VM_DOWN) {
        json_object_set_int_member(object, "exitCode", view->exit.code);
        json_object_set_int_member(object, "exitReason", view->exit.reason);
        json_object_set_string_member(object, "exitMessage", view->exit_message);
    }
    return object;
}

JsonObject *view_to_full(const VmView *view)
{
    const Definition *definition = view->definition;
    JsonArray *devices = json_array_sized_new(definition->nics->len);
    JsonObject *object = report_new(view);

    for (guint i = 0; i < definition->nics->len; i++)
        json_array_add_object_element(devices, nic_to_json(definition->nics->pdata[i]));
    json_object_set_int_member(object, "memSize", (gint64)definition->memory_mib);
    json_object_set_int_member(object, "smp", definition->vcpus);
    json_object_set_array_member(object, "devices", devices);
    return object;
}

static const VirtNetStats *net_lookup(const VirtStats *stats, const char *device)
{
    for (guint i = 0; stats && i < stats->nets->len; i++) {
        const VirtNetStats *net = stats->nets->pdata[i];
        if (g_strcmp0(net->name, device) == 0)
            return net;
    }
    return NULL;
}

/* tapwalld has the ports that the agent binds, and those a modular libvirt binds there. */
static void enforcement_write(JsonObject *object, const VmView *view, const Nic *nic)
{
    const DropCount *dropped = drop_counts_lookup(view->dropped, nic->device);

    if (!nic->filter)
        return;
    json_object_set_string_member(object, "enforcement",
                                  nic->own_tap || dropped ? "tapwall" : "libvirt");
    if (dropped) {
        set_number(object, "filterRxDropped", dropped->to_vm);
        set_number(object, "filterTxDropped", dropped->from_vm);
    }
}

static JsonObject *nic_stats(const VmView *view, const Nic *nic, const char *device)
{
    static const VirtNetStats nothing;
    const VirtNetStats *found = net_lookup(view->stats, nic->device);
    const VirtNetStats *net = found ? found : &nothing;
    gint64 sampled = view->stats ? view->stats->sample_time : view->state_time;
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "name", device);
    json_object_set_string_member(object, "macAddr", nic->mac ? nic->mac : "");
    json_object_set_string_member(object, "network", nic->network);
    if (nic->alias)
        json_object_set_string_member(object, "alias", nic->alias);
    json_object_set_boolean_member(object, "linkActive", nic->linked);
    json_object_set_string_member(object, "speed", "1000");
    json_object_set_string_member(object, "state", "unknown");
    set_number(object, "rx", net->rx_bytes);
    set_number(object, "rxErrors", net->rx_errors);
    set_number(object, "rxDropped", net->rx_dropped);
    set_number(object, "tx", net->tx_bytes);
    set_number(object, "txErrors", net->tx_errors);
    set_number(object, "txDropped", net->tx_dropped);
    json_object_set_double_member(object, "sampleTime", (double)sampled / G_USEC_PER_SEC);
    nic_filter_to_json(nic, object);
    enforcement_write(object, view, nic);
    return object;
}

JsonObject *view_to_stats(const VmView *view)
{
    JsonObject *object = report_new(view);
    JsonObject *network = json_object_new();

    for (guint i = 0; i < view->definition->nics->len; i++) {
        const Nic *nic = view->definition->nics->pdata[i];
        /* While a VM starts, its taps have no names yet. */
        const char *device = nic->device ? nic->device : nic->mac;
        if (device)
            json_object_set_object_member(network, device, nic_stats(view, nic, device));
    }
    if (view->start_time > 0 && view->stats)
        set_number(object, "elapsedTime",
                   (guint64)MAX(view->stats->sample_time - view->start_time, 0) / G_USEC_PER_SEC);
    if (view->stats)
        set_number(object, "cpuTime", view->stats->cpu_time);
    json_object_set_string_member(object, "vmType", "kvm");
    json_object_set_object_member(object, "network", network);
    return object;
}

JsonObject *view_to_event(const VmView *view, gint64 time_ms)
{
    JsonObject *event = json_object_new();
    JsonObject *status = report_new(view);

    json_object_remove_member(status, "vmId");
    json_object_set_object_member(event, view->id, status);
    json_object_set_int_member(event, "notify_time", time_ms % G_MAXINT32);
    return event;
}

GBytes *views_to_bytes(GPtrArray *views, ViewFunc form)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    GString *text = g_string_new("[");

    /* One VM's tree at a time: a thousand at once would only be memory. */
    for (guint i = 0; i < views->len; i++) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, form(views->pdata[i]));
        if (i > 0)
            g_string_append_c(text, ',');
        json_generator_set_root(generator, node);
        json_generator_to_gstring(generator, text);
    }
    g_string_append_c(text, ']');
    return g_string_free_to_bytes(text);
}

/* Any thread: two that make it at once make the same. */
static const char *stats_text(VmView *view)
{
    char *text = g_atomic_pointer_get(&view->stats_json);

    if (!text) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, view_to_stats(view));
        text = json_to_string(node, FALSE);
        if (!g_atomic_pointer_compare_and_exchange(&view->stats_json, NULL, text)) {
            g_free(text);
            text = g_atomic_pointer_get(&view->stats_json);
        }
    }
    return text;
}

GBytes *views_stats_to_bytes(GPtrArray *views)
{
    GString *text = g_string_new("[");

    for (guint i = 0; i < views->len; i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        g_string_append(text, stats_text(views->pdata[i]));
    }
    g_string_append_c(text, ']');
    return g_string_free_to_bytes(text);
}
