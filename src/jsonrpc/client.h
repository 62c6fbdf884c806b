/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/tls.h"
#include "jsonrpc/rpc.h"

/*
 * One client connection to a VDSM-speaking host: STOMP session, calls in flight, events.
 *
 * A client connects once and is finished when the connection ends, for whatever reason (peer
 * closed, heart-beat missed, malformed frame): every call in flight then fails with RPC_NO_ANSWER
 * and the closed function is called once, last. Reconnecting is the owner's business, with a new
 * client. Bodies over 64 KiB are parsed in a worker; order of events and answers is kept.
 */
#define RPC_TYPE_CLIENT rpc_client_get_type()
G_DECLARE_FINAL_TYPE(RpcClient, rpc_client, RPC, CLIENT, GObject)

typedef void (*RpcEventFunc)(RpcClient *client, const char *method, JsonNode *params,
                             gpointer data);
typedef void (*RpcClosedFunc)(RpcClient *client, const GError *reason, gpointer data);

/* credentials NULL means plain TCP. heartbeat is in ms, asked for in both directions, 0 for none.
 */
RpcClient *rpc_client_new(TlsCredentials *credentials, guint heartbeat);
/* Set before connecting; both may be NULL. They are not called after rpc_client_close(). */
void rpc_client_set_handlers(RpcClient *client, RpcEventFunc event, RpcClosedFunc closed,
                             gpointer data);

/* Dials, shakes hands, CONNECTs and subscribes to jms.queue.events and to the responses; timeout in
 * ms bounds all of it together. */
void rpc_client_connect_async(RpcClient *client, const char *host, guint16 port, guint timeout,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer data);
/* The same to a socket in the file system, where RpcClient speaks without TLS. */
void rpc_client_connect_unix_async(RpcClient *client, const char *path, guint timeout,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer data);
/* Of both. */
gboolean rpc_client_connect_finish(RpcClient *client, GAsyncResult *result, GError **error);

/* Once connected: events of one more destination. */
void rpc_client_subscribe(RpcClient *client, const char *destination);

/* Calls method with params (taken; NULL for {}). Fails with RPC_ERROR and the peer's code and
 * message, or with RPC_NO_ANSWER after timeout ms or at the connection's end. The result is never
 * NULL on success; free with json_node_unref(). */
void rpc_client_call_async(RpcClient *client, const char *method, JsonNode *params, guint timeout,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
JsonNode *rpc_client_call_finish(RpcClient *client, GAsyncResult *result, GError **error);

/* Ends the connection at once, without callbacks to the handlers. Calls in flight fail. */
void rpc_client_close(RpcClient *client);
