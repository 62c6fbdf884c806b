/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/server.h"

/*
 * One connection of a server: TLS handshake, the server's side of STOMP, requests in, answers out.
 * Owner: the server, which is told when the handshake is done and when the session has ended.
 */
typedef struct RpcSession RpcSession;

typedef struct {
    const RpcLimits *limits;
    TlsCredentials *credentials; /* NULL: plain TCP */
    RpcHandler handler;
    gpointer handler_data;
    /* The handshake is done. FALSE: there is no room, end with *error. */
    gboolean (*ready)(RpcSession *session, gpointer server, GError **error);
    /* Last call. reason is NULL after DISCONNECT. The server drops the session. */
    void (*ended)(RpcSession *session, const GError *reason, gpointer server);
    gpointer server;
} RpcSessionOwner;

/* owner must outlive the session's end. The session begins with rpc_session_begin(), which may call
 * back at once. */
RpcSession *rpc_session_new(GSocketConnection *connection, const RpcSessionOwner *owner);
void rpc_session_begin(RpcSession *session);
/* Ends at once; ended() is called with reason when it is not NULL. */
void rpc_session_end(RpcSession *session, const GError *reason);
void rpc_session_unref(RpcSession *session);

/* "127.0.0.1:4711" */
const char *rpc_session_peer(const RpcSession *session);

/* Sends body as MESSAGE to each of this connection's subscriptions that covers destination. */
void rpc_session_notify(RpcSession *session, const char *destination, GBytes *body);
/* As rpc_server_offer(). */
void rpc_session_offer(RpcSession *session, const char *destination, GBytes *body, gsize queued,
                       const char *lost);
gboolean rpc_session_hears(const RpcSession *session, const char *destination);
