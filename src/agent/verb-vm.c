/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/op.h"
#include "agent/ports.h"
#include "agent/takeover.h"
#include "agent/verbs.h"
#include "agent/view-json.h"
#include "agent/vm-config.h"
#include "agent/vm-files.h"
#include "base/log.h"
#include "virt/domain.h"

const Param verb_create_params[] = {
    {"vmID", PARAM_NAME, TRUE}, {"vmParams", PARAM_OBJECT, TRUE}, {NULL}};

const Param verb_destroy_params[] = {
    {"vmID", PARAM_NAME, TRUE}, {"gracefulAttempts", PARAM_UINT}, {NULL}};

/* delay and message are for agents inside guests, timeout for what VDSM does after asking them. */
const Param verb_shutdown_params[] = {{"vmID", PARAM_NAME, TRUE},
                                      {"delay", PARAM_UINT},
                                      {"message", PARAM_STRING},
                                      {"reboot", PARAM_BOOL},
                                      {"timeout", PARAM_UINT},
                                      {"force", PARAM_BOOL},
                                      {NULL}};

const Param verb_vm_params[] = {{"vmID", PARAM_NAME, TRUE}, {NULL}};

/* ---- VM.create ---- */

static gboolean macs_check(const Definition *definition, GError **error)
{
    for (guint i = 0; i < definition->nics->len; i++) {
        const Nic *nic = definition->nics->pdata[i];
        if (!nic->mac || definition_nic(definition, NULL, nic->mac) == nic)
            continue;
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: two NICs of the VM have the MAC address %s", nic->mac);
        return FALSE;
    }
    return TRUE;
}

static gboolean name_check(Agent *agent, const char *name, GError **error)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, agent->vms);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const VmView *view = ((Vm *)value)->view;
        if (view->state == VM_DOWN || strcmp(view->definition->name, name) != 0)
            continue;
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: the name %s is in use by the VM %s", name, view->id);
        return FALSE;
    }
    return TRUE;
}

/* Everything that can be known to fail before libvirt is asked. */
static gboolean create_check(Agent *agent, const Definition *definition, GError **error)
{
    if (!name_check(agent, definition->name, error) || !macs_check(definition, error))
        return FALSE;
    for (guint i = 0; i < definition->nics->len; i++)
        if (!verb_nic_check(agent, definition->nics->pdata[i], error))
            return FALSE;
    return TRUE;
}

static Definition *create_plan(Agent *agent, const char *vm_id, JsonObject *vm_params,
                               GError **error)
{
    g_autoptr(VmConfig) config = vm_config_from_json(vm_id, vm_params, error);
    g_autoptr(Definition) definition = NULL;
    g_autofree char *xml = NULL;
    const AgentSettings *settings = &agent->settings;
    DomainHost host = {settings->domain_type, settings->emulator, settings->own_taps};

    if (!config || !vm_files_check(config, settings->vm_folders, error))
        return NULL;
    if (strcmp(host.kind, "auto") == 0)
        host.kind = agent->use_kvm ? "kvm" : "qemu";
    xml = vm_config_to_xml(config, &host, error);
    definition = xml ? definition_parse("vmParams.xml", xml, error) : NULL;
    if (!definition || !create_check(agent, definition, error))
        return NULL;
    return g_steal_pointer(&definition);
}

/* The ports first, bound: libvirt lets the guest run as soon as it has it. */
static gboolean create_ports(Op *op)
{
    g_autoptr(Definition) plan = definition_parse("the planned domain", op->xml, &op->error);
    const PortOwner owner = {op->agent->tapwalld, op->vm_id, plan ? plan->name : NULL};

    return plan && ports_open(&owner, plan, &op->error);
}

static void create_work(gpointer data)
{
    Op *op = data;
    gint64 begun;
    gboolean created;

    if (!create_ports(op))
        return;
    begun = g_get_monotonic_time();
    created = virt_domain_create(op->agent->virt, op->xml, &op->error);
    op->libvirt_us = g_get_monotonic_time() - begun;
    if (created)
        (void)op_read(op); /* it can have ended again already; done sees that */
    else                   /* what libvirt still has open stays, and is found later */
        (void)ports_tidy(op->agent->tapwalld, op->vm_id, NULL, NULL);
}

/* It ran, but had ended before we could look at it. */
static gboolean ended_at_once(const Op *op, const Vm *vm)
{
    return vm->stopped &&
           (op->definition || g_error_matches(op->error, VIRT_ERROR, VIRT_ERROR_NO_DOMAIN));
}

static void create_done(gpointer data)
{
    Op *op = data;
    Vm *vm = agent_vm(op->agent, op->vm_id);

    if (!vm)
        return;
    vm->creating = FALSE;
    log_info("vm=%s libvirt_ms=%.1f created=%s", op->vm_id, (double)op->libvirt_us / 1000,
             op->error ? "no" : "yes");
    if (op->definition)
        (void)vm_set_definition(vm, op->definition); /* told with the state */
    if (ended_at_once(op, vm))
        agent_vm_down(op->agent, vm, vm_exit_from_stop(vm->stop, FALSE), NULL);
    else if (op->error)
        agent_vm_down(op->agent, vm, (VmExit){1, VM_EXIT_GENERIC_ERROR}, op->error->message);
    else
        agent_vm_state(op->agent, vm, takeover_state(op->state));
}

static void create_answer(RpcCall *call, const Vm *vm)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = view_to_full(vm->view);

    json_object_set_string_member(object, "xml", vm->view->definition->xml);
    json_node_take_object(node, object);
    rpc_call_return(call, node);
}

void verb_create(Agent *agent, RpcCall *call, JsonObject *params)
{
    const char *id = dict_string(params, "vmID");
    g_autoptr(Definition) definition = NULL;
    GError *error = NULL;
    Vm *vm;
    Op *op;

    if (agent_vm(agent, id)) {
        g_autofree char *text = context_message("Virtual machine already exists", "vmId", id);
        rpc_call_fail(call, RPC_VM_EXISTS, text);
        return;
    }
    definition = create_plan(agent, id, dict_object(params, "vmParams"), &error);
    if (!definition) {
        rpc_call_fail_error(call, error);
        return;
    }
    vm = vm_new(definition);
    vm->creating = TRUE;
    agent_add_vm(agent, vm);
    log_info("vm=%s name=%s status=WaitForLaunch", vm->view->id, definition->name);
    create_answer(call, vm);
    agent_notify(agent, vm);
    op = op_new(agent, NULL, vm->view->id);
    op->xml = g_strdup(definition->xml);
    op_push(op, create_work, create_done);
}

/* ---- VM.destroy ---- */

static void destroy_work(gpointer data)
{
    Op *op = data;

    if (!virt_domain_destroy(op->agent->virt, op->vm_id, &op->error) &&
        g_error_matches(op->error, VIRT_ERROR, VIRT_ERROR_NO_DOMAIN))
        g_clear_error(&op->error); /* gone is what was asked for */
    if (!op->error)
        (void)ports_tidy(op->agent->tapwalld, op->vm_id, NULL, NULL); /* as above */
}

static void destroy_done(gpointer data)
{
    Op *op = data;
    Vm *vm = agent_vm(op->agent, op->vm_id);

    if (op->error) {
        op_fail(op, RPC_DESTROY_FAILED, "Virtual machine destroy error");
        return;
    }
    if (vm) {
        agent_vm_down(op->agent, vm, (VmExit){0, VM_EXIT_ADMIN_SHUTDOWN}, NULL);
        g_hash_table_remove(op->agent->vms, op->vm_id);
    }
    op_return_true(op);
}

void verb_destroy(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_vm(agent, call, params);

    if (!vm)
        return;
    if (vm->view->state == VM_DOWN && !jobs_busy(agent->jobs, vm->view->id)) {
        g_hash_table_remove(agent->vms, vm->view->id);
        rpc_call_return(call, NULL);
        return;
    }
    op_push(op_new(agent, call, vm->view->id), destroy_work, destroy_done);
}

/* ---- VM.shutdown ---- */

static void shutdown_work(gpointer data)
{
    Op *op = data;

    /* done tells the failure */
    (void)(op->reboot ? virt_domain_reboot : virt_domain_shutdown)(op->agent->virt, op->vm_id,
                                                                   &op->error);
}

static void shutdown_done(gpointer data)
{
    Op *op = data;
    Vm *vm = agent_vm(op->agent, op->vm_id);

    if (op->error) {
        op_fail(op, RPC_GENERAL, "General Exception: cannot shut down");
        return;
    }
    if (vm && !op->reboot && vm->view->state != VM_DOWN) {
        vm->shutdown_asked = TRUE;
        agent_vm_state(op->agent, vm, VM_POWERING_DOWN);
    }
    op_return_true(op);
}

void verb_shutdown(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_running_vm(agent, call, params);
    Op *op;

    if (!vm)
        return;
    if (dict_bool(params, "force", FALSE)) {
        rpc_call_fail(call, RPC_INVALID_PARAMETER,
                      "Invalid parameter: force is not supported: use VM.destroy");
        return;
    }
    op = op_new(agent, call, vm->view->id);
    op->reboot = dict_bool(params, "reboot", FALSE);
    op_push(op, shutdown_work, shutdown_done);
}

/* ---- VM.getStats ---- */

void verb_get_stats(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_vm(agent, call, params);
    JsonArray *list;
    JsonNode *node;

    if (!vm)
        return;
    list = json_array_new();
    node = json_node_new(JSON_NODE_ARRAY);
    json_array_add_object_element(list, view_to_stats(vm->view));
    json_node_take_array(node, list);
    rpc_call_return(call, node);
}
