/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lane.h"

#include "engine/nic-call.h"

void lane_free(gpointer data)
{
    Lane *lane = data;
    g_queue_clear_full(&lane->calls, (GDestroyNotify)call_free);
    g_free(lane->starter);
    g_free(lane->stopper);
    g_free(lane->wisher);
    g_free(lane->wisher_correlation);
    g_free(lane);
}

Lane *lane_get(Engine *engine, const char *vm_id)
{
    Lane *lane = g_hash_table_lookup(engine->lanes, vm_id);
    if (!lane) {
        lane = g_new0(Lane, 1);
        g_queue_init(&lane->calls);
        g_hash_table_insert(engine->lanes, g_strdup(vm_id), lane);
    }
    return lane;
}

void lane_forget(Engine *engine, const char *vm_id)
{
    const Lane *lane = g_hash_table_lookup(engine->lanes, vm_id);
    if (lane && !lane->busy && !lane->destroying && !lane->calls.length)
        g_hash_table_remove(engine->lanes, vm_id);
}

gboolean lane_outdates(Engine *engine, const char *vm_id, guint64 serial)
{
    const Lane *lane = g_hash_table_lookup(engine->lanes, vm_id);
    return lane && (lane->busy || lane->destroying || lane->calls.length || lane->since > serial);
}

void lane_mark(Engine *engine, const char *vm_id)
{
    lane_get(engine, vm_id)->since = engine_serial(engine);
}

void lane_push(Engine *engine, Call *call)
{
    g_ptr_array_add(engine->staged, call);
}

void lane_touch(Engine *engine, const char *vm_id)
{
    g_ptr_array_add(engine->touched, g_strdup(vm_id));
}

static void set_text(char **to, const char *from)
{
    g_free(*to);
    *to = g_strdup(from);
}

void lane_wish(Engine *engine, const char *vm_id, const Actor *actor)
{
    Lane *lane = lane_get(engine, vm_id);
    lane->changed = TRUE;
    set_text(&lane->wisher, actor ? actor->user : NULL);
    set_text(&lane->wisher_correlation, actor ? actor->correlation_id : NULL);
    lane_touch(engine, vm_id);
}

void lane_call_ended(Engine *engine, const Call *call)
{
    Lane *lane = lane_get(engine, call->vm_id);
    if (call->destroys)
        lane->destroying = FALSE;
    else
        lane->busy = FALSE;
    lane->since = engine_serial(engine);
    lane_touch(engine, call->vm_id);
}

static void send_message(Engine *engine, gpointer data)
{
    call_send(engine, data);
}

static void lane_send(Engine *engine, Call *call)
{
    engine_post(engine, send_message, call, (GDestroyNotify)call_free);
}

static void lane_advance(Engine *engine, const char *vm_id)
{
    Lane *lane = lane_get(engine, vm_id);
    if (lane->busy || lane->destroying)
        return;
    Call *call = g_queue_pop_head(&lane->calls);
    if (!call)
        call = nic_call_next(engine, vm_id);
    if (!call)
        return;
    lane->busy = TRUE;
    lane->changed = FALSE;
    call->start = lane->starts;
    lane_send(engine, call);
}

/* A VM that is to be destroyed needs none of what waits before that. */
static void lane_join(Engine *engine, Call *call)
{
    Lane *lane = lane_get(engine, call->vm_id);
    lane_touch(engine, call->vm_id);
    if (!call->destroys) {
        g_queue_push_tail(&lane->calls, call);
        return;
    }
    g_queue_clear_full(&lane->calls, (GDestroyNotify)call_free);
    if (lane->destroying) {
        call_free(call);
        return;
    }
    lane->destroying = TRUE;
    call->start = lane->starts;
    lane_send(engine, call);
}

void lanes_advance(Engine *engine)
{
    g_autoptr(GPtrArray) staged = g_steal_pointer(&engine->staged);
    engine->staged = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);
    g_ptr_array_set_free_func(staged, NULL);
    for (guint i = 0; i < staged->len; i++)
        lane_join(engine, staged->pdata[i]);
    for (guint i = 0; i < engine->touched->len; i++)
        lane_advance(engine, engine->touched->pdata[i]);
    g_ptr_array_set_size(engine->touched, 0);
}

void lanes_abort(Engine *engine)
{
    g_ptr_array_set_size(engine->staged, 0);
}
