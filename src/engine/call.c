/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/call.h"

#include "engine/lane.h"
#include "engine/monitor.h"

Call *call_new(const Vm *vm, const char *method, JsonNode *params, CallDone done,
               const Actor *actor)
{
    Call *call = g_new0(Call, 1);
    call->host_id = g_strdup(vm->host_id);
    call->vm_id = g_strdup(vm->id);
    call->method = method;
    call->params = params;
    call->done = done;
    call->user = g_strdup(actor ? actor->user : NULL);
    call->correlation_id = g_strdup(actor ? actor->correlation_id : NULL);
    return call;
}

void call_free(Call *call)
{
    if (!call)
        return;
    g_free(call->host_id);
    g_free(call->vm_id);
    g_free(call->nic_id);
    g_free(call->user);
    g_free(call->correlation_id);
    g_free(call->bridge);
    g_clear_pointer(&call->params, json_node_unref);
    g_clear_pointer(&call->result, json_node_unref);
    g_clear_error(&call->failure);
    g_free(call);
}

const Actor *call_actor(const Call *call, Actor *actor)
{
    *actor = (Actor){.user = call->user, .correlation_id = call->correlation_id};
    return call->user ? actor : NULL;
}

gboolean call_is_uncertain(const Call *call)
{
    return g_error_matches(call->failure, RPC_ERROR, RPC_NO_ANSWER);
}

gboolean call_was_unsent(const Call *call)
{
    return g_error_matches(call->failure, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

static gpointer end_call(Engine *engine, gpointer data, GError **error)
{
    const Call *call = data;
    lane_call_ended(engine, call);
    if (call->start != lane_get(engine, call->vm_id)->starts)
        return WORK_DONE;
    return call->done(engine, call, error) ? WORK_DONE : NULL;
}

void call_finish(Engine *engine, Call *call, JsonNode *result, GError *failure)
{
    call->result = result;
    call->failure = failure;
    engine_submit_detached(engine, end_call, call, (GDestroyNotify)call_free);
}

void call_send(Engine *engine, Call *call)
{
    HostMonitor *monitor =
        engine->monitors ? g_hash_table_lookup(engine->monitors, call->host_id) : NULL;
    if (monitor)
        monitor_call(monitor, call);
    else
        call_finish(
            engine, call, NULL,
            g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "the host is not connected"));
}
