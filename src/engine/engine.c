/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "engine/call.h"
#include "engine/filter.h"
#include "engine/lane.h"
#include "engine/monitor.h"
#include "engine/private.h"

#define MAX_EVENTS_DEFAULT 50000

guint64 engine_serial(Engine *engine)
{
    return atomic_fetch_add(&engine->serial, 1) + 1;
}

/* ---- options ---- */

/* The general value of a number option; a missing or unreadable one is an error, not a default. */
static gboolean option_uint(Store *store, const char *name, guint max, guint *number,
                            GError **error)
{
    g_autoptr(GPtrArray) rows = store_options(store, name, "general", error);
    if (!rows)
        return engine_translate(error);
    const char *value = rows->len ? ((Option *)rows->pdata[0])->value : "";
    guint64 read;
    if (!g_ascii_string_to_unsigned(value, 10, 1, max, &read, NULL))
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "option %s has the value '%s': a number from 1 to %u is expected",
                             name, value, max);
    *number = (guint)read;
    return TRUE;
}

static gboolean option_bool(Store *store, const char *name, gboolean *truth, GError **error)
{
    g_autoptr(GPtrArray) rows = store_options(store, name, "general", error);
    if (!rows)
        return engine_translate(error);
    const char *value = rows->len ? ((Option *)rows->pdata[0])->value : "";
    *truth = g_str_equal(value, "true");
    return *truth || g_str_equal(value, "false") ||
           engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "option %s has the value '%s': true or false is expected", name, value);
}

/* The settings go before the store's options of the same meaning. */
static gboolean read_times(Engine *engine, const EngineSettings *settings, GError **error)
{
    EngineTimes *times = &engine->times;
    Store *store = engine->store;
    guint heartbeat, timeout, connecting, poll, grace;
    if (!option_uint(store, "vdsHeartbeatInSeconds", 3600, &heartbeat, error) ||
        !option_uint(store, "vdsTimeout", 3600, &timeout, error) ||
        !option_uint(store, "vdsConnectionTimeout", 3600, &connecting, error) ||
        !option_uint(store, "VdsRefreshRate", 3600, &poll, error) ||
        !option_uint(store, "TimeoutToResetVdsInSeconds", 86400, &grace, error))
        return FALSE;
    times->heartbeat_ms = settings->heartbeat_ms ? settings->heartbeat_ms : heartbeat * 1000;
    times->reply_timeout_ms =
        settings->reply_timeout_ms ? settings->reply_timeout_ms : timeout * 1000;
    times->connect_timeout_ms = MIN(connecting * 1000, times->reply_timeout_ms);
    times->poll_seconds = settings->poll_seconds ? settings->poll_seconds : poll;
    times->grace_seconds = settings->grace_seconds ? settings->grace_seconds : grace;
    times->max_events = settings->max_events ? settings->max_events : MAX_EVENTS_DEFAULT;
    return TRUE;
}

/* ---- start ---- */

/* Until its host answers, nobody knows how a VM is. */
static gboolean forget_vms(Store *store, GError **error)
{
    StoreCondition running = {.column = "status", .match = MATCH_NOT_EQUAL, .number = VM_DOWN};
    StoreQuery query = {.conditions = &running, .n_conditions = 1};
    g_autoptr(GPtrArray) vms = store_vm_list(store, &query, error);
    for (guint i = 0; vms && i < vms->len; i++) {
        Vm *vm = vms->pdata[i];
        vm->status = VM_UNKNOWN;
        if (!store_vm_update(store, vm, error))
            return FALSE;
    }
    return vms != NULL;
}

static gboolean forget_hosts(Store *store, GError **error)
{
    g_autoptr(GPtrArray) hosts = store_host_list(store, NULL, error);
    for (guint i = 0; hosts && i < hosts->len; i++) {
        Host *host = hosts->pdata[i];
        host->status = HOST_UNASSIGNED;
        g_clear_pointer(&host->status_detail, g_free);
        if (!store_host_update(store, host, error))
            return FALSE;
    }
    return hosts != NULL;
}

static gboolean forget_states(Store *store, GError **error)
{
    if (!store_begin(store, error))
        return engine_translate(error);
    if (forget_vms(store, error) && forget_hosts(store, error) && store_commit(store, error))
        return TRUE;
    store_rollback(store);
    return engine_translate(error);
}

static gboolean engine_open(Engine *engine, const EngineSettings *settings, GError **error)
{
    engine->store = store_open(settings->store, STORE_MIGRATE, error);
    if (!engine->store)
        return engine_translate(error);
    engine->pool = mac_pool_new(settings->mac_range_from, settings->mac_range_to, error);
    if (!engine->pool ||
        !option_bool(engine->store, OPTION_ANTI_SPOOFING, &engine->anti_spoofing, error) ||
        !read_times(engine, settings, error) || !forget_states(engine->store, error))
        return FALSE;
    engine->worker = g_thread_pool_new(engine_job_run, engine, 1, TRUE, error);
    return engine->worker != NULL;
}

Engine *engine_new(const EngineSettings *settings, GError **error)
{
    g_autoptr(Engine) engine = g_new0(Engine, 1);
    g_mutex_init(&engine->lock);
    engine->context = g_main_context_ref_thread_default();
    engine->credentials = settings->credentials ? tls_credentials_ref(settings->credentials) : NULL;
    engine->lanes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, lane_free);
    engine->strangers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    engine->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    engine->staged = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);
    engine->touched = g_ptr_array_new_with_free_func(g_free);
    engine->sources = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)g_source_unref, NULL);
    engine->monitors =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)monitor_free);
    engine_outbox_init(engine);
    if (!engine_open(engine, settings, error))
        return NULL;
    return g_steal_pointer(&engine);
}

static gpointer start_work(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) hosts = engine_hosts(engine, NULL, error);
    if (!hosts)
        return NULL;
    for (guint i = 0; i < hosts->len; i++)
        engine_post(engine, monitor_start_message, host_copy(hosts->pdata[i]),
                    (GDestroyNotify)host_free);
    return WORK_DONE;
}

void engine_start(Engine *engine)
{
    engine->started = TRUE;
    engine_submit_detached(engine, start_work, NULL, NULL);
}

void engine_free(Engine *engine)
{
    if (!engine)
        return;
    g_clear_pointer(&engine->monitors, g_hash_table_unref);
    if (engine->worker)
        g_thread_pool_free(engine->worker, FALSE, TRUE);
    engine_drop_messages(engine);
    g_clear_pointer(&engine->sources, g_hash_table_unref);
    g_clear_pointer(&engine->lanes, g_hash_table_unref);
    g_clear_pointer(&engine->strangers, g_hash_table_unref);
    g_clear_pointer(&engine->counts, g_hash_table_unref);
    g_clear_pointer(&engine->staged, g_ptr_array_unref);
    g_clear_pointer(&engine->touched, g_ptr_array_unref);
    g_clear_pointer(&engine->outbox, g_ptr_array_unref);
    g_clear_pointer(&engine->pool, mac_pool_free);
    g_clear_pointer(&engine->store, store_free);
    g_clear_pointer(&engine->credentials, tls_credentials_unref);
    g_clear_pointer(&engine->context, g_main_context_unref);
    g_mutex_clear(&engine->lock);
    g_free(engine);
}
