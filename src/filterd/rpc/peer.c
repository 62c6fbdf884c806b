/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/peer.h"

#include <string.h>

#include "base/log.h"
#include "filterd/rpc/session.h"

#define PEER_BACKLOG (256 * 1024) /* octets going out, beyond which nothing is read */
#define READ_SIZE (16 * 1024)
#define MESSAGES_AT_ONCE 16 /* then others get their turn */

struct RpcPeer {
    GSocket *socket;
    Session session;
    const RpcServiceLimits *limits;
    RpcPeerOverFunc over;
    gpointer data;
    gboolean read_only;

    GByteArray *in; /* the messages from the one that is not answered yet */
    GQueue out;     /* of GBytes */
    gsize out_size; /* octets in it */
    gsize out_done; /* octets of its first that are out */
    gboolean no_more_in;
    const char *reason; /* why it ends, or NULL */

    GSource *reader, *writer, *later;
    gint64 met;    /* when it connected; monotonic */
    gint64 heard;  /* when the last octet came */
    gint64 began;  /* when the unfinished message's first did, or 0 */
    gint64 moved;  /* when something that waited could last go out */
    guint n_pings; /* since it was heard */
};

/* ---- sources ---- */

static void source_clear(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static void work(RpcPeer *peer);

static gboolean on_later(gpointer data)
{
    RpcPeer *peer = data;

    source_clear(&peer->later);
    if (peer->reason)
        peer->over(peer, peer->data);
    else
        work(peer);
    return G_SOURCE_REMOVE;
}

static void do_later(RpcPeer *peer)
{
    if (peer->later)
        return;
    peer->later = g_idle_source_new();
    g_source_set_priority(peer->later, G_PRIORITY_DEFAULT);
    g_source_set_callback(peer->later, on_later, peer, NULL);
    g_source_attach(peer->later, NULL);
}

/* The end, said to the owner from the main loop, never from within a call of ours. */
static void end(RpcPeer *peer, const char *reason)
{
    if (peer->reason)
        return;
    peer->reason = reason;
    source_clear(&peer->reader);
    source_clear(&peer->writer);
    do_later(peer);
}

static GSource *watch(RpcPeer *peer, GIOCondition condition, GSocketSourceFunc function)
{
    GSource *source = g_socket_create_source(peer->socket, condition, NULL);

    g_source_set_callback(source, G_SOURCE_FUNC(function), peer, NULL);
    g_source_attach(source, NULL);
    return source;
}

/* ---- out ---- */

/* FALSE when the socket takes no more for now, or the connection has ended. */
static gboolean send_some(RpcPeer *peer)
{
    g_autoptr(GError) error = NULL;
    GBytes *first = g_queue_peek_head(&peer->out);
    gsize size;
    const char *octets = g_bytes_get_data(first, &size);
    gssize sent =
        g_socket_send(peer->socket, octets + peer->out_done, size - peer->out_done, NULL, &error);

    if (sent < 0) {
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            end(peer, "it cannot be written to");
        return FALSE;
    }
    peer->moved = g_get_monotonic_time();
    peer->out_done += (gsize)sent;
    peer->out_size -= (gsize)sent;
    if (peer->out_done == size) {
        g_bytes_unref(g_queue_pop_head(&peer->out));
        peer->out_done = 0;
    }
    return TRUE;
}

static gboolean on_writable(GSocket *socket, GIOCondition condition, gpointer data)
{
    RpcPeer *peer = data;

    while (!g_queue_is_empty(&peer->out))
        if (!send_some(peer))
            return peer->reason ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
    source_clear(&peer->writer);
    do_later(peer); /* what was not read meanwhile */
    return G_SOURCE_REMOVE;
}

static void send_answer(RpcPeer *peer, GBytes *answer)
{
    if (g_queue_is_empty(&peer->out))
        peer->moved = g_get_monotonic_time();
    peer->out_size += g_bytes_get_size(answer);
    g_queue_push_tail(&peer->out, answer);
    while (!peer->writer && !g_queue_is_empty(&peer->out))
        if (!send_some(peer))
            break;
    if (!peer->writer && !g_queue_is_empty(&peer->out) && !peer->reason)
        peer->writer = watch(peer, G_IO_OUT, on_writable);
}

/* ---- in ---- */

/* The length of the message that is whole, 0 for none yet. */
static guint32 whole_message(RpcPeer *peer, gsize at)
{
    const gsize have = peer->in->len - at;
    guint32 length;

    if (have < MESSAGE_LENGTH_SIZE)
        return 0;
    if (!message_length(peer->in->data + at, &length) ||
        (peer->read_only && length > peer->limits->reader_message)) {
        end(peer, "its message has an impossible length");
        return 0;
    }
    return have >= length ? length : 0;
}

static gboolean on_readable(GSocket *socket, GIOCondition condition, gpointer data);

/* Reads on, or not: only when what was read is answered, so that it is bounded. */
static void listen_again(RpcPeer *peer)
{
    const gboolean wanted = !peer->no_more_in && !peer->later && peer->out_size < PEER_BACKLOG;

    if (!wanted)
        source_clear(&peer->reader);
    else if (!peer->reader)
        peer->reader = watch(peer, G_IO_IN, on_readable);
}

/* Its octets are done with. One that is silent holds no room. */
static void forget(RpcPeer *peer, gsize octets)
{
    if (octets > 0 && octets == peer->in->len) {
        g_byte_array_unref(peer->in);
        peer->in = g_byte_array_new();
    } else if (octets > 0) {
        g_byte_array_remove_range(peer->in, 0, (guint)octets);
    }
    peer->began = peer->in->len == 0               ? 0
                  : octets > 0 || peer->began == 0 ? peer->heard
                                                   : peer->began;
}

/* Answers some of what has come, in order; how many. */
static guint answer_some(RpcPeer *peer)
{
    guint32 length = 0;
    gsize at = 0;
    guint n = 0;

    while (!peer->reason && !peer->session.is_closing && n < MESSAGES_AT_ONCE &&
           peer->out_size < PEER_BACKLOG && (length = whole_message(peer, at)) > 0) {
        GBytes *answer = session_answer(&peer->session, peer->in->data + at, length);

        if (answer)
            send_answer(peer, answer);
        at += length;
        n++;
    }
    forget(peer, at);
    return n;
}

static void work(RpcPeer *peer)
{
    const guint n = answer_some(peer);

    if (peer->reason)
        return;
    if (n == MESSAGES_AT_ONCE) {
        do_later(peer);
        listen_again(peer);
    } else if ((peer->session.is_closing || (peer->no_more_in && whole_message(peer, 0) == 0)) &&
               g_queue_is_empty(&peer->out)) {
        end(peer, peer->session.is_closing ? "it said so" : "it hung up");
    } else {
        listen_again(peer);
    }
}

static gboolean on_readable(GSocket *socket, GIOCondition condition, gpointer data)
{
    RpcPeer *peer = data;
    g_autoptr(GError) error = NULL;
    char octets[READ_SIZE];
    const gssize n = g_socket_receive(socket, octets, sizeof octets, NULL, &error);

    if (n < 0) {
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            end(peer, "it cannot be read from");
        return peer->reason ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
    }
    g_byte_array_append(peer->in, (const guint8 *)octets, (guint)n);
    peer->heard = g_get_monotonic_time();
    peer->n_pings = 0;
    peer->no_more_in = n == 0;
    work(peer);
    return peer->reader ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* ---- time ---- */

static gboolean is_over(gint64 since, gint64 now, guint seconds)
{
    return now - since > (gint64)seconds * G_USEC_PER_SEC;
}

void rpc_peer_tick(RpcPeer *peer, gint64 now)
{
    const RpcServiceLimits *limits = peer->limits;

    if (peer->reason)
        return;
    if (peer->began && is_over(peer->began, now, limits->message_seconds) && peer->reader)
        end(peer, "its message takes too long");
    else if (!peer->session.is_open && is_over(peer->met, now, limits->message_seconds))
        end(peer, "it opens nothing");
    else if (!g_queue_is_empty(&peer->out) && is_over(peer->moved, now, limits->message_seconds))
        end(peer, "it does not read");
    else if (peer->session.keeps_alive &&
             is_over(peer->heard, now, (peer->n_pings + 1) * limits->keepalive_seconds)) {
        if (peer->n_pings++ >= limits->keepalive_count)
            end(peer, "it answers no pings");
        else
            send_answer(peer, session_ping());
    }
}

/* ---- life ---- */

RpcPeer *rpc_peer_new(GSocket *socket, Filterd *filterd, gboolean read_only,
                      const RpcServiceLimits *limits, RpcPeerOverFunc over, gpointer data)
{
    RpcPeer *peer = g_new0(RpcPeer, 1);

    peer->socket = g_object_ref(socket);
    g_socket_set_blocking(socket, FALSE);
    peer->session.filterd = filterd;
    peer->session.read_only = peer->read_only = read_only;
    peer->limits = limits;
    peer->over = over;
    peer->data = data;
    peer->in = g_byte_array_new();
    g_queue_init(&peer->out);
    peer->met = peer->heard = g_get_monotonic_time();
    listen_again(peer);
    return peer;
}

void rpc_peer_free(RpcPeer *peer)
{
    if (peer->reason)
        log_debug("client=%p ended: %s", (gpointer)peer, peer->reason);
    source_clear(&peer->reader);
    source_clear(&peer->writer);
    source_clear(&peer->later);
    g_queue_clear_full(&peer->out, (GDestroyNotify)g_bytes_unref);
    g_byte_array_unref(peer->in);
    (void)g_socket_close(peer->socket, NULL); /* nothing could be done about it */
    g_object_unref(peer->socket);
    g_free(peer);
}

gboolean rpc_peer_reads_only(const RpcPeer *peer)
{
    return peer->read_only;
}
