/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/connection.h"

#include <gio/gio.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/virterror.h>

#include "virt/private.h"

/* A libvirtd that restarts is back within a second or two; one that is down is tried this often. */
enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 3000, KEEPALIVE_S = 5, KEEPALIVE_COUNT = 6 };

struct Virt {
    char *uri;
    VirtHandlers handlers;
    gpointer data;
    GMutex lock; /* guards connection and failure, which workers read */
    virConnectPtr connection;
    char *failure; /* why there is no connection */
    int event_ids[VIRT_EVENT_IDS];
    gboolean told_lost;
    gboolean opening;
    gboolean on_demand; /* connection stays NULL */
    guint retry_source;
    guint retry_ms;
    GCancellable *ended;
};

/* An open connection on its way from the worker to the main loop. */
typedef struct {
    virConnectPtr connection;
    int event_ids[VIRT_EVENT_IDS];
} Opened;

static void connection_open(Virt *virt);

static void error_quiet(void *data, virErrorPtr error)
{
    /* Errors are returned to callers as GError; libvirt need not print them too. */
}

static Virt *virt_alloc(const char *uri)
{
    Virt *virt = g_new0(Virt, 1);

    virt->uri = g_strdup(uri);
    virt->failure = g_strdup("not connected yet");
    virt->retry_ms = RETRY_FIRST_MS;
    for (guint i = 0; i < VIRT_EVENT_IDS; i++)
        virt->event_ids[i] = -1;
    virt->ended = g_cancellable_new();
    g_mutex_init(&virt->lock);
    virSetErrorFunc(NULL, error_quiet);
    return virt;
}

Virt *virt_new(const char *uri, const VirtHandlers *handlers, gpointer data)
{
    Virt *virt;

    gvir_event_register();
    virt = virt_alloc(uri);
    virt->handlers = *handlers;
    virt->data = data;
    return virt;
}

Virt *virt_open(const char *uri, GError **error)
{
    g_autoptr(virConnect) connection = NULL;
    Virt *virt;

    virSetErrorFunc(NULL, error_quiet);
    connection = virConnectOpen(uri);
    if (!connection) {
        virt_error_take(error);
        return NULL;
    }
    virt = virt_alloc(uri);
    virt->connection = g_steal_pointer(&connection);
    return virt;
}

Virt *virt_on_demand(const char *uri)
{
    Virt *virt = virt_alloc(uri);

    virt->on_demand = TRUE;
    return virt;
}

static virConnectPtr connection_take(Virt *virt, const char *failure)
{
    virConnectPtr connection;

    g_mutex_lock(&virt->lock);
    connection = g_steal_pointer(&virt->connection);
    if (failure) {
        g_free(virt->failure);
        virt->failure = g_strdup(failure);
    }
    g_mutex_unlock(&virt->lock);
    return connection;
}

static void opened_free(gpointer data)
{
    Opened *opened = data;

    for (guint i = 0; opened->connection && i < VIRT_EVENT_IDS; i++)
        if (opened->event_ids[i] >= 0)
            (void)virConnectDomainEventDeregisterAny(opened->connection, opened->event_ids[i]);
    if (opened->connection)
        (void)virConnectClose(opened->connection); /* workers may still hold references */
    g_free(opened);
}

/* libvirt holds a lock while it tells us that a connection closed: what is left of it is released
 * from an idle callback. */
static gboolean opened_free_later(gpointer data)
{
    opened_free(data);
    return G_SOURCE_REMOVE;
}

static Opened *opened_steal(Virt *virt, const char *failure)
{
    Opened *opened = g_new0(Opened, 1);

    opened->connection = connection_take(virt, failure);
    memcpy(opened->event_ids, virt->event_ids, sizeof opened->event_ids);
    return opened;
}

static gboolean retry_due(gpointer data)
{
    Virt *virt = data;

    virt->retry_source = 0;
    connection_open(virt);
    return G_SOURCE_REMOVE;
}

static void connection_lost(Virt *virt, const GError *reason)
{
    if (!virt->told_lost && virt->handlers.lost)
        virt->handlers.lost(reason, virt->data);
    virt->told_lost = TRUE;
    if (virt->retry_source == 0 && !virt->opening) {
        virt->retry_source = g_timeout_add(virt->retry_ms, retry_due, virt);
        virt->retry_ms = MIN(virt->retry_ms * 2, RETRY_MOST_MS);
    }
}

static void connection_closed(virConnectPtr connection, int reason, void *data)
{
    static const char *const reasons[] = {
        [VIR_CONNECT_CLOSE_REASON_ERROR] = "the connection failed",
        [VIR_CONNECT_CLOSE_REASON_EOF] = "libvirtd closed the connection",
        [VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = "libvirtd stopped answering",
        [VIR_CONNECT_CLOSE_REASON_CLIENT] = "it was closed here",
    };
    Virt *virt = data;
    g_autoptr(GError) error = NULL;

    if (connection != virt->connection)
        return;
    error = g_error_new_literal(VIRT_ERROR, VIRT_ERROR_UNREACHABLE,
                                (guint)reason < G_N_ELEMENTS(reasons) ? reasons[reason]
                                                                      : "the connection ended");
    g_idle_add(opened_free_later, opened_steal(virt, error->message));
    virt->retry_ms = RETRY_FIRST_MS;
    connection_lost(virt, error);
}

static void open_in_worker(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Virt *virt = data;
    Opened *opened = g_new0(Opened, 1);
    GError *error = NULL;

    for (guint i = 0; i < VIRT_EVENT_IDS; i++)
        opened->event_ids[i] = -1;
    opened->connection = virConnectOpen(virt->uri);
    if (!opened->connection) {
        virt_error_take(&error);
    } else if (virt_events_register(virt, opened->connection, opened->event_ids, &error)) {
        /* Drivers inside this process (test:///) have neither keep-alive nor close events. */
        (void)virConnectSetKeepAlive(opened->connection, KEEPALIVE_S, KEEPALIVE_COUNT);
        (void)virConnectRegisterCloseCallback(opened->connection, connection_closed, virt, NULL);
    }
    if (error) {
        opened_free(opened);
        g_task_return_error(task, error);
        return;
    }
    g_task_return_pointer(task, opened, opened_free);
}

static void connection_publish(Virt *virt, Opened *opened)
{
    g_mutex_lock(&virt->lock);
    virt->connection = g_steal_pointer(&opened->connection);
    g_mutex_unlock(&virt->lock);
    memcpy(virt->event_ids, opened->event_ids, sizeof virt->event_ids);
    virt->told_lost = FALSE;
    virt->retry_ms = RETRY_FIRST_MS;
    if (virt->handlers.connected)
        virt->handlers.connected(virt->data);
}

static void open_done(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    Opened *opened = g_task_propagate_pointer(G_TASK(result), &error);
    Virt *virt = data;

    virt->opening = FALSE;
    if (!g_cancellable_is_cancelled(virt->ended)) {
        /* It can have died again before its close callback knew it as ours. */
        if (opened && virConnectIsAlive(opened->connection) != 1)
            error = g_error_new_literal(VIRT_ERROR, VIRT_ERROR_UNREACHABLE,
                                        "the connection failed at once");
        if (error) {
            g_mutex_lock(&virt->lock);
            g_free(virt->failure);
            virt->failure = g_strdup(error->message);
            g_mutex_unlock(&virt->lock);
            connection_lost(virt, error);
        } else {
            connection_publish(virt, opened);
        }
    }
    g_clear_pointer(&opened, opened_free);
}

static void connection_open(Virt *virt)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, open_done, virt);

    virt->opening = TRUE;
    g_task_set_task_data(task, virt, NULL);
    g_task_run_in_thread(task, open_in_worker);
}

void virt_start(Virt *virt)
{
    if (!virt->opening && !virt->connection)
        connection_open(virt);
}

static virConnectPtr connection_of_its_own(const Virt *virt, GError **error)
{
    virConnectPtr connection = virConnectOpen(virt->uri);

    if (!connection) {
        g_autoptr(GError) reason = NULL;
        virt_error_take(&reason);
        g_set_error(error, VIRT_ERROR, VIRT_ERROR_UNREACHABLE, "%s is not reachable: %s", virt->uri,
                    reason->message);
    }
    return connection;
}

virConnectPtr virt_connection(Virt *virt, GError **error)
{
    virConnectPtr connection = NULL;

    if (virt->on_demand)
        return connection_of_its_own(virt, error);
    g_mutex_lock(&virt->lock);
    if (virt->connection && virConnectRef(virt->connection) == 0)
        connection = virt->connection;
    else
        g_set_error(error, VIRT_ERROR, VIRT_ERROR_UNREACHABLE, "libvirt at %s is not reachable: %s",
                    virt->uri, virt->failure);
    g_mutex_unlock(&virt->lock);
    return connection;
}

void virt_deliver(Virt *virt, const VirtEvent *event)
{
    if (virt->handlers.event && !g_cancellable_is_cancelled(virt->ended))
        virt->handlers.event(event, virt->data);
}

gboolean virt_is_connected(Virt *virt)
{
    return virt->connection != NULL;
}

const char *virt_uri(const Virt *virt)
{
    return virt->uri;
}

/* libvirt's event loop frees its handles from idle callbacks. */
static void loop_settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void connection_close(Virt *virt)
{
    Opened *opened = opened_steal(virt, "it was closed here");

    if (opened->connection && virt->handlers.event)
        (void)virConnectUnregisterCloseCallback(opened->connection, connection_closed);
    opened_free(opened);
}

void virt_free(Virt *virt)
{
    g_cancellable_cancel(virt->ended);
    g_clear_handle_id(&virt->retry_source, g_source_remove);
    while (virt->opening)
        g_main_context_iteration(NULL, TRUE);
    connection_close(virt);
    if (virt->handlers.event)
        loop_settle();
    g_object_unref(virt->ended);
    g_mutex_clear(&virt->lock);
    g_free(virt->failure);
    g_free(virt->uri);
    g_free(virt);
}
