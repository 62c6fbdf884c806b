/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/nic-call.h"

#include "engine/dict.h"
#include "engine/events.h"
#include "engine/filter.h"
#include "engine/lane.h"
#include "engine/nic-counts.h"
#include "engine/vm-state.h"

NicStep nic_next_step(const Nic *nic, const char *bridge)
{
    if (nic->plugged != nic->reported)
        return nic->plugged ? NIC_PLUG : NIC_UNPLUG;
    if (!nic->plugged)
        return NIC_KEEP;
    gboolean linked =
        bridge && nic->linked; /* without a network there is nothing to be linked to */
    return linked != nic->reported_linked || g_strcmp0(bridge, nic->reported_network) != 0
               ? NIC_UPDATE
               : NIC_KEEP;
}

gboolean nic_bridge(Engine *engine, const Nic *nic, char **bridge, GError **error)
{
    *bridge = NULL;
    if (!nic->network_id)
        return TRUE;
    g_autoptr(Network) network = store_network(engine->store, nic->network_id, error);
    if (!network)
        return engine_translate(error);
    *bridge = g_strdup(network->bridge);
    return TRUE;
}

JsonArray *nic_dicts(Engine *engine, const Vm *vm, GError **error)
{
    g_autoptr(GPtrArray) nics = engine_nics(engine, vm->id, error);
    g_autoptr(Cluster) cluster = nics ? store_cluster(engine->store, vm->cluster_id, error) : NULL;
    if (!cluster) {
        engine_translate(error);
        return NULL;
    }
    g_autoptr(JsonArray) array = json_array_new();
    for (guint i = 0; i < nics->len; i++) {
        const Nic *nic = nics->pdata[i];
        g_autofree char *bridge = NULL;
        if (!nic->plugged)
            continue;
        if (!nic_bridge(engine, nic, &bridge, error))
            return NULL;
        const char *filter = nic_filter(nic, cluster, engine->anti_spoofing);
        json_array_add_object_element(array, dict_nic(nic, bridge, filter));
    }
    return g_steal_pointer(&array);
}

/* ---- when the answer comes ---- */

typedef struct {
    Vm *vm;
    Nic *nic;
} Subject;

static void subject_clear(Subject *subject)
{
    vm_free(subject->vm);
    nic_free(subject->nic);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

/* FALSE with *error unset: the VM or NIC is gone, or it runs no more, and nobody cares. */
static gboolean subject_load(Engine *engine, const Call *call, Subject *subject, GError **error)
{
    g_autoptr(GError) failure = NULL;
    subject->vm = store_vm(engine->store, call->vm_id, &failure);
    subject->nic = subject->vm ? store_nic(engine->store, call->nic_id, &failure) : NULL;
    if (subject->nic)
        return subject->vm->status != VM_DOWN && subject->vm->host_id;
    if (!g_error_matches(failure, STORE_ERROR, STORE_ERROR_NOT_FOUND))
        g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean forget_or_fail(GError *failure, GError **error)
{
    if (!failure)
        return TRUE;
    g_propagate_error(error, failure);
    return engine_translate(error);
}

static gboolean tell(Engine *engine, const Call *call, const Subject *subject, EventCode code,
                     GError **error)
{
    Actor actor;
    EventSubject event = {.actor = call_actor(call, &actor),
                          .vm = subject->vm,
                          .nic = subject->nic,
                          .text = call->failure ? call->failure->message : NULL};
    return event_add(engine, code, &event, error);
}

static gboolean store_and_tell(Engine *engine, const Call *call, const Subject *subject,
                               EventCode code, GError **error)
{
    if (!store_nic_update(engine->store, subject->nic, error))
        return engine_translate(error);
    return tell(engine, call, subject, code, error);
}

/* Whether the wish behind a failed call is given up: not if it was renewed meanwhile. */
static gboolean gives_up(Engine *engine, const Call *call)
{
    return !lane_get(engine, call->vm_id)->changed;
}

/* What an answer means for the NIC. */
typedef struct {
    void (*take)(Engine *engine, const Call *call, Nic *nic);      /* it is done */
    gboolean (*give_up)(Engine *engine, Nic *nic, GError **error); /* it was refused */
    EventCode done, failed;
} Outcome;

static gboolean nic_done(Engine *engine, const Call *call, const Outcome *outcome, GError **error)
{
    g_auto(Subject) s = {NULL, NULL};
    GError *failure = NULL;
    if (!subject_load(engine, call, &s, &failure))
        return forget_or_fail(failure, error);
    if (call_was_unsent(call) || call_is_uncertain(call))
        return TRUE; /* the wish stays, and is looked at again when the host is back */
    if (call->failure) {
        if (gives_up(engine, call) && !outcome->give_up(engine, s.nic, error))
            return FALSE;
        return store_and_tell(engine, call, &s, outcome->failed, error);
    }
    outcome->take(engine, call, s.nic);
    return store_and_tell(engine, call, &s, outcome->done, error);
}

static void take_link(Engine *engine, const Call *call, Nic *nic)
{
    nic->reported_linked = call->linked;
    g_free(nic->reported_network);
    nic->reported_network = g_strdup(call->bridge);
}

/* The host's answer to hotplugNic may hold the NIC as it is now; the report is what counts. */
static void take_plugged(Engine *engine, const Call *call, Nic *nic)
{
    nic->reported = TRUE;
    take_link(engine, call, nic);
    vm_state_take_nic_answer(nic, call->result);
}

static gboolean give_up_plug(Engine *engine, Nic *nic, GError **error)
{
    nic->plugged = FALSE;
    return TRUE;
}

static gboolean plug_done(Engine *engine, const Call *call, GError **error)
{
    static const Outcome outcome = {take_plugged, give_up_plug, EVENT_NIC_PLUGGED,
                                    EVENT_NIC_PLUG_FAILED};
    return nic_done(engine, call, &outcome, error);
}

static void take_unplugged(Engine *engine, const Call *call, Nic *nic)
{
    vm_state_clear_report(nic);
    nic_counts_forget(engine, nic);
}

static gboolean give_up_unplug(Engine *engine, Nic *nic, GError **error)
{
    nic->plugged = TRUE;
    return TRUE;
}

static gboolean unplug_done(Engine *engine, const Call *call, GError **error)
{
    static const Outcome outcome = {take_unplugged, give_up_unplug, EVENT_NIC_UNPLUGGED,
                                    EVENT_NIC_UNPLUG_FAILED};
    return nic_done(engine, call, &outcome, error);
}

/* A refused update leaves the wish as the host has it. */
static gboolean give_up_update(Engine *engine, Nic *nic, GError **error)
{
    nic->linked = nic->reported_linked || !nic->reported_network;
    g_clear_pointer(&nic->network_id, g_free);
    if (!nic->reported_network)
        return TRUE;
    StoreCondition condition = {.column = "vdsm_name", .text = nic->reported_network};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1, .limit = 1};
    g_autoptr(GPtrArray) networks = store_network_list(engine->store, &query, error);
    if (!networks)
        return engine_translate(error);
    if (networks->len)
        nic->network_id = g_strdup(((Network *)networks->pdata[0])->id);
    return TRUE;
}

static gboolean update_done(Engine *engine, const Call *call, GError **error)
{
    static const Outcome outcome = {take_link, give_up_update, EVENT_NIC_UPDATED,
                                    EVENT_NIC_UPDATE_FAILED};
    return nic_done(engine, call, &outcome, error);
}

/* ---- the next call ---- */

static Call *make_call(Engine *engine, const Vm *vm, const Nic *nic, const char *bridge,
                       NicStep step)
{
    const Lane *lane = lane_get(engine, vm->id);
    Actor wisher = {.user = lane->wisher, .correlation_id = lane->wisher_correlation};
    const Actor *actor = lane->wisher ? &wisher : NULL;
    g_autoptr(Cluster) cluster = store_cluster(engine->store, vm->cluster_id, NULL);
    if (!cluster)
        return NULL;
    const char *filter = nic_filter(nic, cluster, engine->anti_spoofing);
    /* A NIC that only gets another link keeps the filter it runs with. */
    gboolean moves = g_strcmp0(bridge, nic->reported_network) != 0;
    Call *call = NULL;
    switch (step) {
    case NIC_PLUG:
        call = call_new(vm, "VM.hotplugNic", dict_nic_plug(vm->id, dict_nic(nic, bridge, filter)),
                        plug_done, actor);
        break;
    case NIC_UNPLUG:
        call = call_new(vm, "VM.hotunplugNic", dict_nic_plug(vm->id, dict_nic(nic, bridge, filter)),
                        unplug_done, actor);
        break;
    case NIC_UPDATE:
        call = call_new(vm, "VM.updateDevice", dict_nic_update(nic, bridge, moves, filter),
                        update_done, actor);
        break;
    case NIC_KEEP:
        return NULL;
    }
    call->nic_id = g_strdup(nic->id);
    call->bridge = g_strdup(bridge);
    call->linked = bridge && nic->linked;
    return call;
}

/* Unplugs come first: they may free what a plug needs. */
static Call *first_call(Engine *engine, const Vm *vm, const GPtrArray *nics, gboolean unplugs)
{
    for (guint i = 0; i < nics->len; i++) {
        const Nic *nic = nics->pdata[i];
        g_autofree char *bridge = NULL;
        if (!nic_bridge(engine, nic, &bridge, NULL))
            continue;
        NicStep step = nic_next_step(nic, bridge);
        if (step != NIC_KEEP && (step == NIC_UNPLUG) == unplugs)
            return make_call(engine, vm, nic, bridge, step);
    }
    return NULL;
}

static gboolean host_serves(Engine *engine, const Vm *vm)
{
    g_autoptr(Host) host = vm->host_id ? store_host(engine->store, vm->host_id, NULL) : NULL;
    return host && (host->status == HOST_UP || host->status == HOST_NON_OPERATIONAL);
}

/* A store that fails here fails again, and is told, where the NICs are asked for; the wish stays.
 */
Call *nic_call_next(Engine *engine, const char *vm_id)
{
    g_autoptr(Vm) vm = store_vm(engine->store, vm_id, NULL);
    if (!vm || (vm->status != VM_UP && vm->status != VM_PAUSED) || !host_serves(engine, vm))
        return NULL;
    g_autoptr(GPtrArray) nics = engine_nics(engine, vm_id, NULL);
    if (!nics)
        return NULL;
    Call *call = first_call(engine, vm, nics, TRUE);
    if (!call)
        call = first_call(engine, vm, nics, FALSE);
    return call;
}
