/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/tls.h"
#include "jsonrpc/rpc.h"

/*
 * The JSON-RPC server over STOMP 1.2: VDSM's port 54321.
 *
 * Owns its listening sockets and connections. Each request becomes an RpcCall that belongs to the
 * connection it came by: its answer goes to that connection only, whatever ids other clients use,
 * and to nobody when the connection has gone (rpc_call_* are then silent no-ops). Answers may come
 * in any order and at any later time, on the main context's thread. A batch (array) of one is
 * answered by a bare object, as VDSM's clients expect; a longer one by an array, once every member
 * is answered.
 */
typedef struct RpcServer RpcServer;
typedef struct RpcCall RpcCall;

/* params is an object, an array, or NULL when absent; borrowed for the duration of the call to the
 * handler. The handler ends the call once, now or later, with one of the rpc_call functions. */
typedef void (*RpcHandler)(RpcCall *call, const char *method, JsonNode *params, gpointer data);

/* What clients can grow, and how long they may take. */
typedef struct {
    guint connections;   /* that finished their handshake; more are refused */
    guint handshakes;    /* at the same time; a further one pushes the oldest out */
    guint subscriptions; /* of a connection */
    guint calls;         /* of a connection, in flight */
    guint batch;         /* requests in one message */
    gsize body;          /* bytes of a message */
    gsize queued;       /* bytes that wait for a client to read them, when one more frame is sent */
    guint handshake_ms; /* TLS */
    guint connect_ms;   /* from there to CONNECT */
    guint frame_ms;     /* from a frame's first byte to its last */
    guint heartbeat_ms; /* the shortest interval agreed to (VDSM: 1000) */
} RpcLimits;
extern const RpcLimits rpc_default_limits;

/* Told of each connection that was refused or lost, with the reason, for the daemon's log; not of
 * those that ended with DISCONNECT. peer is as rpc_call_peer() gives it. */
typedef void (*RpcLostFunc)(const char *peer, const GError *reason, gpointer data);

/* credentials NULL means plain TCP (ssl=false). */
RpcServer *rpc_server_new(TlsCredentials *credentials, RpcHandler handler, gpointer data);
void rpc_server_free(RpcServer *server); /* closes everything */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcServer, rpc_server_free)

/* Both before the first socket. */
void rpc_server_set_limits(RpcServer *server, const RpcLimits *limits);
void rpc_server_set_lost_handler(RpcServer *server, RpcLostFunc lost, gpointer data);

/* Serves the connections of a listening socket (base/listen.h). */
gboolean rpc_server_add_socket(RpcServer *server, GSocket *socket, GError **error);

/* Sends a notification {"jsonrpc","method","params"} as MESSAGE on destination to every connection
 * subscribed to it. Takes params. */
void rpc_server_notify(RpcServer *server, const char *destination, const char *method,
                       JsonNode *params);

/*
 * The same for what may be lost: a connection for which more than `queued` bytes wait does not get
 * it. What it did not get is counted, and told it as the notification `lost` with {"count"}, before
 * the next one that it gets.
 */
void rpc_server_offer(RpcServer *server, const char *destination, const char *method,
                      JsonNode *params, gsize queued, const char *lost);

/* Whether a connection would be sent what goes to destination. */
gboolean rpc_server_is_heard(const RpcServer *server, const char *destination);

/* Number of connections that finished their handshake. */
guint rpc_server_connections(const RpcServer *server);

/* End a call. _return takes result (NULL means true, as VDSM answers a method without a result);
 * _return_bytes takes the JSON text of the result, built elsewhere (a worker, for large ones): the
 * caller's reference too. */
void rpc_call_return(RpcCall *call, JsonNode *result);
void rpc_call_return_bytes(RpcCall *call, GBytes *result);
void rpc_call_fail(RpcCall *call, int code, const char *message);
/* RPC_ERROR keeps its code, any other domain becomes RPC_GENERAL. Takes error. */
void rpc_call_fail_error(RpcCall *call, GError *error);

/* The caller's address, "127.0.0.1:4711"; and its flow id (STOMP ovirtCorrelationId) or NULL. */
const char *rpc_call_peer(const RpcCall *call);
const char *rpc_call_flow_id(const RpcCall *call);
