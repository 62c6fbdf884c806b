/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/metadata.h"
#include "agent/nic-xml.h"
#include "agent/op.h"
#include "agent/ports.h"
#include "agent/takeover.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "virt/domain.h"
#include "virt/filter.h"

/*
 * VM.updateDevice: the filter, its parameters, the network and the link of a plugged NIC.
 *
 * What the call leaves out stays. libvirt changes bridge, filter and link one after the other and
 * does not undo the first when the next fails, so each is a step of its own here, filter first, and
 * after a failure the steps done are taken back in reverse.
 */

enum { CHANGE_FILTER = 1, CHANGE_PARAMETERS = 2, CHANGE_BRIDGE = 4, CHANGE_LINK = 8 };
enum { STEPS = 3 };

static const Param update_keys[] = {{"vmId", PARAM_NAME},          {"deviceType", PARAM_NAME},
                                    {"alias", PARAM_NAME},         {"macAddr", PARAM_NAME},
                                    {"network", PARAM_NAME},       {"linkActive", PARAM_BOOL},
                                    {"portMirroring", PARAM_LIST}, {"specParams", PARAM_OBJECT},
                                    {"xml", PARAM_TEXT},           {NULL}};

/* ---- in the worker ---- */

/* The VM's <interface> with the op's alias, in a document of its own. */
static xmlDocPtr interface_read(Op *op, xmlNodePtr *interface)
{
    static const char *const roots[] = {"domain", NULL};
    const char *xml = op->definition->xml;
    g_autoptr(xmlDoc) document = xml_parse(op->vm_id, xml, strlen(xml), roots, &op->error);
    xmlNodePtr node =
        document ? xml_first(xml_first(xmlDocGetRootElement(document), "devices"), "interface")
                 : NULL;

    for (; node; node = xml_next(node, "interface")) {
        g_autofree char *alias = xml_get(xml_first(node, "alias"), "name");
        if (g_strcmp0(alias, op->alias) == 0) {
            *interface = node;
            return g_steal_pointer(&document);
        }
    }
    if (!op->error)
        op->error =
            g_error_new(RPC_ERROR, RPC_UPDATE_DEVICE_FAILED, "NIC not found: %s", op->alias);
    return NULL;
}

/* What the NIC shall be. */
static Nic *nic_wanted(const Op *op, const Nic *now)
{
    const char *filter = op->changes & CHANGE_FILTER ? op->nic->filter : now->filter;
    GPtrArray *parameters = op->changes & CHANGE_PARAMETERS ? op->nic->parameters : now->parameters;
    Nic *wanted = nic_copy(now);

    if (op->changes & (CHANGE_FILTER | CHANGE_PARAMETERS))
        nic_set_filter(wanted, filter, parameters);
    if (op->changes & CHANGE_LINK)
        wanted->linked = op->nic->linked;
    if (op->changes & CHANGE_BRIDGE) {
        g_free(wanted->bridge);
        wanted->bridge = g_strdup(op->nic->bridge);
        g_free(wanted->network);
        wanted->network = g_strdup(op->nic->network);
    }
    return wanted;
}

static void filter_step(const Op *op, const Nic *wanted, xmlNodePtr interface)
{
    if (op->changes & (CHANGE_FILTER | CHANGE_PARAMETERS))
        nic_xml_set_filter(interface, wanted->filter, wanted->parameters);
}

static void bridge_step(const Op *op, const Nic *wanted, xmlNodePtr interface)
{
    if (op->changes & CHANGE_BRIDGE)
        nic_xml_set_bridge(interface, wanted->bridge);
}

static void link_step(const Op *op, const Nic *wanted, xmlNodePtr interface)
{
    if (op->changes & CHANGE_LINK)
        nic_xml_set_link(interface, wanted->linked);
}

/* A filter that does not exist would first cost the NIC the one it has, if only for a moment. */
static gboolean filter_check(Op *op, const Nic *wanted)
{
    Virt *where = wanted->own_tap ? op->agent->tapwalld : op->agent->virt;
    g_autofree char *xml = NULL;

    if (!(op->changes & CHANGE_FILTER) || !wanted->filter)
        return TRUE;
    xml = virt_filter_xml(where, wanted->filter, &op->error);
    return xml != NULL;
}

/* Before the change, so that an agent that is cut off in the middle ends it when it is back. */
static gboolean metadata_set(Op *op, const Nic *nic, GError **error)
{
    g_autofree char *metadata = definition_metadata(op->definition, nic->mac, nic);

    return !op->definition->ours || virt_domain_set_metadata(op->agent->virt, op->vm_id, metadata,
                                                             METADATA_PREFIX, METADATA_URI, error);
}

/* Goes from states[0] to the last, or back to states[0]. */
static void steps_apply(Op *op, char *states[STEPS + 1])
{
    Virt *virt = op->agent->virt;
    g_autoptr(GError) undo = NULL;
    guint done;

    for (done = 0; done < STEPS; done++)
        if (strcmp(states[done], states[done + 1]) != 0 &&
            !virt_device_update(virt, op->vm_id, states[done + 1], &op->error))
            break;
    if (done == STEPS)
        return;
    for (; done > 0 && !undo; done--)
        if (strcmp(states[done], states[done - 1]) != 0)
            (void)virt_device_update(virt, op->vm_id, states[done - 1], &undo);
    if (undo)
        g_prefix_error(&op->error, "going back failed too (%s) after: ", undo->message);
}

static void libvirt_change(Op *op, const Nic *wanted, xmlNodePtr interface)
{
    static void (*const steps[STEPS])(const Op *, const Nic *,
                                      xmlNodePtr) = {filter_step, bridge_step, link_step};
    char *states[STEPS + 1];

    states[0] = xml_format(interface);
    for (guint i = 0; i < STEPS; i++) {
        steps[i](op, wanted, interface);
        states[i + 1] = xml_format(interface);
    }
    steps_apply(op, states);
    for (guint i = 0; i <= STEPS; i++)
        g_free(states[i]);
}

/* On a tap of ours filter and network are ours to change, the link is QEMU's. */
static void port_change(Op *op, const Nic *now, const Nic *wanted, xmlNodePtr interface)
{
    const PortOwner owner = {op->agent->tapwalld, op->vm_id, op->definition->name};
    gboolean anew = (op->changes & (CHANGE_FILTER | CHANGE_PARAMETERS)) != 0;
    g_autoptr(GError) undo = NULL;
    g_autofree char *xml = NULL;
    const char *done;

    link_step(op, wanted, interface);
    xml = xml_format(interface);
    if (port_settle(&owner, wanted, anew, &done, &op->error) &&
        (!(op->changes & CHANGE_LINK) ||
         virt_device_update(op->agent->virt, op->vm_id, xml, &op->error)))
        return;
    if (!port_settle(&owner, now, anew, &done, &undo))
        g_prefix_error(&op->error, "going back failed too (%s) after: ", undo->message);
}

static void update_nic(Op *op, const Nic *now)
{
    g_autoptr(Nic) wanted = nic_wanted(op, now);
    xmlNodePtr interface;
    g_autoptr(xmlDoc) document = interface_read(op, &interface);

    if (!document || !filter_check(op, wanted) || !metadata_set(op, wanted, &op->error))
        return;
    if (wanted->own_tap)
        port_change(op, now, wanted, interface);
    else
        libvirt_change(op, wanted, interface);
    if (op->error)
        (void)metadata_set(op, now, NULL); /* the error is the first one */
}

static void update_work(gpointer data)
{
    Op *op = data;
    g_autoptr(Definition) after = NULL;
    const Nic *now;

    if (!op_read(op))
        return;
    now = definition_nic(op->definition, op->alias, op->mac);
    if (now && !op->alias)
        op->alias = g_strdup(now->alias);
    if (!now || !op->alias) {
        op->error = g_error_new(RPC_ERROR, RPC_UPDATE_DEVICE_FAILED, "NIC not found: %s",
                                op->alias ? op->alias : op->mac);
        return;
    }
    update_nic(op, now);
    /* Also after a failure: the record is to show what is, not what we think. */
    after = takeover_read(op->agent->virt, op->vm_id, NULL, op->error ? NULL : &op->error);
    if (after) {
        definition_unref(op->definition);
        op->definition = g_steal_pointer(&after);
    }
}

/* ---- on the main loop ---- */

static void update_done(gpointer data)
{
    Op *op = data;
    Vm *vm = agent_vm(op->agent, op->vm_id);

    if (vm && vm->view->state != VM_DOWN && op->definition)
        agent_vm_definition(op->agent, vm, op->definition);
    if (op->error) {
        op_fail(op, RPC_UPDATE_DEVICE_FAILED, "Failed to update device");
        return;
    }
    log_info("vm=%s alias=%s updated", op->vm_id, op->alias);
    op_return(op, json_object_new());
}

static gboolean invalid(GError **error, const char *text)
{
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER, "Invalid parameter: %s", text);
    return FALSE;
}

/* The network part is read by the same rules as a whole NIC's. */
static gboolean network_read(Op *op, JsonObject *read, GError **error)
{
    const char *network = dict_string(read, "network");

    if (!network)
        return TRUE;
    op->changes |= CHANGE_BRIDGE;
    op->nic->network = g_strdup(network);
    if (network[0] == '\0') {
        op->nic->bridge = g_strdup(NIC_DUMMY_BRIDGE);
        op->nic->linked = FALSE;
        op->changes |= CHANGE_LINK;
        return TRUE;
    }
    op->nic->bridge = g_strdup(network);
    return name_is_plain(network) || invalid(error, "network is not the name of a network");
}

static gboolean filter_read(Op *op, JsonObject *dict, GError **error)
{
    gboolean given;
    GPtrArray *parameters;

    if (!nic_filter_from_json(dict, &op->nic->filter, &given, error))
        return FALSE;
    if (given)
        op->changes |= CHANGE_FILTER;
    if (!json_object_has_member(dict, "filterParameters"))
        return TRUE;
    parameters = nic_parameters_from_json(dict, error);
    if (!parameters)
        return FALSE;
    g_ptr_array_unref(op->nic->parameters);
    op->nic->parameters = parameters;
    op->changes |= CHANGE_PARAMETERS;
    return TRUE;
}

static gboolean dictionary_read(Op *op, JsonObject *read, JsonObject *dict, GError **error)
{
    const char *type = dict_string(read, "deviceType");
    JsonArray *mirroring = dict_list(read, "portMirroring");
    JsonObject *spec = dict_object(read, "specParams");

    if (!type || !(dict_string(read, "alias") || dict_string(read, "macAddr"))) {
        g_set_error(error, RPC_ERROR, RPC_MISSING_PARAMETER, "Missing required parameter %s",
                    type ? "alias" : "deviceType");
        return FALSE;
    }
    if (strcmp(type, "interface") != 0)
        return invalid(error, "deviceType must be interface");
    if ((mirroring && json_array_get_length(mirroring) > 0) ||
        (spec && json_object_get_size(spec) > 0))
        return invalid(error, "portMirroring and specParams are not supported");
    op->nic = nic_new();
    op->alias = g_strdup(dict_string(read, "alias"));
    if (dict_string(read, "macAddr") &&
        !(op->mac = nic_mac_read("macAddr", dict_string(read, "macAddr"), error)))
        return FALSE;
    op->nic->linked = dict_bool(read, "linkActive", TRUE);
    if (json_object_has_member(read, "linkActive"))
        op->changes |= CHANGE_LINK;
    return network_read(op, read, error) && filter_read(op, dict, error);
}

/* An <interface> says all: what it does not have, the NIC shall not have. */
static gboolean xml_read(Op *op, const char *text, GError **error)
{
    xmlNodePtr interface;
    g_autoptr(xmlDoc) document = nic_xml_parse(text, &interface, error);

    op->nic = document ? nic_from_xml(interface, error) : NULL;
    if (!op->nic)
        return FALSE;
    op->alias = g_strdup(op->nic->alias);
    op->mac = g_strdup(op->nic->mac);
    op->changes = CHANGE_FILTER | CHANGE_PARAMETERS | CHANGE_LINK;
    if (op->nic->bridge)
        op->changes |= CHANGE_BRIDGE;
    return op->alias || op->mac || invalid(error, "the interface has neither alias nor mac");
}

static gboolean update_read(Op *op, JsonObject *dict, GError **error)
{
    g_autoptr(JsonObject) read = dict_read("params", update_keys, dict, error);
    const char *xml = read ? dict_string(read, "xml") : NULL;

    if (!read || !(xml ? xml_read(op, xml, error) : dictionary_read(op, read, dict, error)))
        return FALSE;
    return !(op->changes & CHANGE_BRIDGE) || verb_bridge_check(op->nic, error);
}

void verb_update_device(Agent *agent, RpcCall *call, JsonObject *params)
{
    Vm *vm = verb_running_vm(agent, call, params);
    g_autoptr(Op) op = NULL;
    GError *error = NULL;

    if (!vm)
        return;
    op = op_new(agent, NULL, vm->view->id);
    if (!update_read(op, dict_object(params, "params"), &error)) {
        rpc_call_fail_error(call, error);
        return;
    }
    op->call = call;
    op_push(g_steal_pointer(&op), update_work, update_done);
}
