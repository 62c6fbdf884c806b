/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/message.h"

#include "jsonrpc/json-text.h"

static void request_free(gpointer data)
{
    RpcRequest *request = data;

    g_free(request->id);
    g_free(request->method);
    g_clear_error(&request->error);
    g_free(request);
}

void rpc_message_free(RpcMessage *message)
{
    if (message == NULL)
        return;
    g_ptr_array_unref(message->requests);
    g_clear_pointer(&message->root, json_node_unref);
    g_free(message);
}

GError *rpc_parse_error(void)
{
    return g_error_new_literal(RPC_ERROR, RPC_PARSE_ERROR,
                               "Invalid JSON was received by the server. An error occurred on the "
                               "server while parsing the JSON text.");
}

GError *rpc_internal_error(const char *reason)
{
    g_autofree char *text = rpc_message("Internal JSON-RPC error", "reason", reason, NULL);

    return g_error_new_literal(RPC_ERROR, RPC_INTERNAL_ERROR, text);
}

static RpcRequest *invalid_request(const char *reason)
{
    RpcRequest *request = g_new0(RpcRequest, 1);
    g_autofree char *text = rpc_message("Invalid request", "reason", reason, NULL);

    request->error = g_error_new_literal(RPC_ERROR, RPC_INVALID_REQUEST, text);
    return request;
}

static const char *string_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

/* What JSON-RPC 2.0, section 4, allows an id to be. */
static gboolean is_id(JsonNode *node)
{
    GType type = json_node_get_value_type(node);

    return JSON_NODE_HOLDS_NULL(node) || type == G_TYPE_STRING || type == G_TYPE_INT64 ||
           type == G_TYPE_DOUBLE;
}

/* What is wrong with a request, in VDSM's words, or NULL. */
static const char *request_fault(JsonObject *object)
{
    const char *version = string_member(object, "jsonrpc");
    JsonNode *id = json_object_get_member(object, "id");
    JsonNode *params = json_object_get_member(object, "params");

    if (g_strcmp0(version, "2.0") != 0)
        return "Wrong protocol version";
    if (string_member(object, "method") == NULL)
        return "missing method header in method";
    if (id != NULL && !is_id(id))
        return "wrong id type";
    if (params != NULL && !JSON_NODE_HOLDS_OBJECT(params) && !JSON_NODE_HOLDS_ARRAY(params))
        return "wrong params type";
    return NULL;
}

static RpcRequest *read_request(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return invalid_request("not an object");
    JsonObject *object = json_node_get_object(node);
    JsonNode *id = json_object_get_member(object, "id");
    const char *fault = request_fault(object);
    RpcRequest *request = fault != NULL ? invalid_request(fault) : g_new0(RpcRequest, 1);

    if (id != NULL && is_id(id))
        request->id = json_text_format(id);
    if (fault != NULL)
        return request;
    request->method = g_strdup(string_member(object, "method"));
    request->params = json_object_get_member(object, "params");
    return request;
}

static void read_batch(GPtrArray *requests, JsonArray *batch, guint limit)
{
    guint length = json_array_get_length(batch);

    if (length == 0) {
        g_ptr_array_add(requests, invalid_request("request batch is empty"));
        return;
    }
    if (length > limit) {
        g_autofree char *reason =
            g_strdup_printf("batch of %u requests is over the limit of %u", length, limit);
        g_ptr_array_add(requests, invalid_request(reason));
        return;
    }
    for (guint i = 0; i < length; i++)
        g_ptr_array_add(requests, read_request(json_array_get_element(batch, i)));
}

RpcMessage *rpc_message_new(JsonNode *root, guint batch_limit)
{
    RpcMessage *message = g_new0(RpcMessage, 1);

    message->requests = g_ptr_array_new_with_free_func(request_free);
    message->root = root;
    message->batch = JSON_NODE_HOLDS_ARRAY(root);
    if (message->batch)
        read_batch(message->requests, json_node_get_array(root), batch_limit);
    else
        g_ptr_array_add(message->requests, read_request(root));
    return message;
}

RpcMessage *rpc_message_new_invalid(GError *error)
{
    RpcMessage *message = g_new0(RpcMessage, 1);
    RpcRequest *request = g_new0(RpcRequest, 1);

    request->error = error;
    message->requests = g_ptr_array_new_with_free_func(request_free);
    g_ptr_array_add(message->requests, request);
    return message;
}

char *rpc_result_head(const char *id)
{
    return g_strconcat("{\"jsonrpc\":\"2.0\",\"id\":", id != NULL ? id : "null",
                       ",\"result\":", NULL);
}

char *rpc_error_answer(const char *id, int code, const char *message)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":",
                           id != NULL ? id : "null", code);
    json_text_append_string(out, message);
    g_string_append(out, "}}");
    return g_string_free(out, FALSE);
}

char *rpc_request_text(const char *method, JsonNode *params, const char *id)
{
    GString *out = g_string_new("{\"jsonrpc\":\"2.0\",\"method\":");
    g_autofree char *text = params != NULL ? json_text_format(params) : g_strdup("{}");

    json_text_append_string(out, method);
    g_string_append(out, ",\"params\":");
    g_string_append(out, text);
    if (id != NULL) {
        g_string_append(out, ",\"id\":");
        json_text_append_string(out, id);
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}
