/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/rpc.h"

/*
 * JSON-RPC 2.0 messages: what a request's JSON means, and the text of an answer.
 * Knows nothing of connections.
 */

/* One request of a message. Where error is set, it is not to be run but to be answered with that.
 */
typedef struct {
    char *id;         /* as JSON text; NULL for a notification */
    char *method;     /* NULL when error is set */
    JsonNode *params; /* an object or an array, or NULL; borrowed from the message's JSON */
    GError *error;    /* RPC_ERROR */
} RpcRequest;

typedef struct {
    gboolean batch; /* the JSON was an array */
    GPtrArray *requests;
    JsonNode *root;
} RpcMessage;

/* Takes root. Never fails: what is wrong is in the requests. An empty batch, and one of more than
 * batch_limit members, is one invalid request. */
RpcMessage *rpc_message_new(JsonNode *root, guint batch_limit);
/* A message that could not be read: one request with that error, which is taken. */
RpcMessage *rpc_message_new_invalid(GError *error);
void rpc_message_free(RpcMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcMessage, rpc_message_free)

/* VDSM's answer to text that is no JSON, -32700. */
GError *rpc_parse_error(void);
/* -32603 with VDSM's text and a reason. */
GError *rpc_internal_error(const char *reason);

/* Answer texts. id is JSON text, NULL for null. The success answer is this head, the result's JSON
 * text and RPC_RESULT_TAIL. */
#define RPC_RESULT_TAIL "}"
char *rpc_result_head(const char *id);
char *rpc_error_answer(const char *id, int code, const char *message);

/* {"jsonrpc","method","params"[,"id"]}; params borrowed, NULL for {}; id is plain text or NULL. */
char *rpc_request_text(const char *method, JsonNode *params, const char *id);
