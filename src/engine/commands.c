/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/events.h"
#include "engine/lane.h"
#include "engine/vm-call.h"
#include "engine/vm-state.h"

/*
 * Run, shut down, stop. A command stores what is to be, stages the call, and is done; the state
 * then follows from what the host answers and reports.
 */

/* Of the cluster's hosts that are up, the one with the fewest VMs; NULL without an error for none.
 */
static Host *host_choose(Engine *engine, const char *cluster_id, GError **error)
{
    StoreCondition wanted[] = {{.column = "cluster_id", .text = cluster_id},
                               {.column = "status", .number = HOST_UP}};
    StoreQuery query = {.conditions = wanted, .n_conditions = G_N_ELEMENTS(wanted)};
    g_autoptr(GPtrArray) hosts = store_host_list(engine->store, &query, error);
    gint64 fewest = G_MAXINT64;
    int best = -1;
    for (guint i = 0; hosts && i < hosts->len; i++) {
        StoreCondition there = {.column = "run_on_vds", .text = ((Host *)hosts->pdata[i])->id};
        StoreQuery count = {.conditions = &there, .n_conditions = 1};
        gint64 vms = store_count(engine->store, ENTITY_VM, &count, error);
        if (vms < 0)
            return NULL;
        if (vms < fewest)
            best = (int)i;
        fewest = MIN(fewest, vms);
    }
    return best < 0 ? NULL : g_ptr_array_steal_index(hosts, (guint)best);
}

static Vm *vm_load(Engine *engine, const char *id, GError **error)
{
    Vm *vm = store_vm(engine->store, id, error);
    if (!vm)
        engine_translate(error);
    return vm;
}

static void remember(char **to, const Actor *actor)
{
    g_free(*to);
    *to = g_strdup(actor ? actor->user : NULL);
}

static gboolean start_on(Engine *engine, const Actor *actor, Vm *vm, const Host *host,
                         GError **error)
{
    vm->host_id = g_strdup(host->id);
    vm->start_time = g_get_real_time() / G_USEC_PER_SEC;
    vm->stop_requested = FALSE;
    g_clear_pointer(&vm->exit_message, g_free);
    Call *create = vm_call_create(engine, vm, actor, error);
    if (!create)
        return FALSE;
    Lane *lane = lane_get(engine, vm->id);
    lane_push(engine, create);
    lane->starts++;
    remember(&lane->starter, actor);
    EventSubject subject = {.actor = actor, .vm = vm, .host = host};
    return vm_state_set(engine, vm, VM_WAIT_FOR_LAUNCH, error) &&
           event_add(engine, EVENT_VM_RUN_INITIATED, &subject, error);
}

gboolean engine_vm_start(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Vm) vm = vm_load(engine, id, error);
    if (!vm)
        return FALSE;
    if (vm->status != VM_DOWN)
        return engine_refuse(error, ENGINE_ERROR_CONFLICT, "Cannot run VM. VM is running.");
    GError *failure = NULL;
    g_autoptr(Host) host = host_choose(engine, vm->cluster_id, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return engine_translate(error);
    }
    if (!host)
        return engine_refuse(error, ENGINE_ERROR_CONFLICT,
                             "Cannot run VM. There is no host that satisfies current scheduling "
                             "constraints: no Host of the Cluster is up.");
    return start_on(engine, actor, vm, host, error);
}

static gboolean check_running(const Vm *vm, const char *verb, GError **error)
{
    if (vm->status != VM_DOWN && vm->host_id)
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_CONFLICT, "Cannot %s VM. VM is not running.", verb);
}

gboolean engine_vm_shutdown(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Vm) vm = vm_load(engine, id, error);
    if (!vm || !check_running(vm, "shutdown", error))
        return FALSE;
    if (vm->status == VM_POWERING_DOWN)
        return TRUE; /* asked already */
    if (vm->status == VM_WAIT_FOR_LAUNCH || vm->status == VM_UNKNOWN)
        return engine_refuse(error, ENGINE_ERROR_CONFLICT,
                             "Cannot shutdown VM. VM is in status %s; stop it instead.",
                             vm_status_names[vm->status]);
    g_autoptr(Host) host = store_host(engine->store, vm->host_id, NULL);
    EventSubject subject = {.actor = actor, .vm = vm, .host = host};
    lane_push(engine, vm_call_shutdown(vm, actor));
    return vm_state_set(engine, vm, VM_POWERING_DOWN, error) &&
           event_add(engine, EVENT_VM_SHUTDOWN_INITIATED, &subject, error);
}

/* Stopping what is being stopped is fine: the wish is the same. */
gboolean engine_vm_stop(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Vm) vm = vm_load(engine, id, error);
    if (!vm || !check_running(vm, "stop", error))
        return FALSE;
    if (!vm->stop_requested)
        remember(&lane_get(engine, vm->id)->stopper, actor);
    vm->stop_requested = TRUE;
    lane_push(engine, vm_call_destroy(vm, actor));
    return vm_state_set(engine, vm, vm->status, error);
}
