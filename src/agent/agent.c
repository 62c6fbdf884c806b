/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <string.h>

#include "agent/events.h"
#include "agent/settle.h"
#include "agent/shipped.h"
#include "agent/takeover.h"
#include "agent/unplug.h"
#include "agent/view-json.h"
#include "base/log.h"

/* libvirtd serves 20 calls of all its clients at once (its max_workers): more would wait there. */
enum { LIBVIRT_THREADS = 16, REPORT_THREADS = 2 };

static void virt_connected(gpointer data)
{
    takeover_all(data);
}

static void virt_lost(const GError *reason, gpointer data)
{
    Agent *agent = data;

    log_warning("uri=%s libvirt is not reachable: %s; trying again", agent->settings.libvirt_uri,
                reason->message);
}

Agent *agent_new(const AgentSettings *settings)
{
    static const VirtHandlers handlers = {virt_connected, virt_lost, events_handle};
    Agent *agent = g_new0(Agent, 1);

    agent->settings = *settings;
    agent->filter_file =
        settings->filter_file[0] ? g_strdup(settings->filter_file) : shipped_filter_path();
    agent->jobs = jobs_new(LIBVIRT_THREADS);
    agent->reports = jobs_new(REPORT_THREADS);
    agent->vms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vm_free);
    agent->plugging = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    agent->unplugs = g_ptr_array_new_with_free_func(unplug_free);
    agent->recovering = TRUE;
    agent->virt = virt_new(settings->libvirt_uri, &handlers, agent);
    agent->tapwalld = virt_on_demand(settings->filter_uri);
    agent->drops = drop_reader_new(settings->filter_socket);
    agent->filters = settings->own_taps ? agent->tapwalld : agent->virt;
    return agent;
}

void agent_start(Agent *agent)
{
    virt_start(agent->virt);
}

void agent_free(Agent *agent)
{
    g_clear_handle_id(&agent->sample_source, g_source_remove);
    g_clear_handle_id(&agent->takeover_source, g_source_remove);
    jobs_free(agent->jobs);
    g_clear_handle_id(&agent->define_source, g_source_remove); /* a job's end may have set it */
    jobs_free(agent->reports);
    g_ptr_array_unref(agent->unplugs);
    g_clear_pointer(&agent->server, rpc_server_free);
    drop_reader_free(agent->drops);
    virt_free(agent->virt);
    virt_free(agent->tapwalld);
    g_hash_table_unref(agent->plugging);
    g_hash_table_unref(agent->vms);
    g_free(agent->filter_file);
    g_free(agent);
}

Vm *agent_vm(Agent *agent, const char *id)
{
    g_autofree char *lower = g_ascii_strdown(id, -1);

    return g_hash_table_lookup(agent->vms, lower);
}

void agent_add_vm(Agent *agent, Vm *vm)
{
    g_hash_table_replace(agent->vms, g_strdup(vm->view->id), vm);
}

void agent_notify(Agent *agent, const Vm *vm)
{
    g_autofree char *method = g_strdup_printf("|virt|VM_status|%s", vm->view->id);
    JsonNode *params;

    if (agent->recovering || !agent->server)
        return;
    params = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(params, view_to_event(vm->view, g_get_monotonic_time() / 1000));
    rpc_server_notify(agent->server, "jms.queue.events", method, params);
}

void agent_vm_state(Agent *agent, Vm *vm, VmState state)
{
    if (!vm_set_state(vm, state))
        return;
    log_info("vm=%s status=%s", vm->view->id, vm_state_name(state));
    agent_notify(agent, vm);
}

void agent_vm_down(Agent *agent, Vm *vm, VmExit exit, const char *message)
{
    if (!vm_set_down(vm, exit, message))
        return;
    log_info("vm=%s status=Down exit_code=%d exit_reason=%d %s", vm->view->id, exit.code,
             exit.reason, vm->view->exit_message);
    unplugs_fail(agent, vm->view->id);
    settle_end(agent, vm->view);
    agent_notify(agent, vm);
}

void agent_vm_definition(Agent *agent, Vm *vm, Definition *definition)
{
    if (vm_set_definition(vm, definition))
        agent_notify(agent, vm);
}

static void views_add(GPtrArray *views, const Vm *vm)
{
    if (vm)
        g_ptr_array_add(views, vm_view_ref(vm->view));
}

GPtrArray *agent_views(Agent *agent, JsonArray *ids)
{
    GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)vm_view_unref);
    GHashTableIter iter;
    gpointer vm;

    if (!ids || json_array_get_length(ids) == 0) {
        g_hash_table_iter_init(&iter, agent->vms);
        while (g_hash_table_iter_next(&iter, NULL, &vm))
            views_add(views, vm);
        return views;
    }
    for (guint i = 0; i < json_array_get_length(ids); i++) {
        JsonNode *node = json_array_get_element(ids, i);
        if (json_node_get_value_type(node) == G_TYPE_STRING)
            views_add(views, agent_vm(agent, json_node_get_string(node)));
    }
    return views;
}

const char *agent_mac_owner(Agent *agent, const char *mac)
{
    const char *owner = g_hash_table_lookup(agent->plugging, mac);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, agent->vms);
    while (!owner && g_hash_table_iter_next(&iter, NULL, &value)) {
        const VmView *view = ((Vm *)value)->view;
        if (view->state != VM_DOWN && definition_nic(view->definition, NULL, mac))
            owner = view->id;
    }
    return owner;
}
