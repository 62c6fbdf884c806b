/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "jsonrpc/stomp-parser.h"

/*
 * One established connection that carries STOMP frames, either side's: reads and writes without
 * blocking, sends and expects heart-beats, bounds what waits for a peer that does not read.
 *
 * Owner: a server session or a client. The link calls back from the main loop only, and from
 * stomp_link_resume(), never from inside another call to it; its owner can drop it at any time. It
 * calls ended() once, last, unless stomp_link_close() came first.
 */
typedef struct StompLink StompLink;

typedef struct {
    /* A frame came; borrowed. */
    void (*frame)(StompLink *link, StompFrame *frame, gpointer data);
    /* The input cannot be read any further (STOMP_ERROR_FRAME or _LIMIT): answer, if at all, and
     * stomp_link_finish(). NULL: the link just ends with that error. */
    void (*malformed)(StompLink *link, const GError *error, gpointer data);
    /* The connection is over. reason is NULL after stomp_link_finish(link, NULL). */
    void (*ended)(StompLink *link, const GError *reason, gpointer data);
} StompLinkEvents;

/* socket is where stream ends: stream itself, or what a TLS stream wraps. queue_limit is in bytes:
 * a peer for which more than that waits when another frame is sent is dropped. frame_timeout, in
 * ms, is how long an unfinished frame may take. */
StompLink *stomp_link_new(GSocketConnection *socket, GIOStream *stream, const StompLimits *limits,
                          gsize queue_limit, guint frame_timeout, const StompLinkEvents *events,
                          gpointer data);
StompLink *stomp_link_ref(StompLink *link);
void stomp_link_unref(StompLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StompLink, stomp_link_unref)

/* Heart-beats in ms, 0 for none: one is sent when nothing else was for three quarters of send; the
 * peer counts as lost when nothing came for twice expect. */
void stomp_link_set_heartbeat(StompLink *link, guint send, guint expect);

/* Queues a frame. Failures come through ended(). */
void stomp_link_send(StompLink *link, const StompFrame *frame);
/* Queues a frame in pieces, so that a large body is not copied: takes the references, not the
 * array. */
void stomp_link_send_pieces(StompLink *link, GBytes *const *pieces, guint count);

/* Bytes that wait for the peer to read them. */
gsize stomp_link_queued(const StompLink *link);

/* Between these two no frame() is called, and nothing is read. */
void stomp_link_pause(StompLink *link);
void stomp_link_resume(StompLink *link);

/* Sends what is queued, says good-bye, waits a moment for the peer to do the same. Input is
 * discarded. ended() gets a copy of reason. */
void stomp_link_finish(StompLink *link, const GError *reason);
/* Ends at once, without callbacks. */
void stomp_link_close(StompLink *link);
