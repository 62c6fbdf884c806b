/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/handshake.h"
#include "jsonrpc/session-private.h"

RpcSession *session_ref(RpcSession *session)
{
    session->references++;
    return session;
}

void rpc_session_unref(RpcSession *session)
{
    if (--session->references > 0)
        return;
    g_assert(session->ended);
    g_clear_object(&session->stream);
    g_object_unref(session->connection);
    g_object_unref(session->cancellable);
    stomp_link_unref(session->link);
    g_ptr_array_unref(session->subscriptions);
    g_ptr_array_unref(session->replies);
    g_free(session->peer);
    g_free(session);
}

const char *rpc_session_peer(const RpcSession *session)
{
    return session->peer;
}

/* -- the end */

void session_clear_deadline(RpcSession *session)
{
    if (session->deadline != 0)
        g_source_remove(session->deadline);
    session->deadline = 0;
}

/* Everything but telling the owner. A handshake's thread still uses the socket: it is only
 * cancelled, and the socket closed when the thread has let go. */
static void session_shut(RpcSession *session)
{
    session->ended = TRUE;
    session_clear_deadline(session);
    g_cancellable_cancel(session->cancellable);
    session_detach_replies(session);
    if (session->link != NULL)
        stomp_link_close(session->link);
}

void session_over(RpcSession *session, const GError *reason)
{
    if (session->ended)
        return;
    g_autoptr(RpcSession) self = session_ref(session);
    session_shut(self);
    self->owner->ended(self, reason, self->owner->server);
}

void rpc_session_end(RpcSession *session, const GError *reason)
{
    if (reason != NULL)
        session_over(session, reason);
    else if (!session->ended)
        session_shut(session);
}

static gboolean deadline_passed(gpointer data)
{
    RpcSession *session = data;
    gboolean greeted = session->link != NULL;
    const RpcLimits *limits = session->owner->limits;
    g_autoptr(GError) reason = g_error_new(STOMP_ERROR, STOMP_ERROR_TIMEOUT, "No %s within %u ms",
                                           greeted ? "CONNECT" : "complete TLS handshake",
                                           greeted ? limits->connect_ms : limits->handshake_ms);

    session->deadline = 0;
    session_over(session, reason);
    return G_SOURCE_REMOVE;
}

static void set_deadline(RpcSession *session, guint ms)
{
    session_clear_deadline(session);
    session->deadline = g_timeout_add(ms, deadline_passed, session);
}

/* -- the beginning */

static void session_open(RpcSession *session)
{
    const RpcLimits *limits = session->owner->limits;
    StompLimits frame_limits = stomp_request_limits;
    g_autoptr(GError) error = NULL;

    if (!session->owner->ready(session, session->owner->server, &error)) {
        session_over(session, error);
        return;
    }
    frame_limits.body = limits->body;
    session->link = stomp_link_new(session->connection, session->stream, &frame_limits,
                                   limits->queued, limits->frame_ms, &session_link_events, session);
    set_deadline(session, limits->connect_ms);
}

static void hands_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(RpcSession) session = data;
    g_autoptr(GError) error = NULL;
    gboolean done = handshake_finish(result, &error);

    if (session->ended) {
        (void)g_socket_close(g_socket_connection_get_socket(session->connection), NULL);
        return;
    }
    g_prefix_error(&error, "TLS handshake: ");
    if (done)
        session_open(session);
    else
        session_over(session, error);
}

void rpc_session_begin(RpcSession *session)
{
    g_autoptr(GError) error = NULL;

    if (session->owner->credentials == NULL) {
        session->stream = g_object_ref(G_IO_STREAM(session->connection));
        session_open(session);
        return;
    }
    GTlsConnection *tls =
        tls_server_wrap(session->owner->credentials, G_IO_STREAM(session->connection), &error);
    if (tls == NULL) {
        session_over(session, error);
        return;
    }
    session->stream = G_IO_STREAM(tls);
    set_deadline(session, session->owner->limits->handshake_ms);
    handshake_async(tls, session->cancellable, hands_shaken, session_ref(session));
}

static char *peer_text(GSocketConnection *connection)
{
    g_autoptr(GSocketAddress) address = g_socket_connection_get_remote_address(connection, NULL);

    if (!G_IS_INET_SOCKET_ADDRESS(address))
        return g_strdup("local");
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    g_autofree char *host = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
    guint port = g_inet_socket_address_get_port(inet);
    if (g_str_has_prefix(host, "::ffff:"))
        return g_strdup_printf("%s:%u", host + strlen("::ffff:"), port);
    return g_strdup_printf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}

RpcSession *rpc_session_new(GSocketConnection *connection, const RpcSessionOwner *owner)
{
    RpcSession *session = g_new0(RpcSession, 1);

    session->references = 1;
    session->owner = owner;
    session->connection = g_object_ref(connection);
    session->cancellable = g_cancellable_new();
    session->peer = peer_text(connection);
    session->subscriptions = subscriptions_new();
    session->replies = g_ptr_array_new();
    return session;
}
