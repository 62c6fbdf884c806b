/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/monitor.h"

#include "engine/call.h"
#include "engine/host-news.h"
#include "jsonrpc/client.h"

#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS 10000
#define PROBE_MS 500     /* between two questions to a host that is initializing */
#define POLL_SOON_MS 100 /* after an event: the report that goes with it */

struct HostMonitor {
    guint references;
    Engine *engine;
    char *host_id, *address;
    guint16 port;
    RpcClient *client;
    guint session; /* counts connections: answers of an earlier one are dropped */
    gboolean closed;
    gboolean serving;
    HostStatus told;
    char *reason; /* why the last attempt failed */
    guint backoff_ms;
    guint retry_timer, work_timer, grace_timer;
    gboolean polling;
    guint64 serial;
    JsonNode *capabilities, *full;
    GHashTable *calls; /* of Sent, under way */
};

static void dial(HostMonitor *monitor);
static void lost(HostMonitor *monitor, const char *reason);

static HostMonitor *monitor_ref(HostMonitor *monitor)
{
    monitor->references++;
    return monitor;
}

static void monitor_unref(HostMonitor *monitor)
{
    if (--monitor->references)
        return;
    g_hash_table_unref(monitor->calls);
    g_free(monitor->host_id);
    g_free(monitor->address);
    g_free(monitor->reason);
    g_free(monitor);
}

/* ---- status ---- */

static void tell(HostMonitor *monitor, HostStatus status, const char *detail)
{
    if (monitor->told == status)
        return;
    monitor->told = status;
    host_news_status(monitor->engine, monitor->host_id, status, detail);
}

static void stop_timer(guint *timer)
{
    if (*timer)
        g_source_remove(*timer);
    *timer = 0;
}

static guint add_timer(HostMonitor *monitor, guint ms, GSourceFunc func)
{
    GSource *source = g_timeout_source_new(ms);
    g_source_set_callback(source, func, monitor, NULL);
    guint id = g_source_attach(source, monitor->engine->context);
    g_source_unref(source);
    return id;
}

static gboolean grace_over(gpointer data)
{
    HostMonitor *monitor = data;
    monitor->grace_timer = 0;
    tell(monitor, HOST_NON_RESPONSIVE,
         monitor->reason ? monitor->reason : "It has not answered within the grace time.");
    return G_SOURCE_REMOVE;
}

static void grace_begin(HostMonitor *monitor)
{
    if (!monitor->grace_timer && monitor->told != HOST_NON_RESPONSIVE)
        monitor->grace_timer =
            add_timer(monitor, monitor->engine->times.grace_seconds * 1000, grace_over);
}

/* ---- questions ---- */

typedef void (*AnswerFunc)(HostMonitor *monitor, JsonNode *answer, const GError *error);

typedef struct {
    HostMonitor *monitor;
    guint session;
    AnswerFunc func;
} Question;

static void question_answered(GObject *client, GAsyncResult *result, gpointer data)
{
    g_autofree Question *question = data;
    HostMonitor *monitor = question->monitor;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) answer = rpc_client_call_finish(RPC_CLIENT(client), result, &error);
    if (!monitor->closed && question->session == monitor->session)
        question->func(monitor, answer, error);
    monitor_unref(monitor);
}

static void ask(HostMonitor *monitor, const char *method, AnswerFunc func)
{
    Question *question = g_new0(Question, 1);
    *question = (Question){monitor_ref(monitor), monitor->session, func};
    rpc_client_call_async(monitor->client, method, NULL, monitor->engine->times.reply_timeout_ms,
                          NULL, question_answered, question);
}

/* ---- serving ---- */

static gboolean poll_time(gpointer data);

static void poll_schedule(HostMonitor *monitor, guint ms)
{
    stop_timer(&monitor->work_timer);
    monitor->work_timer = add_timer(monitor, ms, poll_time);
}

static gboolean is_recovering(const GError *error)
{
    return g_error_matches(error, RPC_ERROR, RPC_RECOVERING);
}

static gboolean is_no_answer(const GError *error)
{
    return g_error_matches(error, RPC_ERROR, RPC_NO_ANSWER);
}

static void poll_answered(HostMonitor *monitor, JsonNode *answer, const GError *error)
{
    monitor->polling = FALSE;
    if (error && (is_no_answer(error) || is_recovering(error))) {
        lost(monitor, error->message);
        return;
    }
    if (answer) /* any other refusal: the next poll may do better, and heart-beats watch the rest */
        host_news_stats(monitor->engine, monitor->host_id, monitor->serial, answer);
    poll_schedule(monitor, monitor->engine->times.poll_seconds * 1000);
}

static void capabilities_answered(HostMonitor *monitor, JsonNode *answer, const GError *error);

static gboolean poll_time(gpointer data)
{
    HostMonitor *monitor = data;
    monitor->work_timer = 0;
    monitor->polling = TRUE;
    if (monitor->told == HOST_NON_OPERATIONAL) { /* what it lacked it may have by now */
        ask(monitor, "Host.getCapabilities", capabilities_answered);
        return G_SOURCE_REMOVE;
    }
    monitor->serial = engine_serial(monitor->engine);
    ask(monitor, "Host.getAllVmStats", poll_answered);
    return G_SOURCE_REMOVE;
}

/* ---- from the connection to serving ---- */

typedef struct {
    HostMonitor *monitor;
    guint session;
} Taken;

static void news_taken(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autofree Taken *taken = data;
    HostMonitor *monitor = taken->monitor;
    g_autoptr(GError) error = NULL;
    gpointer status = engine_submit_finish(NULL, result, &error);
    if (!monitor->closed && taken->session == monitor->session) {
        if (!status) {
            lost(monitor, error->message);
        } else {
            monitor->told = (HostStatus)(GPOINTER_TO_INT(status) - 1);
            monitor->backoff_ms = BACKOFF_FIRST_MS;
            stop_timer(&monitor->grace_timer);
            poll_schedule(monitor, monitor->polling ? monitor->engine->times.poll_seconds * 1000
                                                    : POLL_SOON_MS);
            monitor->polling = FALSE;
        }
    }
    monitor_unref(monitor);
}

static void stats_answered(HostMonitor *monitor, JsonNode *answer, const GError *error)
{
    if (error) {
        lost(monitor, error->message);
        return;
    }
    /* from here on: the wishes found by comparing come before the word that it is done */
    monitor->serving = TRUE;
    Taken *taken = g_new0(Taken, 1);
    *taken = (Taken){monitor_ref(monitor), monitor->session};
    host_news_connected(monitor->engine, monitor->host_id, monitor->serial, monitor->capabilities,
                        monitor->full, answer, news_taken, taken);
}

static void full_answered(HostMonitor *monitor, JsonNode *answer, const GError *error)
{
    if (error) {
        lost(monitor, error->message);
        return;
    }
    g_clear_pointer(&monitor->full, json_node_unref);
    monitor->full = json_node_ref(answer);
    ask(monitor, "Host.getAllVmStats", stats_answered);
}

static gboolean probe_time(gpointer data);

static void capabilities_answered(HostMonitor *monitor, JsonNode *answer, const GError *error)
{
    if (is_recovering(error)) {
        stop_timer(&monitor->grace_timer); /* it answers */
        tell(monitor, HOST_INITIALIZING, error->message);
        monitor->work_timer = add_timer(monitor, PROBE_MS, probe_time);
        return;
    }
    if (error) {
        lost(monitor, error->message);
        return;
    }
    g_clear_pointer(&monitor->capabilities, json_node_unref);
    monitor->capabilities = json_node_ref(answer);
    monitor->serial = engine_serial(monitor->engine);
    ask(monitor, "Host.getVMFullList", full_answered);
}

static gboolean probe_time(gpointer data)
{
    HostMonitor *monitor = data;
    monitor->work_timer = 0;
    ask(monitor, "Host.getCapabilities", capabilities_answered);
    return G_SOURCE_REMOVE;
}

/* ---- the connection ---- */

static void heard(RpcClient *client, const char *method, JsonNode *params, gpointer data)
{
    HostMonitor *monitor = data;
    if (!params || client != monitor->client)
        return;
    host_news_event(monitor->engine, monitor->host_id, method, params);
    if (monitor->serving && !monitor->polling)
        poll_schedule(monitor, POLL_SOON_MS);
}

static void connection_closed(RpcClient *client, const GError *reason, gpointer data)
{
    HostMonitor *monitor = data;
    if (client == monitor->client)
        lost(monitor, reason ? reason->message : "The connection was closed.");
}

typedef struct {
    HostMonitor *monitor;
    guint session;
} Dialling;

static void connected(GObject *client, GAsyncResult *result, gpointer data)
{
    g_autofree Dialling *dialling = data;
    HostMonitor *monitor = dialling->monitor;
    g_autoptr(GError) error = NULL;
    gboolean done = rpc_client_connect_finish(RPC_CLIENT(client), result, &error);
    if (!monitor->closed && dialling->session == monitor->session) {
        if (done)
            ask(monitor, "Host.getCapabilities", capabilities_answered);
        else
            lost(monitor, error->message);
    }
    monitor_unref(monitor);
}

static void dial(HostMonitor *monitor)
{
    const EngineTimes *times = &monitor->engine->times;
    Dialling *dialling = g_new0(Dialling, 1);
    *dialling = (Dialling){monitor_ref(monitor), monitor->session};
    monitor->client = rpc_client_new(monitor->engine->credentials, times->heartbeat_ms);
    rpc_client_set_handlers(monitor->client, heard, connection_closed, monitor);
    rpc_client_connect_async(monitor->client, monitor->address, monitor->port,
                             times->connect_timeout_ms, NULL, connected, dialling);
}

static gboolean retry_time(gpointer data)
{
    HostMonitor *monitor = data;
    monitor->retry_timer = 0;
    dial(monitor);
    return G_SOURCE_REMOVE;
}

static void disconnect(HostMonitor *monitor)
{
    g_autoptr(RpcClient) client = g_steal_pointer(&monitor->client);
    monitor->session++;
    monitor->serving = FALSE;
    monitor->polling = FALSE;
    stop_timer(&monitor->work_timer);
    g_clear_pointer(&monitor->capabilities, json_node_unref);
    g_clear_pointer(&monitor->full, json_node_unref);
    if (client)
        rpc_client_close(client);
}

/* The status is told before the calls under way fail, so that the worker hears it first. Pauses
 * grow by half, with a random part, so that many engines and hosts do not meet. */
static void lost(HostMonitor *monitor, const char *reason)
{
    gboolean answered = monitor->told == HOST_UP || monitor->told == HOST_NON_OPERATIONAL ||
                        monitor->told == HOST_INITIALIZING;
    g_autofree char *kept = g_strdup(reason); /* it may be the client's, or an older one of ours */
    g_free(monitor->reason);
    monitor->reason = g_steal_pointer(&kept);
    if (answered)
        tell(monitor, HOST_CONNECTING, monitor->reason);
    disconnect(monitor);
    grace_begin(monitor);
    guint pause = monitor->backoff_ms;
    pause = pause / 2 + (guint)g_random_int_range(0, (gint32)(pause / 2) + 1);
    monitor->backoff_ms = MIN(monitor->backoff_ms * 2, BACKOFF_MAX_MS);
    stop_timer(&monitor->retry_timer);
    monitor->retry_timer = add_timer(monitor, pause, retry_time);
}

/* ---- calls about VMs ---- */

typedef struct {
    HostMonitor *monitor;
    Call *call; /* NULL once the monitor has given it up */
} Sent;

static void call_answered(GObject *client, GAsyncResult *result, gpointer data)
{
    g_autofree Sent *sent = data;
    HostMonitor *monitor = sent->monitor;
    GError *error = NULL;
    JsonNode *answer = rpc_client_call_finish(RPC_CLIENT(client), result, &error);
    g_hash_table_remove(monitor->calls, sent);
    if (sent->call) {
        gboolean silent = is_no_answer(error);
        call_finish(monitor->engine, sent->call, answer, error);
        /* A host that leaves a call unanswered is not to be trusted on the rest: start again. */
        if (silent && RPC_CLIENT(client) == monitor->client)
            lost(monitor, "A call was not answered in time.");
    } else {
        g_clear_pointer(&answer, json_node_unref);
        g_clear_error(&error);
    }
    monitor_unref(monitor);
}

void monitor_call(HostMonitor *monitor, Call *call)
{
    if (!monitor->serving) {
        call_finish(
            monitor->engine, call, NULL,
            g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "the host is not connected"));
        return;
    }
    Sent *sent = g_new0(Sent, 1);
    *sent = (Sent){monitor_ref(monitor), call};
    g_hash_table_add(monitor->calls, sent);
    rpc_client_call_async(monitor->client, call->method, json_node_ref(call->params),
                          monitor->engine->times.reply_timeout_ms, NULL, call_answered, sent);
}

/* ---- life ---- */

HostMonitor *monitor_new(Engine *engine, const Host *host)
{
    HostMonitor *monitor = g_new0(HostMonitor, 1);
    monitor->references = 1;
    monitor->engine = engine;
    monitor->host_id = g_strdup(host->id);
    monitor->address = g_strdup(host->address);
    monitor->port = host->port;
    monitor->told = HOST_UNASSIGNED;
    monitor->backoff_ms = BACKOFF_FIRST_MS;
    monitor->calls = g_hash_table_new(NULL, NULL);
    grace_begin(monitor);
    dial(monitor);
    return monitor;
}

static void give_up_calls(HostMonitor *monitor)
{
    GHashTableIter iter;
    gpointer sent;
    g_hash_table_iter_init(&iter, monitor->calls);
    while (g_hash_table_iter_next(&iter, &sent, NULL))
        call_finish(monitor->engine, g_steal_pointer(&((Sent *)sent)->call), NULL,
                    g_error_new_literal(RPC_ERROR, RPC_NO_ANSWER, "the engine has given it up"));
}

void monitor_free(HostMonitor *monitor)
{
    monitor->closed = TRUE;
    give_up_calls(monitor);
    disconnect(monitor);
    stop_timer(&monitor->retry_timer);
    stop_timer(&monitor->grace_timer);
    monitor_unref(monitor);
}

void monitor_start_message(Engine *engine, gpointer data)
{
    g_autoptr(Host) host = data;
    if (engine->started && engine->monitors)
        g_hash_table_replace(engine->monitors, g_strdup(host->id), monitor_new(engine, host));
}

void monitor_stop_message(Engine *engine, gpointer data)
{
    g_autofree char *host_id = data;
    if (engine->monitors)
        g_hash_table_remove(engine->monitors, host_id);
}
