/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mac.h"
#include "engine/events.h"
#include "engine/filter.h"
#include "engine/lane.h"

/* NICs as they are configured. What is done to those of running VMs is in nic-call.c. */

#define NICS_MAX 28 /* of a VM: more find no PCI slot */

static const char *const models[] = {"virtio", "e1000", "e1000e", "rtl8139"};

static Vm *nic_vm(Engine *engine, const char *vm_id, GError **error)
{
    return engine_vm(engine, vm_id, error); /* an unknown VM is an unknown address: NOT_FOUND */
}

GPtrArray *engine_nics(Engine *engine, const char *vm_id, GError **error)
{
    g_autoptr(Vm) vm = nic_vm(engine, vm_id, error);
    if (!vm)
        return NULL;
    StoreCondition condition = {.column = "vm_guid", .text = vm_id};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1};
    GPtrArray *nics = store_nic_list(engine->store, &query, error);
    if (!nics)
        engine_translate(error);
    return nics;
}

Nic *engine_nic(Engine *engine, const char *vm_id, const char *id, GError **error)
{
    g_autoptr(Nic) nic = store_nic(engine->store, id, error);
    if (!nic) {
        engine_translate(error);
        return NULL;
    }
    if (g_str_equal(nic->vm_id, vm_id))
        return g_steal_pointer(&nic);
    engine_refuse(error, ENGINE_ERROR_NOT_FOUND, "no NIC with id %s in VM %s", id, vm_id);
    return NULL;
}

/* ---- checks ---- */

static gboolean model_check(Nic *nic, const char *verb, GError **error)
{
    if (!nic->model)
        nic->model = g_strdup(models[0]);
    for (gsize i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_str_equal(models[i], nic->model))
            return TRUE;
    return engine_refuse(
        error, ENGINE_ERROR_BAD_INPUT,
        "Cannot %s Interface. The interface type '%.64s' is none of virtio, e1000, "
        "e1000e, rtl8139.",
        verb, nic->model);
}

static gboolean mac_check(Engine *engine, Nic *nic, const char *verb, GError **error)
{
    if (!nic->mac) {
        nic->mac = mac_pool_take(engine->pool, engine->store, error);
        return nic->mac != NULL;
    }
    guint64 mac;
    if (!mac_parse(nic->mac, &mac))
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "Cannot %s Interface. MAC Address '%.64s' is not valid: six pairs of "
                             "hexadecimal digits such as 52:54:00:00:00:01 are expected.",
                             verb, nic->mac);
    if (mac == 0 || mac_is_group(mac))
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "Cannot %s Interface. MAC Address %s is not a unicast address.", verb,
                             nic->mac);
    g_free(nic->mac);
    nic->mac = g_strdup(mac_format(mac, (char[MAC_TEXT_SIZE]){0}));
    return TRUE;
}

static gboolean network_check(Engine *engine, const Nic *nic, GError **error)
{
    if (!nic->network_id)
        return TRUE;
    g_autoptr(Network) network = store_network(engine->store, nic->network_id, error);
    return network || engine_reference(error, "Network");
}

static gboolean nic_check(Engine *engine, Nic *nic, const char *verb, GError **error)
{
    return name_check(nic->name, verb, "Interface", error) && model_check(nic, verb, error) &&
           network_check(engine, nic, error) && mac_check(engine, nic, verb, error);
}

static gboolean find(Engine *engine, const Nic *nic, const StoreCondition *conditions, guint n,
                     gboolean *found, GError **error)
{
    StoreQuery query = {.conditions = conditions, .n_conditions = n};
    g_autoptr(GPtrArray) nics = store_nic_list(engine->store, &query, error);
    if (!nics)
        return engine_translate(error);
    *found = nics->len > 0 && !g_str_equal(((Nic *)nics->pdata[0])->id, nic->id);
    return TRUE;
}

/* The database would refuse it too, but could not say which of the two it was. */
static gboolean unique_check(Engine *engine, const Nic *nic, const char *verb, GError **error)
{
    StoreCondition mac = {.column = "mac_addr", .text = nic->mac};
    StoreCondition name[] = {{.column = "vm_guid", .text = nic->vm_id},
                             {.column = "name", .text = nic->name}};
    gboolean taken;
    if (!find(engine, nic, &mac, 1, &taken, error))
        return FALSE;
    if (taken)
        return engine_refuse(error, ENGINE_ERROR_CONFLICT,
                             "Cannot %s Interface. MAC Address %s is already in use.", verb,
                             nic->mac);
    if (!find(engine, nic, name, 2, &taken, error))
        return FALSE;
    return !taken || engine_refuse(error, ENGINE_ERROR_CONFLICT,
                                   "Cannot %s Interface. The Interface name is already in use, "
                                   "please choose a unique name and try again.",
                                   verb);
}

static gboolean count_check(Engine *engine, const Vm *vm, GError **error)
{
    StoreCondition condition = {.column = "vm_guid", .text = vm->id};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1};
    gint64 count = store_count(engine->store, ENTITY_NIC, &query, error);
    if (count < 0)
        return engine_translate(error);
    return count < NICS_MAX ||
           engine_refuse(error, ENGINE_ERROR_CONFLICT,
                         "Cannot add Interface. A VM has at most %d network interfaces.", NICS_MAX);
}

/* ---- changes ---- */

static gboolean tell(Engine *engine, EventCode code, const Actor *actor, const Vm *vm,
                     const Nic *nic, GError **error)
{
    EventSubject subject = {.actor = actor, .vm = vm, .nic = nic};
    return event_add(engine, code, &subject, error);
}

static Nic *nic_configuration(const Nic *from)
{
    Nic *nic = nic_new();
    nic->id = g_strdup(from->id);
    nic->vm_id = g_strdup(from->vm_id);
    nic->name = g_strdup(from->name);
    nic->network_id = g_strdup(from->network_id);
    nic->mac = g_strdup(from->mac);
    nic->model = g_strdup(from->model);
    nic->plugged = from->plugged;
    nic->linked = from->linked;
    return nic;
}

Nic *engine_nic_add(Engine *engine, const Actor *actor, const Nic *wish, GError **error)
{
    g_autoptr(Vm) vm = nic_vm(engine, wish->vm_id, error);
    if (!vm || !count_check(engine, vm, error))
        return NULL;
    g_autoptr(Nic) nic = nic_configuration(wish);
    g_free(nic->id);
    nic->id = g_uuid_string_random();
    if (!nic_check(engine, nic, "add", error) || !unique_check(engine, nic, "add", error))
        return NULL;
    if (!store_nic_insert(engine->store, nic, error)) {
        engine_translate(error);
        return NULL;
    }
    if (!tell(engine, EVENT_NIC_ADDED, actor, vm, nic, error))
        return NULL;
    lane_wish(engine, vm->id, actor);
    return g_steal_pointer(&nic);
}

static void take_report(Nic *nic, const Nic *stored)
{
    nic->reported = stored->reported;
    nic->reported_filter = g_strdup(stored->reported_filter);
    nic->reported_parameters = g_strdup(stored->reported_parameters);
    nic->reported_enforcement = g_strdup(stored->reported_enforcement);
    nic->reported_device = g_strdup(stored->reported_device);
    nic->reported_network = g_strdup(stored->reported_network);
    nic->reported_linked = stored->reported_linked;
    nic->alias = g_strdup(stored->alias);
}

/* Name, MAC and model are what the guest sees: they change only while it does not see the NIC. */
static gboolean plugged_check(const Vm *vm, const Nic *nic, const Nic *stored, GError **error)
{
    gboolean same = g_str_equal(nic->name, stored->name) && g_str_equal(nic->mac, stored->mac) &&
                    g_str_equal(nic->model, stored->model);
    if (same || vm->status == VM_DOWN || !(stored->reported || stored->plugged))
        return TRUE;
    return engine_refuse(
        error, ENGINE_ERROR_CONFLICT,
        "Cannot edit Interface. Name, MAC address and type cannot be changed while "
        "the Interface is plugged to a running VM.");
}

gboolean engine_nic_update(Engine *engine, const Actor *actor, const Nic *wish, GError **error)
{
    g_autoptr(Vm) vm = nic_vm(engine, wish->vm_id, error);
    g_autoptr(Nic) stored = vm ? engine_nic(engine, wish->vm_id, wish->id, error) : NULL;
    if (!stored)
        return FALSE;
    g_autoptr(Nic) nic = nic_configuration(wish);
    if (!nic_check(engine, nic, "edit", error) || !unique_check(engine, nic, "edit", error) ||
        !plugged_check(vm, nic, stored, error))
        return FALSE;
    take_report(nic, stored);
    if (!store_nic_update(engine->store, nic, error))
        return engine_translate(error);
    lane_wish(engine, vm->id, actor);
    /* On a running VM the events tell when it is done. */
    gboolean running = vm->status != VM_DOWN && (nic->plugged || stored->reported);
    return running || tell(engine, EVENT_NIC_UPDATED, actor, vm, nic, error);
}

gboolean engine_nic_remove(Engine *engine, const Actor *actor, const char *vm_id, const char *id,
                           GError **error)
{
    g_autoptr(Vm) vm = nic_vm(engine, vm_id, error);
    g_autoptr(Nic) nic = vm ? engine_nic(engine, vm_id, id, error) : NULL;
    if (!nic)
        return FALSE;
    if (vm->status != VM_DOWN && (nic->plugged || nic->reported))
        return engine_refuse(error, ENGINE_ERROR_CONFLICT,
                             "Cannot remove Interface. The Interface is plugged to a running VM.");
    if (!store_nic_remove(engine->store, id, error))
        return engine_translate(error);
    return tell(engine, EVENT_NIC_REMOVED, actor, vm, nic, error);
}

gboolean engine_nic_synced(Engine *engine, const Nic *nic, gboolean *synced, GError **error)
{
    *synced = TRUE;
    if (!nic->reported)
        return TRUE;
    g_autoptr(Vm) vm = store_vm(engine->store, nic->vm_id, error);
    g_autoptr(Cluster) cluster = vm ? store_cluster(engine->store, vm->cluster_id, error) : NULL;
    if (!cluster)
        return engine_translate(error);
    const char *wanted = nic_filter(nic, cluster, engine->anti_spoofing);
    *synced = vm->status == VM_DOWN || g_strcmp0(wanted, nic->reported_filter) == 0;
    return TRUE;
}
