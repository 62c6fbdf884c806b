/* SPDX-License-Identifier: Apache-2.0 */
#include <gio/gunixsocketaddress.h>

#include "jsonrpc/client-private.h"
#include "jsonrpc/handshake.h"

#define QUEUE_LIMIT (64 * 1024 * 1024)
#define FRAME_TIMEOUT_MS 60000

/* What a host may send: reports of thousands of VMs are large. */
static const StompLimits answer_limits = {.headers = 64, .line = 8192, .body = 128 * 1024 * 1024};

G_DEFINE_FINAL_TYPE(RpcClient, rpc_client, G_TYPE_OBJECT)

void client_source_clear(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

GSource *client_watch(GCancellable *cancellable, GCancellableSourceFunc function, gpointer data)
{
    if (cancellable == NULL)
        return NULL;
    GSource *source = g_cancellable_source_new(cancellable);
    g_source_set_callback(source, G_SOURCE_FUNC(function), data, NULL);
    g_source_attach(source, NULL);
    return source;
}

/* -- the end, and the beginning's end */

static void stop_connecting(RpcClient *client)
{
    if (client->deadline != 0)
        g_source_remove(client->deadline);
    client->deadline = 0;
    client_source_clear(&client->cancel);
}

/* Ends everything but does not tell the owner. */
static void client_shut(RpcClient *client)
{
    client->finished = TRUE;
    stop_connecting(client);
    g_cancellable_cancel(client->cancellable);
    if (client->link != NULL)
        stomp_link_close(client->link);
    client_calls_fail(client);
}

void client_over(RpcClient *client, const GError *reason)
{
    g_autoptr(RpcClient) self = g_object_ref(client);

    if (self->finished)
        return;
    client_shut(self);
    g_autoptr(GTask) connecting = g_steal_pointer(&self->connecting);
    if (connecting != NULL)
        g_task_return_error(connecting, g_error_copy(reason));
    else if (self->closed != NULL)
        self->closed(self, reason, self->data);
}

void rpc_client_close(RpcClient *client)
{
    g_autoptr(RpcClient) self = g_object_ref(client);

    if (self->finished)
        return;
    client_shut(self);
    g_autoptr(GTask) connecting = g_steal_pointer(&self->connecting);
    if (connecting != NULL)
        g_task_return_new_error(connecting, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Client closed");
}

/* -- frames in */

static gboolean on_connected(RpcClient *client, const StompFrame *frame)
{
    const char *header = stomp_frame_header(frame, "heart-beat");
    g_auto(GStrv) parts = g_strsplit(header != NULL ? header : "0,0", ",", 2);
    guint64 sends = 0, wants = 0;

    if (client->connecting == NULL)
        return FALSE;
    if (parts[0] != NULL && parts[1] != NULL) {
        (void)g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXINT, &sends, NULL); /* else 0 */
        (void)g_ascii_string_to_unsigned(parts[1], 10, 0, G_MAXINT, &wants, NULL);
    }
    /* STOMP 1.2, "Heart-beating": the larger of what one can and the other wants. */
    guint own = client->heartbeat;
    stomp_link_set_heartbeat(client->link, own > 0 && wants > 0 ? MAX(own, (guint)wants) : 0,
                             own > 0 && sends > 0 ? MAX(own, (guint)sends) : 0);
    stop_connecting(client);
    g_autoptr(GTask) connecting = g_steal_pointer(&client->connecting);
    g_task_return_boolean(connecting, TRUE);
    return TRUE;
}

static void protocol_failure(RpcClient *client, const StompFrame *frame)
{
    gboolean is_error = g_str_equal(frame->command, "ERROR");
    gsize length;
    const char *body = g_bytes_get_data(frame->body, &length);
    g_autofree char *text = g_utf8_make_valid(body != NULL ? body : "", (gssize)MIN(length, 500));
    g_autoptr(GError) reason =
        is_error ? g_error_new(STOMP_ERROR, STOMP_ERROR_PROTOCOL, "The host refused: %s", text)
                 : g_error_new(STOMP_ERROR, STOMP_ERROR_PROTOCOL,
                               "Unexpected frame %s from the host", frame->command);

    client_over(client, reason);
}

static void on_frame(StompLink *link, StompFrame *frame, gpointer data)
{
    g_autoptr(RpcClient) client = g_object_ref(data);

    if (g_str_equal(frame->command, "MESSAGE") && client->connecting == NULL)
        client_take_message(client, frame);
    else if (g_str_equal(frame->command, "RECEIPT"))
        return; /* never asked for, harmless */
    else if (!g_str_equal(frame->command, "CONNECTED") || !on_connected(client, frame))
        protocol_failure(client, frame);
}

static void on_link_ended(StompLink *link, const GError *reason, gpointer data)
{
    client_over(data, reason);
}

static const StompLinkEvents link_events = {on_frame, NULL, on_link_ended};

/* -- connecting */

static void send_connect(RpcClient *client, const char *host)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("CONNECT");
    g_autofree char *heartbeat = g_strdup_printf("%u,%u", client->heartbeat, client->heartbeat);

    stomp_frame_add(frame, "accept-version", "1.2");
    stomp_frame_add(frame, "host", host);
    stomp_frame_add(frame, "heart-beat", heartbeat);
    stomp_link_send(client->link, frame);
}

static void send_subscribe(RpcClient *client, const char *id, const char *destination)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("SUBSCRIBE");

    stomp_frame_add(frame, "destination", destination);
    stomp_frame_add(frame, "ack", "auto");
    stomp_frame_add(frame, "id", id);
    stomp_link_send(client->link, frame);
}

static void begin_stomp(RpcClient *client, GIOStream *stream)
{
    client->link = stomp_link_new(client->connection, stream, &answer_limits, QUEUE_LIMIT,
                                  FRAME_TIMEOUT_MS, &link_events, client);
    send_connect(client, g_task_get_task_data(client->connecting));
    send_subscribe(client, "events", RPC_EVENTS);
    send_subscribe(client, "answers", client->uuid);
}

void rpc_client_subscribe(RpcClient *client, const char *destination)
{
    if (!client->finished)
        send_subscribe(client, destination, destination);
}

static void hands_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(RpcClient) client = data;
    g_autoptr(GError) error = NULL;
    gboolean done = handshake_finish(result, &error);

    if (client->finished)
        return;
    g_prefix_error(&error, "TLS handshake: ");
    if (done)
        begin_stomp(client, G_IO_STREAM(source));
    else
        client_over(client, error);
}

static void begin_session(RpcClient *client)
{
    g_autoptr(GError) error = NULL;

    if (client->credentials == NULL) {
        begin_stomp(client, G_IO_STREAM(client->connection));
        return;
    }
    g_autoptr(GTlsConnection) tls =
        tls_client_wrap(client->credentials, G_IO_STREAM(client->connection), &error);
    if (tls == NULL)
        client_over(client, error);
    else
        handshake_async(tls, client->cancellable, hands_shaken, g_object_ref(client));
}

static void dialled(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(RpcClient) client = data;
    g_autoptr(GError) error = NULL;

    client->connection = /* connect_to_host_finish() is the same */
        g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
    if (client->finished)
        return;
    if (client->connection != NULL)
        begin_session(client);
    else
        client_over(client, error);
}

static gboolean connect_timed_out(gpointer data)
{
    RpcClient *client = data;
    g_autoptr(GError) reason = client_no_answer();

    client->deadline = 0;
    client_over(client, reason);
    return G_SOURCE_REMOVE;
}

static gboolean connect_cancelled(GCancellable *cancellable, gpointer data)
{
    g_autoptr(GError) reason =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "Connecting cancelled");

    client_over(data, reason);
    return G_SOURCE_REMOVE;
}

/* What ends in dialled(); host is what CONNECT calls the peer. The caller unrefs. */
static GSocketClient *begin_dialling(RpcClient *client, const char *host, guint timeout,
                                     GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer data)
{
    GSocketClient *dialler = g_socket_client_new();

    g_assert(client->connecting == NULL && client->connection == NULL && !client->finished);
    client->connecting = g_task_new(client, cancellable, callback, data);
    g_task_set_check_cancellable(client->connecting, FALSE); /* we end it ourselves */
    g_task_set_task_data(client->connecting, g_strdup(host), g_free);
    client->deadline = g_timeout_add(timeout, connect_timed_out, client);
    client->cancel = client_watch(cancellable, connect_cancelled, client);
    g_socket_client_set_enable_proxy(dialler, FALSE);
    return dialler;
}

void rpc_client_connect_async(RpcClient *client, const char *host, guint16 port, guint timeout,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer data)
{
    g_autoptr(GSocketClient) dialler =
        begin_dialling(client, host, timeout, cancellable, callback, data);

    g_socket_client_connect_to_host_async(dialler, host, port, client->cancellable, dialled,
                                          g_object_ref(client));
}

void rpc_client_connect_unix_async(RpcClient *client, const char *path, guint timeout,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer data)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocketClient) dialler =
        begin_dialling(client, "localhost", timeout, cancellable, callback, data);

    g_assert(client->credentials == NULL);
    g_socket_client_connect_async(dialler, G_SOCKET_CONNECTABLE(address), client->cancellable,
                                  dialled, g_object_ref(client));
}

gboolean rpc_client_connect_finish(RpcClient *client, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* -- life */

static void rpc_client_init(RpcClient *client)
{
    client->cancellable = g_cancellable_new();
    client->uuid = g_uuid_string_random();
    client->calls = client_calls_new();
}

static void rpc_client_finalize(GObject *object)
{
    RpcClient *client = RPC_CLIENT(object);

    if (client->link != NULL)
        stomp_link_close(client->link);
    stomp_link_unref(client->link);
    g_clear_object(&client->connection);
    g_hash_table_unref(client->calls);
    g_object_unref(client->cancellable);
    tls_credentials_unref(client->credentials);
    g_free(client->uuid);
    G_OBJECT_CLASS(rpc_client_parent_class)->finalize(object);
}

static void rpc_client_class_init(RpcClientClass *class)
{
    G_OBJECT_CLASS(class)->finalize = rpc_client_finalize;
}

RpcClient *rpc_client_new(TlsCredentials *credentials, guint heartbeat)
{
    RpcClient *client = g_object_new(RPC_TYPE_CLIENT, NULL);

    client->credentials = credentials != NULL ? tls_credentials_ref(credentials) : NULL;
    client->heartbeat = heartbeat;
    return client;
}

void rpc_client_set_handlers(RpcClient *client, RpcEventFunc event, RpcClosedFunc closed,
                             gpointer data)
{
    client->event = event;
    client->closed = closed;
    client->data = data;
}
