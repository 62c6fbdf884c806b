/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/reply.h"

#include "jsonrpc/json-text.h"
#include "jsonrpc/message.h"

struct RpcReply {
    guint references;
    guint waiting; /* answers that have not come yet */
    gboolean array;
    char *destination;
    char *flow_id;
    char *peer;
    GPtrArray *pieces; /* of GBytes: the body so far */
    const RpcReplyEvents *events;
    gpointer session; /* NULL once it has ended */
};

struct RpcCall {
    RpcReply *reply;
    char *id; /* JSON text, or NULL */
};

RpcReply *rpc_reply_new(guint answers, gboolean array, const char *destination, const char *flow_id,
                        const char *peer, const RpcReplyEvents *events, gpointer session)
{
    RpcReply *reply = g_new0(RpcReply, 1);

    reply->references = 1;
    reply->waiting = answers;
    reply->array = array;
    reply->destination = g_strdup(destination);
    reply->flow_id = g_strdup(flow_id);
    reply->peer = g_strdup(peer);
    reply->pieces = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    reply->events = events;
    reply->session = session;
    return reply;
}

RpcReply *rpc_reply_ref(RpcReply *reply)
{
    reply->references++;
    return reply;
}

void rpc_reply_unref(RpcReply *reply)
{
    if (--reply->references > 0)
        return;
    if (reply->session != NULL)
        reply->events->released(reply, reply->session);
    g_ptr_array_unref(reply->pieces);
    g_free(reply->destination);
    g_free(reply->flow_id);
    g_free(reply->peer);
    g_free(reply);
}

const char *rpc_reply_destination(const RpcReply *reply)
{
    return reply->destination;
}

void rpc_reply_detach(RpcReply *reply)
{
    reply->session = NULL;
    g_ptr_array_set_size(reply->pieces, 0);
}

static void add_static(RpcReply *reply, const char *text)
{
    g_ptr_array_add(reply->pieces, g_bytes_new_static(text, strlen(text)));
}

static void add_text(RpcReply *reply, char *text)
{
    g_ptr_array_add(reply->pieces, g_bytes_new_take(text, strlen(text)));
}

static void answer_begin(RpcReply *reply)
{
    if (reply->array)
        add_static(reply, reply->pieces->len == 0 ? "[" : ",");
}

static void answer_end(RpcReply *reply)
{
    g_assert(reply->waiting > 0);
    if (--reply->waiting > 0)
        return;
    if (reply->array)
        add_static(reply, "]");
    gsize count;
    g_autofree gpointer *pieces = g_ptr_array_steal(reply->pieces, &count);
    reply->events->deliver(reply, (GBytes **)pieces, (guint)count, reply->session);
}

void rpc_reply_add_error(RpcReply *reply, const char *id, int code, const char *message)
{
    if (reply->session == NULL)
        return;
    answer_begin(reply);
    add_text(reply, rpc_error_answer(id, code, message));
    answer_end(reply);
}

/* Takes result. */
static void add_result(RpcReply *reply, const char *id, GBytes *result)
{
    answer_begin(reply);
    add_text(reply, rpc_result_head(id));
    g_ptr_array_add(reply->pieces, result);
    add_static(reply, RPC_RESULT_TAIL);
    answer_end(reply);
}

RpcCall *rpc_call_new(RpcReply *reply, const char *id)
{
    RpcCall *call = g_new0(RpcCall, 1);

    call->reply = rpc_reply_ref(reply);
    call->id = g_strdup(id);
    return call;
}

static void call_free(RpcCall *call)
{
    if (call->reply->session != NULL)
        call->reply->events->call_ended(call->reply->session);
    rpc_reply_unref(call->reply);
    g_free(call->id);
    g_free(call);
}

static gboolean is_wanted(const RpcCall *call)
{
    return call->id != NULL && call->reply->session != NULL;
}

void rpc_call_return_bytes(RpcCall *call, GBytes *result)
{
    if (is_wanted(call))
        add_result(call->reply, call->id, g_steal_pointer(&result));
    g_clear_pointer(&result, g_bytes_unref);
    call_free(call);
}

void rpc_call_return(RpcCall *call, JsonNode *result)
{
    if (is_wanted(call)) {
        char *text = result != NULL ? json_text_format(result) : g_strdup("true");
        add_result(call->reply, call->id, g_bytes_new_take(text, strlen(text)));
    }
    g_clear_pointer(&result, json_node_unref);
    call_free(call);
}

void rpc_call_fail(RpcCall *call, int code, const char *message)
{
    if (is_wanted(call))
        rpc_reply_add_error(call->reply, call->id, code, message);
    call_free(call);
}

void rpc_call_fail_error(RpcCall *call, GError *error)
{
    int code = error->domain == RPC_ERROR ? error->code : RPC_GENERAL;

    rpc_call_fail(call, code, error->message);
    g_error_free(error);
}

const char *rpc_call_peer(const RpcCall *call)
{
    return call->reply->peer;
}

const char *rpc_call_flow_id(const RpcCall *call)
{
    return call->reply->flow_id;
}
