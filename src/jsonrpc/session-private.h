/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/session.h"
#include "jsonrpc/stomp-link.h"
#include "jsonrpc/subscriptions.h"

/*
 * The inside of a session, for its three files: session.c is its life, session-frames.c the STOMP
 * commands, session-calls.c the requests and answers in them.
 */
struct RpcSession {
    gint references;
    const RpcSessionOwner *owner;
    GSocketConnection *connection;
    GIOStream *stream; /* the TLS connection, or connection itself */
    GCancellable *cancellable;
    StompLink *link; /* NULL before the handshake is done */
    guint deadline;  /* the timeout of handshake or CONNECT */
    char *peer;
    gboolean connected; /* CONNECT was accepted */
    gboolean ended;
    Subscriptions *subscriptions;
    GPtrArray *replies; /* of RpcReply: those that point here */
    guint calls;        /* in flight */
    guint64 lost;       /* offered and not sent, and not told yet */
};

RpcSession *session_ref(RpcSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcSession, rpc_session_unref)

/* session.c: the end. reason NULL: the peer took its leave. */
void session_over(RpcSession *session, const GError *reason);
void session_clear_deadline(RpcSession *session);

/* session-frames.c: what the link of a session calls. */
extern const StompLinkEvents session_link_events;

/* session-calls.c: runs the message in the body of a SEND, now or when a worker has parsed it. */
void session_run_body(RpcSession *session, const StompFrame *frame);
/* What calls of the session still answer is dropped. */
void session_detach_replies(RpcSession *session);
