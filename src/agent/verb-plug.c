/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/metadata.h"
#include "agent/nic-xml.h"
#include "agent/op.h"
#include "agent/ports.h"
#include "agent/unplug.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "virt/domain.h"

/* VM.hotplugNic and VM.hotunplugNic: params is {vmId, nic: {...}} or {vmId, xml: "..."}. */

const Param verb_device_params[] = {
    {"vmID", PARAM_NAME, TRUE}, {"params", PARAM_OBJECT, TRUE}, {NULL}};

static const Param plug_keys[] = {
    {"vmId", PARAM_NAME}, {"nic", PARAM_OBJECT}, {"xml", PARAM_TEXT}, {NULL}};

static const Param nic_names[] = {{"alias", PARAM_NAME}, {"macAddr", PARAM_NAME}, {NULL}};

static gboolean missing(GError **error, const char *name)
{
    g_set_error(error, RPC_ERROR, RPC_MISSING_PARAMETER, "Missing required parameter %s", name);
    return FALSE;
}

/* ---- plugging ---- */

static gboolean parameters_equal(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const FilterParameter *one = a->pdata[i], *other = b->pdata[i];
        if (g_strcmp0(one->name, other->name) != 0 || g_strcmp0(one->value, other->value) != 0)
            return FALSE;
    }
    return TRUE;
}

/* Whether the NIC that is there is the one asked for, in what matters to others. */
static gboolean nic_is(const Nic *there, const Nic *wanted)
{
    return g_strcmp0(there->bridge, wanted->bridge) == 0 &&
           g_strcmp0(there->filter, wanted->filter) == 0 &&
           parameters_equal(there->parameters, wanted->parameters);
}

/* An engine that was cut off asks again for what it has asked for already. The VM's work is done
 * one after the other: so a NIC on its way is there, or has failed, when the second turn comes. */
static gboolean plug_is_repeated(const Agent *agent, const Vm *vm, const Nic *nic)
{
    const char *taker = nic->mac ? g_hash_table_lookup(agent->plugging, nic->mac) : NULL;
    const Nic *there = nic->mac ? definition_nic(vm->view->definition, NULL, nic->mac) : NULL;

    return taker ? g_strcmp0(taker, vm->view->id) == 0 : there && nic_is(there, nic);
}

/* TRUE when nothing is left to do: it is there, or another one with its MAC is. */
static gboolean plug_is_done(Op *op)
{
    const Nic *there = definition_nic(op->definition, NULL, op->nic->mac);

    if (there && !nic_is(there, op->nic))
        op->error = g_error_new(RPC_ERROR, RPC_HOTPLUG_NIC_FAILED,
                                "the VM has another NIC with the MAC address %s", op->nic->mac);
    return there != NULL;
}

/* The metadata first: a NIC that libvirt has, and the metadata does not know, would come back from
 * a restart of the agent without its name. Of one that stays out nobody asks. */
static gboolean plug_prepare(Op *op)
{
    g_autofree char *metadata = definition_metadata(op->definition, NULL, op->nic);

    return virt_domain_set_metadata(op->agent->virt, op->vm_id, metadata, METADATA_PREFIX,
                                    METADATA_URI, &op->error);
}

static void plug_undo(Op *op)
{
    g_autofree char *metadata = definition_metadata(op->definition, NULL, NULL);

    /* Should this fail too, readers overlook what names no NIC of the VM. */
    (void)virt_domain_set_metadata(op->agent->virt, op->vm_id, metadata, METADATA_PREFIX,
                                   METADATA_URI, NULL);
}

/* Onto a port that is bound before libvirt hears of it. */
static gboolean plug_attach(Op *op)
{
    const PortOwner owner = {op->agent->tapwalld, op->vm_id, op->definition->name};

    if (op->nic->own_tap && !port_open(&owner, op->nic, &op->error))
        return FALSE;
    if (virt_device_attach(op->agent->virt, op->vm_id, op->xml, &op->error))
        return TRUE;
    if (op->nic->own_tap) /* what libvirt still has open stays, and is found later */
        (void)ports_tidy(owner.filters, op->vm_id, op->definition, NULL);
    return FALSE;
}

static void plug_work(gpointer data)
{
    Op *op = data;

    if (!op_read(op) || plug_is_done(op) || !plug_prepare(op))
        return;
    if (plug_attach(op))
        (void)op_read(op); /* done tells the failure */
    else
        plug_undo(op);
}

/* What VDSM answers, with the whole NIC as libvirt has it. */
static JsonObject *plug_result(const Op *op, const Nic *nic)
{
    JsonObject *object = json_object_new();
    JsonArray *devices = json_array_new();

    json_array_add_object_element(devices, nic_to_json(nic));
    json_object_set_string_member(object, "vmId", op->vm_id);
    json_object_set_array_member(object, "devices", devices);
    json_object_set_string_member(object, "xml", op->definition->xml);
    return object;
}

static void plug_done(gpointer data)
{
    Op *op = data;
    Vm *vm = agent_vm(op->agent, op->vm_id);
    const Nic *nic;

    if (op->error) {
        op_fail(op, RPC_HOTPLUG_NIC_FAILED, "Failed to hotplug NIC");
        return;
    }
    nic = definition_nic(op->definition, NULL, op->nic->mac);
    if (!nic) {
        op_fail(op, RPC_HOTPLUG_NIC_FAILED,
                "Failed to hotplug NIC: it is not among the VM's devices afterwards");
        return;
    }
    log_info("vm=%s mac=%s device=%s filter=%s plugged", op->vm_id, nic->mac,
             nic->device ? nic->device : "", nic->filter ? nic->filter : "");
    op_return(op, plug_result(op, nic));
    if (vm && vm->view->state != VM_DOWN)
        agent_vm_definition(op->agent, vm, op->definition);
}

/* The NIC and the device XML of the call. */
static gboolean plug_read(Op *op, JsonObject *read, GError **error)
{
    const char *text = dict_string(read, "xml");
    g_autoptr(xmlDoc) document = NULL;
    xmlNodePtr interface;

    if (text) {
        document = nic_xml_parse(text, &interface, error);
        op->nic = document ? nic_from_xml(interface, error) : NULL;
    } else if (dict_object(read, "nic")) {
        document = xml_document("devices");
        op->nic = nic_from_json(dict_object(read, "nic"), error);
        interface = op->nic ? nic_to_xml(op->nic, xmlDocGetRootElement(document)) : NULL;
    } else {
        return missing(error, "nic");
    }
    if (!op->nic)
        return FALSE;
    if (!op->nic->mac)
        return missing(error, "macAddr");
    if (op->agent->settings.own_taps && !nic_take_tap(op->nic, interface, error))
        return FALSE;
    op->xml = xml_format(interface);
    return TRUE;
}

void verb_hotplug_nic(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_running_vm(agent, call, params);
    g_autoptr(JsonObject) read = NULL;
    g_autoptr(Op) op = NULL;
    GError *error = NULL;
    gboolean repeated;

    if (!vm)
        return;
    read = dict_read("params", plug_keys, dict_object(params, "params"), &error);
    op = op_new(agent, NULL, vm->view->id);
    repeated = read && plug_read(op, read, &error) && plug_is_repeated(agent, vm, op->nic);
    if (error || (!repeated && !verb_nic_check(agent, op->nic, &error))) {
        rpc_call_fail_error(call, error);
        return;
    }
    op->call = call;
    if (!repeated) {
        op->reserved_mac = g_strdup(op->nic->mac);
        g_hash_table_insert(agent->plugging, g_strdup(op->nic->mac), g_strdup(op->vm_id));
    }
    op_push(g_steal_pointer(&op), plug_work, plug_done);
}

/* ---- unplugging ---- */

static gboolean unplug_read(Op *op, JsonObject *read, GError **error)
{
    const char *text = dict_string(read, "xml");
    JsonObject *dict = dict_object(read, "nic");

    if (text) {
        xmlNodePtr interface;
        g_autoptr(xmlDoc) document = nic_xml_parse(text, &interface, error);
        g_autoptr(Nic) nic = document ? nic_from_xml(interface, error) : NULL;
        if (!nic)
            return FALSE;
        op->alias = g_strdup(nic->alias);
        op->mac = g_strdup(nic->mac);
    } else if (dict) {
        g_autoptr(JsonObject) names = dict_read("nic", nic_names, dict, error);
        if (!names)
            return FALSE;
        /* An old alias beside a MAC may be another NIC's by now: the MAC decides. */
        if (!dict_string(names, "macAddr"))
            op->alias = g_strdup(dict_string(names, "alias"));
        else if (!(op->mac = nic_mac_read("macAddr", dict_string(names, "macAddr"), error)))
            return FALSE;
    } else {
        return missing(error, "nic");
    }
    return op->mac || op->alias ? TRUE : missing(error, "macAddr");
}

void verb_hotunplug_nic(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_running_vm(agent, call, params);
    g_autoptr(JsonObject) read = NULL;
    g_autoptr(Op) op = NULL;
    GError *error = NULL;

    if (!vm)
        return;
    read = dict_read("params", plug_keys, dict_object(params, "params"), &error);
    op = op_new(agent, NULL, vm->view->id);
    if (!read || !unplug_read(op, read, &error)) {
        rpc_call_fail_error(call, error);
        return;
    }
    op->call = call;
    unplug_start(g_steal_pointer(&op));
}
