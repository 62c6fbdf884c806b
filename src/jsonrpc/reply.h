/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/server.h"

/*
 * Where the answers of one message go: collected until the last has come, then handed to the
 * session the message came by, as one body. When the session has ended they go nowhere. RpcCall
 * (server.h) is one request of it.
 */
typedef struct RpcReply RpcReply;

/* Takes the pieces of a complete body (references, not the array). Called once at most. */
typedef void (*RpcDeliverFunc)(const RpcReply *reply, GBytes *const *pieces, guint count,
                               gpointer session);
typedef struct {
    RpcDeliverFunc deliver;
    void (*call_ended)(gpointer session);                      /* one of its calls has ended */
    void (*released)(const RpcReply *reply, gpointer session); /* last: it does not need session */
} RpcReplyEvents;

/* answers is the number of answers that will be given; array whether their body is an array.
 * destination (the reply-to header) and flow_id may be NULL. */
RpcReply *rpc_reply_new(guint answers, gboolean array, const char *destination, const char *flow_id,
                        const char *peer, const RpcReplyEvents *events, gpointer session);
RpcReply *rpc_reply_ref(RpcReply *reply);
void rpc_reply_unref(RpcReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcReply, rpc_reply_unref)

const char *rpc_reply_destination(const RpcReply *reply);

/* The session has ended: what still comes is dropped. */
void rpc_reply_detach(RpcReply *reply);

/* Answers a request that is not run. */
void rpc_reply_add_error(RpcReply *reply, const char *id, int code, const char *message);

/* A call whose answer goes to reply; id NULL (a notification) gives none. */
RpcCall *rpc_call_new(RpcReply *reply, const char *id);
