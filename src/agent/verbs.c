/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verbs.h"

#include <string.h>

#include "agent/bridge.h"

const Verb verbs[] = {
    {"Host.ping2", verb_ping_params, verb_ping},
    {"Host.ping", verb_ping_params, verb_ping},
    {"Host.confirmConnectivity", verb_ping_params, verb_ping},
    {"Host.getCapabilities", verb_ping_params, verb_get_capabilities},
    {"Host.getVMList", verb_list_params, verb_get_vm_list},
    {"Host.getVMFullList", verb_full_list_params, verb_get_vm_full_list},
    {"Host.getAllVmStats", verb_ping_params, verb_get_all_vm_stats},
    {"Host.dumpxmls", verb_full_list_params, verb_dump_xmls},
    {"VM.create", verb_create_params, verb_create},
    {"VM.destroy", verb_destroy_params, verb_destroy},
    {"VM.shutdown", verb_shutdown_params, verb_shutdown},
    {"VM.getStats", verb_vm_params, verb_get_stats},
    {"VM.hotplugNic", verb_device_params, verb_hotplug_nic},
    {"VM.hotunplugNic", verb_device_params, verb_hotunplug_nic},
    {"VM.updateDevice", verb_device_params, verb_update_device},
    {NULL},
};

const Verb *verb_lookup(const char *name)
{
    for (const Verb *verb = verbs; verb->name; verb++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

void verbs_handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    Agent *agent = data;
    const Verb *verb = verb_lookup(method);
    g_autoptr(JsonObject) read = NULL;
    GError *error = NULL;

    if (agent->recovering) {
        rpc_call_fail(call, RPC_RECOVERING, "Recovering from crash or Initializing");
        return;
    }
    if (!verb) {
        g_autofree char *text =
            context_message("The method does not exist or is not available", "method", method);
        rpc_call_fail(call, RPC_METHOD_NOT_FOUND, text);
        return;
    }
    read = params_read(method, verb->params, params, &error);
    if (read)
        verb->run(agent, call, read);
    else
        rpc_call_fail_error(call, error);
}

Vm *verb_vm(Agent *agent, RpcCall *call, JsonObject *params)
{
    const char *id = dict_string(params, "vmID");
    Vm *vm = agent_vm(agent, id);

    if (!vm) {
        g_autofree char *text = context_message("Virtual machine does not exist", "vmId", id);
        rpc_call_fail(call, RPC_NO_SUCH_VM, text);
    }
    return vm;
}

Vm *verb_running_vm(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_vm(agent, call, params);

    if (vm && vm->view->state == VM_DOWN) {
        g_autofree char *text = context_message("Virtual machine is down", "vmId", vm->view->id);
        rpc_call_fail(call, RPC_VM_IS_DOWN, text);
        return NULL;
    }
    return vm;
}

gboolean verb_bridge_check(const Nic *nic, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (!nic->bridge || bridge_check(nic->bridge, &reason))
        return TRUE;
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                "Invalid parameter: the NIC is to be in network '%s', but %s", nic->network,
                reason->message);
    return FALSE;
}

gboolean verb_nic_check(Agent *agent, const Nic *nic, GError **error)
{
    const char *owner = nic->mac ? agent_mac_owner(agent, nic->mac) : NULL;

    if (!owner)
        return verb_bridge_check(nic, error);
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                "Invalid parameter: the MAC address %s is in use by the VM %s", nic->mac, owner);
    return FALSE;
}
