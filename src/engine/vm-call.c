/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vm-call.h"

#include "engine/dict.h"
#include "engine/nic-call.h"
#include "engine/vm-state.h"

/* The VM if it still is where the call found it; NULL with *error unset if nobody cares any more.
 */
static Vm *subject_load(Engine *engine, const Call *call, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Vm) vm = store_vm(engine->store, call->vm_id, &failure);
    if (vm && vm->status != VM_DOWN && g_strcmp0(vm->host_id, call->host_id) == 0)
        return g_steal_pointer(&vm);
    if (failure && !g_error_matches(failure, STORE_ERROR, STORE_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        engine_translate(error);
    }
    return NULL;
}

static gboolean tell(Engine *engine, const Call *call, const Vm *vm, EventCode code, GError **error)
{
    Actor actor;
    g_autoptr(Host) host = store_host(engine->store, call->host_id, NULL);
    EventSubject subject = {
        .actor = call_actor(call, &actor), .vm = vm, .host = host, .text = call->failure->message};
    return event_add(engine, code, &subject, error);
}

/* ---- create ---- */

/* The host has refused it, or never heard of it: the VM is down. If nobody knows, it stays as it is
 * until the host says what it runs. */
static gboolean create_done(Engine *engine, const Call *call, GError **error)
{
    GError *failure = NULL;
    g_autoptr(Vm) vm = subject_load(engine, call, &failure);
    if (failure)
        g_propagate_error(error, failure);
    if (!vm || call_is_uncertain(call))
        return !failure;
    if (!call->failure)
        return vm_state_take_launch(engine, vm, call->params, call->result, error);
    Actor actor;
    return tell(engine, call, vm, EVENT_VM_RUN_FAILED, error) &&
           vm_state_down(engine, vm, EVENT_VM_DOWN_ERROR, call_actor(call, &actor),
                         call->failure->message, error);
}

Call *vm_call_create(Engine *engine, const Vm *vm, const Actor *actor, GError **error)
{
    JsonArray *nics = nic_dicts(engine, vm, error);
    if (!nics)
        return NULL;
    return call_new(vm, "VM.create", dict_vm_create(vm, nics), create_done, actor);
}

/* ---- shutdown ---- */

static gboolean shutdown_done(Engine *engine, const Call *call, GError **error)
{
    GError *failure = NULL;
    g_autoptr(Vm) vm = subject_load(engine, call, &failure);
    if (failure)
        g_propagate_error(error, failure);
    if (!vm || !call->failure)
        return !failure;
    if (!tell(engine, call, vm, EVENT_VM_SHUTDOWN_FAILED, error))
        return FALSE;
    /* what it really is, the next report says */
    return vm->status != VM_POWERING_DOWN || vm_state_set(engine, vm, VM_UP, error);
}

Call *vm_call_shutdown(const Vm *vm, const Actor *actor)
{
    return call_new(vm, "VM.shutdown", dict_vm_shutdown(vm), shutdown_done, actor);
}

/* ---- destroy ---- */

/* A host that does not know the VM has nothing to destroy. A wish that could not be sent stays
 * stored. */
static gboolean destroy_done(Engine *engine, const Call *call, GError **error)
{
    GError *failure = NULL;
    g_autoptr(Vm) vm = subject_load(engine, call, &failure);
    if (failure)
        g_propagate_error(error, failure);
    if (!vm || call_is_uncertain(call) || call_was_unsent(call))
        return !failure;
    Actor actor;
    if (!call->failure || g_error_matches(call->failure, RPC_ERROR, RPC_NO_SUCH_VM))
        return vm_state_down(engine, vm, EVENT_VM_STOPPED, call_actor(call, &actor),
                             "destroyed on request", error);
    vm->stop_requested = FALSE;
    return tell(engine, call, vm, EVENT_VM_STOP_FAILED, error) &&
           vm_state_set(engine, vm, vm->status, error);
}

Call *vm_call_destroy(const Vm *vm, const Actor *actor)
{
    Call *call = call_new(vm, "VM.destroy", dict_vm(vm), destroy_done, actor);
    call->destroys = TRUE;
    return call;
}

/* Whatever the host answers: if it still has the VM, it says so again, and is told again. */
static gboolean forget_done(Engine *engine, const Call *call, GError **error)
{
    return TRUE;
}

Call *vm_call_forget(const char *host_id, const Vm *vm)
{
    Call *call = call_new(vm, "VM.destroy", dict_vm(vm), forget_done, NULL);
    g_free(call->host_id);
    call->host_id = g_strdup(host_id);
    return call;
}
