/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/server.h"

#include "jsonrpc/message.h"
#include "jsonrpc/session.h"
#include "jsonrpc/stomp-frame.h"

#define ACCEPTS_AT_ONCE 16
#define ACCEPT_PAUSE_MS 1000 /* when the process is out of descriptors, say */

const RpcLimits rpc_default_limits = {
    .connections = 256,
    .handshakes = 64,
    .subscriptions = 64,
    .calls = 256,
    .batch = 256,
    .body = 16 * 1024 * 1024,
    .queued = 16 * 1024 * 1024,
    .handshake_ms = 10000,
    .connect_ms = 10000,
    .frame_ms = 60000,
    .heartbeat_ms = 1000,
};

/* A listening socket. */
typedef struct {
    RpcServer *server;
    GSocket *socket;
    GSource *source; /* its accepts, or the pause after one failed */
} Listener;

struct RpcServer {
    RpcSessionOwner owner; /* how sessions see us */
    RpcLimits limits;
    RpcLostFunc lost;
    gpointer lost_data;
    GPtrArray *listeners;
    GQueue greeting;  /* of RpcSession, oldest first: their handshake is not done */
    GPtrArray *ready; /* of RpcSession */
};

static void report(RpcServer *server, const char *peer, const GError *reason)
{
    if (server->lost != NULL && reason != NULL)
        server->lost(peer, reason, server->lost_data);
}

/* -- sessions */

static gboolean session_ready(RpcSession *session, gpointer data, GError **error)
{
    RpcServer *server = data;

    if (server->ready->len >= server->limits.connections) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_LIMIT, "More than %u connections",
                    server->limits.connections);
        return FALSE;
    }
    (void)g_queue_remove(&server->greeting, session);
    g_ptr_array_add(server->ready, session);
    return TRUE;
}

static void session_ended(RpcSession *session, const GError *reason, gpointer data)
{
    RpcServer *server = data;

    if (!g_ptr_array_remove_fast(server->ready, session))
        (void)g_queue_remove(&server->greeting, session);
    report(server, rpc_session_peer(session), reason);
    rpc_session_unref(session);
}

/* A peer that dawdles over its handshake must not keep others out. */
static void make_room(RpcServer *server)
{
    if (g_queue_get_length(&server->greeting) < server->limits.handshakes)
        return;
    g_autoptr(GError) reason =
        g_error_new(STOMP_ERROR, STOMP_ERROR_LIMIT,
                    "More than %u TLS handshakes at the same time, and this was the oldest",
                    server->limits.handshakes);
    rpc_session_end(g_queue_peek_head(&server->greeting), reason);
}

static void take_connection(RpcServer *server, GSocket *socket)
{
    g_autoptr(GSocketConnection) connection = g_socket_connection_factory_create_connection(socket);
    RpcSession *session = rpc_session_new(connection, &server->owner);

    make_room(server);
    g_queue_push_tail(&server->greeting, session);
    rpc_session_begin(session);
}

/* -- listening */

static void watch(Listener *listener);

static void unwatch(Listener *listener)
{
    g_source_destroy(listener->source);
    g_clear_pointer(&listener->source, g_source_unref);
}

static gboolean pause_over(gpointer data)
{
    Listener *listener = data;

    unwatch(listener);
    watch(listener);
    return G_SOURCE_REMOVE;
}

/* The waiting connection stays readable: trying again at once would spin. */
static void pause_accepting(Listener *listener, const GError *error)
{
    report(listener->server, "listener", error);
    unwatch(listener);
    listener->source = g_timeout_source_new(ACCEPT_PAUSE_MS);
    g_source_set_callback(listener->source, pause_over, listener, NULL);
    g_source_attach(listener->source, g_main_context_get_thread_default());
}

static gboolean is_transient(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static gboolean on_acceptable(GSocket *socket, GIOCondition condition, gpointer data)
{
    Listener *listener = data;

    for (guint i = 0; i < ACCEPTS_AT_ONCE; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GSocket) accepted = g_socket_accept(socket, NULL, &error);
        if (accepted == NULL) {
            if (!is_transient(error))
                pause_accepting(listener, error);
            break;
        }
        take_connection(listener->server, accepted);
    }
    return G_SOURCE_CONTINUE; /* a source that was destroyed meanwhile stays so */
}

static void watch(Listener *listener)
{
    listener->source = g_socket_create_source(listener->socket, G_IO_IN, NULL);
    g_source_set_callback(listener->source, G_SOURCE_FUNC(on_acceptable), listener, NULL);
    g_source_attach(listener->source, g_main_context_get_thread_default());
}

static void listener_free(gpointer data)
{
    Listener *listener = data;

    unwatch(listener);
    (void)g_socket_close(listener->socket, NULL);
    g_object_unref(listener->socket);
    g_free(listener);
}

gboolean rpc_server_add_socket(RpcServer *server, GSocket *socket, GError **error)
{
    if (g_socket_is_closed(socket)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The listening socket is closed");
        return FALSE;
    }
    Listener *listener = g_new0(Listener, 1);
    listener->server = server;
    listener->socket = g_object_ref(socket);
    g_socket_set_blocking(socket, FALSE);
    watch(listener);
    g_ptr_array_add(server->listeners, listener);
    return TRUE;
}

/* -- life */

RpcServer *rpc_server_new(TlsCredentials *credentials, RpcHandler handler, gpointer data)
{
    RpcServer *server = g_new0(RpcServer, 1);

    server->limits = rpc_default_limits;
    server->owner = (RpcSessionOwner){
        .limits = &server->limits,
        .credentials = credentials != NULL ? tls_credentials_ref(credentials) : NULL,
        .handler = handler,
        .handler_data = data,
        .ready = session_ready,
        .ended = session_ended,
        .server = server,
    };
    server->listeners = g_ptr_array_new_with_free_func(listener_free);
    g_queue_init(&server->greeting);
    server->ready = g_ptr_array_new();
    return server;
}

static void drop_session(gpointer session, gpointer data)
{
    rpc_session_end(session, NULL);
    rpc_session_unref(session);
}

void rpc_server_free(RpcServer *server)
{
    if (server == NULL)
        return;
    g_ptr_array_unref(server->listeners);
    g_queue_foreach(&server->greeting, drop_session, NULL);
    g_queue_clear(&server->greeting);
    g_ptr_array_foreach(server->ready, drop_session, NULL);
    g_ptr_array_unref(server->ready);
    tls_credentials_unref(server->owner.credentials);
    g_free(server);
}

void rpc_server_set_limits(RpcServer *server, const RpcLimits *limits)
{
    server->limits = *limits;
}

void rpc_server_set_lost_handler(RpcServer *server, RpcLostFunc lost, gpointer data)
{
    server->lost = lost;
    server->lost_data = data;
}

void rpc_server_notify(RpcServer *server, const char *destination, const char *method,
                       JsonNode *params)
{
    char *text = rpc_request_text(method, params, NULL);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));

    for (guint i = 0; i < server->ready->len; i++)
        rpc_session_notify(server->ready->pdata[i], destination, body);
    g_clear_pointer(&params, json_node_unref);
}

void rpc_server_offer(RpcServer *server, const char *destination, const char *method,
                      JsonNode *params, gsize queued, const char *lost)
{
    char *text = rpc_request_text(method, params, NULL);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));

    for (guint i = 0; i < server->ready->len; i++)
        rpc_session_offer(server->ready->pdata[i], destination, body, queued, lost);
    g_clear_pointer(&params, json_node_unref);
}

gboolean rpc_server_is_heard(const RpcServer *server, const char *destination)
{
    for (guint i = 0; i < server->ready->len; i++)
        if (rpc_session_hears(server->ready->pdata[i], destination))
            return TRUE;
    return FALSE;
}

guint rpc_server_connections(const RpcServer *server)
{
    return server->ready->len;
}
