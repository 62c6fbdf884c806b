/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/stomp-link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "jsonrpc/stomp-queue.h"

#define READ_SIZE (64 * 1024)
#define READS_AT_ONCE 4 /* then others get their turn */
#define LINGER_MS 1000  /* for the peer to read our last words and close */
#define FLUSH_MS 5000   /* for our last words to leave at all */

struct StompLink {
    gint references;
    const StompLinkEvents *events;
    gpointer data;
    GSocketConnection *socket;
    GIOStream *stream;
    GPollableInputStream *input;
    GPollableOutputStream *output;
    StompParser *parser;
    StompQueue *queue;
    gsize queue_limit;

    gboolean paused;
    gboolean closed;
    gboolean finishing;   /* input is discarded */
    gboolean half_closed; /* and all output is out */
    gboolean draining;    /* inside frame() */
    GError *reason;       /* why it ends */

    GSource *reader, *writer, *beat, *end, *unfinished;
    guint frame_timeout;
    guint send_ms, expect_ms;
    gint64 last_read, last_write; /* monotonic, in microseconds */
};

static void end_later(StompLink *link, GError *reason);

/* -- sources */

static void source_clear(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static GSource *source_attach(GSource *source, GSourceFunc function, StompLink *link)
{
    g_source_set_callback(source, function, link, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static gint64 idle_ms(gint64 since)
{
    return (g_get_monotonic_time() - since) / 1000;
}

/* -- the end */

/* TLS's good-bye is a few bytes, written blocking: only where there is room for it. */
static void say_goodbye(StompLink *link)
{
    GSocket *socket = g_socket_connection_get_socket(link->socket);

    if (link->half_closed || stomp_queue_size(link->queue) > 0)
        return;
    link->half_closed = TRUE;
    if (g_socket_condition_check(socket, G_IO_OUT) & G_IO_OUT)
        (void)g_output_stream_close(G_OUTPUT_STREAM(link->output), NULL, NULL);
    (void)g_socket_shutdown(socket, FALSE, TRUE, NULL); /* may have failed already; no matter */
}

static void link_shut(StompLink *link)
{
    GSource **sources[] = {&link->reader, &link->writer, &link->beat, &link->end,
                           &link->unfinished};

    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        source_clear(sources[i]);
    link->closed = TRUE;
    say_goodbye(link);
    stomp_queue_clear(link->queue);
    /* The socket goes first: a TLS good-bye to a peer that does not read would block. */
    (void)g_socket_close(g_socket_connection_get_socket(link->socket), NULL);
    (void)g_io_stream_close(link->stream, NULL, NULL); /* nobody is left to tell */
}

void stomp_link_close(StompLink *link)
{
    if (!link->closed)
        link_shut(link);
}

static gboolean end_now(gpointer data)
{
    g_autoptr(StompLink) link = stomp_link_ref(data);
    g_autoptr(GError) reason = g_steal_pointer(&link->reason);

    link_shut(link);
    link->events->ended(link, reason, link->data);
    return G_SOURCE_REMOVE;
}

/* Stops everything; ended() follows from the main loop. Takes reason, unless one is known already.
 */
static void end_later(StompLink *link, GError *reason)
{
    if (link->reason == NULL && !link->finishing)
        link->reason = g_steal_pointer(&reason);
    g_clear_error(&reason);
    if (link->closed)
        return;
    source_clear(&link->reader);
    source_clear(&link->writer);
    source_clear(&link->end);
    link->paused = TRUE;
    link->end = source_attach(g_idle_source_new(), end_now, link);
    g_source_set_priority(link->end, G_PRIORITY_DEFAULT);
}

static GError *error_closed(void)
{
    return g_error_new_literal(STOMP_ERROR, STOMP_ERROR_CLOSED, "The peer closed the connection");
}

/* An error of the socket or of TLS, with the error of ours that it amounts to. */
static void end_with_io_error(StompLink *link, GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) ||
        g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_EOF)) {
        g_error_free(error);
        error = error_closed();
    }
    end_later(link, error);
}

/* -- output */

static gboolean link_flush(StompLink *link);

static gboolean on_writable(GObject *output, gpointer data)
{
    g_autoptr(StompLink) link = stomp_link_ref(data);

    return link_flush(link) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean linger_over(gpointer data)
{
    return end_now(data);
}

/* Everything of a finishing link is out; now the peer's end of file is awaited. */
static void half_close(StompLink *link)
{
    say_goodbye(link);
    source_clear(&link->end);
    link->end = source_attach(g_timeout_source_new(LINGER_MS), linger_over, link);
}

static void want_writable(StompLink *link)
{
    if (link->writer != NULL)
        return;
    link->writer = g_pollable_output_stream_create_source(link->output, NULL);
    (void)source_attach(link->writer, G_SOURCE_FUNC(on_writable), link);
}

/* Writes what can be written. TRUE when nothing is left to wait for. */
static gboolean link_flush(StompLink *link)
{
    GError *error = NULL;
    gboolean wrote = FALSE;
    StompQueueState state = stomp_queue_write(link->queue, link->output, &wrote, &error);

    if (wrote)
        link->last_write = g_get_monotonic_time();
    if (state == STOMP_QUEUE_FAILED) {
        end_with_io_error(link, error);
        return TRUE;
    }
    if (state == STOMP_QUEUE_WAITING) {
        want_writable(link);
        return FALSE;
    }
    source_clear(&link->writer);
    if (link->finishing && !link->half_closed)
        half_close(link);
    return TRUE;
}

gsize stomp_link_queued(const StompLink *link)
{
    return stomp_queue_size(link->queue);
}

void stomp_link_send_pieces(StompLink *link, GBytes *const *pieces, guint count)
{
    gboolean refused = link->closed || link->finishing || link->reason != NULL;

    if (!refused && stomp_queue_size(link->queue) > link->queue_limit) {
        end_later(link, g_error_new(STOMP_ERROR, STOMP_ERROR_SLOW,
                                    "The peer does not read: %" G_GSIZE_FORMAT
                                    " bytes wait for it, the limit is %" G_GSIZE_FORMAT,
                                    stomp_queue_size(link->queue), link->queue_limit));
        refused = TRUE;
    }
    for (guint i = 0; i < count; i++) {
        if (refused)
            g_bytes_unref(pieces[i]);
        else
            stomp_queue_push(link->queue, pieces[i]);
    }
    if (!refused && link->writer == NULL)
        (void)link_flush(link);
}

void stomp_link_send(StompLink *link, const StompFrame *frame)
{
    GBytes *whole = stomp_frame_format(frame);

    stomp_link_send_pieces(link, &whole, 1);
}

/* -- input */

static gboolean frame_overdue(gpointer data)
{
    StompLink *link = data;

    end_later(link, g_error_new(STOMP_ERROR, STOMP_ERROR_TIMEOUT,
                                "A frame was not finished within %u ms", link->frame_timeout));
    return G_SOURCE_REMOVE;
}

/* Keeps the clock of an unfinished frame; whole says that a frame was finished since the last time.
 */
static void watch_unfinished(StompLink *link, gboolean whole)
{
    gboolean inside = stomp_parser_is_inside(link->parser) && !link->paused;

    if (whole || !inside)
        source_clear(&link->unfinished);
    if (inside && link->unfinished == NULL && !link->closed)
        link->unfinished =
            source_attach(g_timeout_source_new(link->frame_timeout), frame_overdue, link);
}

static void input_malformed(StompLink *link, GError *error)
{
    if (link->events->malformed == NULL) {
        end_later(link, error);
        return;
    }
    link->events->malformed(link, error, link->data);
    g_error_free(error);
}

/* Hands out the frames that have come. */
static void link_drain(StompLink *link)
{
    gboolean whole = FALSE;

    if (link->draining)
        return;
    link->draining = TRUE;
    while (!link->paused && !link->closed && !link->finishing) {
        GError *error = NULL;
        g_autoptr(StompFrame) frame = stomp_parser_next(link->parser, &error);
        if (error != NULL)
            input_malformed(link, error);
        if (frame == NULL)
            break;
        whole = TRUE;
        link->events->frame(link, frame, link->data);
    }
    link->draining = FALSE;
    if (link->closed || link->finishing)
        source_clear(&link->unfinished);
    else
        watch_unfinished(link, whole);
}

/* One read. FALSE when there is no more for now. */
static gboolean link_read(StompLink *link)
{
    guint8 discard[4096];
    g_autoptr(GError) error = NULL;
    gsize size = link->finishing ? sizeof discard : READ_SIZE;
    guint8 *room = link->finishing ? discard : stomp_parser_reserve(link->parser, size);
    gssize got = g_pollable_input_stream_read_nonblocking(link->input, room, size, NULL, &error);

    if (got < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return FALSE;
    if (got < 0)
        end_with_io_error(link, g_steal_pointer(&error));
    else if (got == 0)
        end_later(link, error_closed());
    if (got <= 0)
        return FALSE;
    link->last_read = g_get_monotonic_time();
    if (!link->finishing) {
        stomp_parser_commit(link->parser, (gsize)got);
        link_drain(link);
    }
    return TRUE;
}

static void link_fill(StompLink *link)
{
    for (guint i = 0; i < READS_AT_ONCE; i++)
        if (link->closed || link->paused || !link_read(link))
            return;
}

static gboolean on_readable(GObject *input, gpointer data)
{
    g_autoptr(StompLink) link = stomp_link_ref(data);

    link_fill(link);
    return G_SOURCE_CONTINUE; /* a source that was destroyed meanwhile stays so */
}

static void want_readable(StompLink *link)
{
    if (link->reader != NULL || link->closed || link->end != NULL)
        return;
    link->reader = g_pollable_input_stream_create_source(link->input, NULL);
    (void)source_attach(link->reader, G_SOURCE_FUNC(on_readable), link);
}

void stomp_link_pause(StompLink *link)
{
    link->paused = TRUE;
    source_clear(&link->reader);
    source_clear(&link->unfinished);
}

void stomp_link_resume(StompLink *link)
{
    g_autoptr(StompLink) self = stomp_link_ref(link);

    if (self->closed || self->end != NULL)
        return;
    self->paused = FALSE;
    self->last_read = g_get_monotonic_time();
    link_drain(self);
    if (!self->paused)
        want_readable(self);
}

/* -- heart-beats */

static void check_peer(StompLink *link)
{
    gint64 most = 2 * (gint64)link->expect_ms;

    if (link->expect_ms == 0 || link->paused || idle_ms(link->last_read) < most)
        return;
    link_fill(link); /* it may be we who were late */
    if (link->closed || link->paused || idle_ms(link->last_read) < most)
        return;
    end_later(link, g_error_new(STOMP_ERROR, STOMP_ERROR_TIMEOUT,
                                "Nothing came for %" G_GINT64_FORMAT
                                " ms, a heart-beat was agreed for every %u ms",
                                idle_ms(link->last_read), link->expect_ms));
}

static void beat(StompLink *link)
{
    gboolean due = link->send_ms > 0 && idle_ms(link->last_write) >= link->send_ms / 2;

    if (!due || link->finishing || stomp_queue_size(link->queue) > 0)
        return;
    GBytes *eol = g_bytes_new_static("\n", 1);
    stomp_link_send_pieces(link, &eol, 1);
}

static gboolean on_beat(gpointer data)
{
    g_autoptr(StompLink) link = stomp_link_ref(data);

    beat(link);
    check_peer(link);
    return G_SOURCE_CONTINUE;
}

void stomp_link_set_heartbeat(StompLink *link, guint send, guint expect)
{
    source_clear(&link->beat);
    link->send_ms = send;
    link->expect_ms = expect;
    link->last_read = link->last_write = g_get_monotonic_time();
    if ((send == 0 && expect == 0) || link->closed)
        return;
    guint shortest = MIN(send > 0 ? send : expect, expect > 0 ? expect : send);
    link->beat = source_attach(g_timeout_source_new(MAX(shortest / 4, 1)), on_beat, link);
}

/* -- life */

StompLink *stomp_link_new(GSocketConnection *socket, GIOStream *stream, const StompLimits *limits,
                          gsize queue_limit, guint frame_timeout, const StompLinkEvents *events,
                          gpointer data)
{
    StompLink *link = g_new0(StompLink, 1);
    GSocket *raw = g_socket_connection_get_socket(socket);

    link->references = 1;
    link->events = events;
    link->data = data;
    link->socket = g_object_ref(socket);
    link->stream = g_object_ref(stream);
    link->input = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream));
    link->output = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream));
    link->parser = stomp_parser_new(limits);
    link->queue = stomp_queue_new();
    link->queue_limit = queue_limit;
    link->frame_timeout = frame_timeout;
    link->last_read = link->last_write = g_get_monotonic_time();
    if (g_socket_get_family(raw) != G_SOCKET_FAMILY_UNIX)
        (void)g_socket_set_option(raw, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL); /* speed only */
    want_readable(link);
    return link;
}

StompLink *stomp_link_ref(StompLink *link)
{
    link->references++;
    return link;
}

void stomp_link_unref(StompLink *link)
{
    if (link == NULL || --link->references > 0)
        return;
    stomp_link_close(link);
    stomp_parser_free(link->parser);
    stomp_queue_free(link->queue);
    g_object_unref(link->stream);
    g_object_unref(link->socket);
    g_clear_error(&link->reason);
    g_free(link);
}

void stomp_link_finish(StompLink *link, const GError *reason)
{
    if (link->closed || link->finishing || link->end != NULL)
        return;
    link->reason = reason != NULL ? g_error_copy(reason) : NULL;
    link->finishing = TRUE;
    link->paused = FALSE;
    source_clear(&link->beat);
    source_clear(&link->unfinished);
    want_readable(link);
    link->end = source_attach(g_timeout_source_new(FLUSH_MS), linger_over, link);
    if (link->writer == NULL)
        (void)link_flush(link);
}
