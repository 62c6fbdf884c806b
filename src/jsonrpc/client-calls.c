/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/client-private.h"
#include "jsonrpc/json-text.h"
#include "jsonrpc/message.h"

#define NO_ANSWER_TEXT "Message timeout which can be caused by communication issues"

typedef struct {
    RpcClient *client; /* borrowed: the task holds a reference */
    char *id;
    GTask *task;
    guint timeout;
    GSource *cancel; /* watches the caller's cancellable, or NULL */
} Call;

/* -- calls */

static void call_free(gpointer data)
{
    Call *call = data;

    if (call->timeout != 0)
        g_source_remove(call->timeout);
    client_source_clear(&call->cancel);
    g_object_unref(call->task);
    g_free(call->id);
    g_free(call);
}

GHashTable *client_calls_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, call_free);
}

/* Ends a call. Takes result and error, one of them NULL. */
static void call_end(Call *call, JsonNode *result, GError *error)
{
    g_autoptr(GTask) task = g_object_ref(call->task);

    (void)g_hash_table_remove(call->client->calls, call->id);
    if (error != NULL)
        g_task_return_error(task, error);
    else
        g_task_return_pointer(task, result, (GDestroyNotify)json_node_unref);
}

GError *client_no_answer(void)
{
    return g_error_new_literal(RPC_ERROR, RPC_NO_ANSWER, NO_ANSWER_TEXT);
}

static gboolean call_timed_out(gpointer data)
{
    Call *call = data;

    call->timeout = 0;
    call_end(call, NULL, client_no_answer());
    return G_SOURCE_REMOVE;
}

static gboolean call_cancelled(GCancellable *cancellable, gpointer data)
{
    call_end(data, NULL, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "Call cancelled"));
    return G_SOURCE_REMOVE;
}

void client_calls_fail(RpcClient *client)
{
    g_autoptr(GHashTable) calls = g_steal_pointer(&client->calls);

    client->calls = client_calls_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, calls);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Call *call = value;
        g_task_return_error(call->task, client_no_answer());
    }
}

static JsonNode *member(JsonObject *object, const char *name)
{
    return json_object_get_member(object, name);
}

static GError *read_error(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return g_error_new_literal(RPC_ERROR, RPC_INTERNAL_ERROR, "Answer with a malformed error");
    JsonObject *object = json_node_get_object(node);
    gint64 code = json_object_get_int_member_with_default(object, "code", RPC_INTERNAL_ERROR);
    JsonNode *message = member(object, "message");
    gboolean is_text = message != NULL && json_node_get_value_type(message) == G_TYPE_STRING;
    return g_error_new_literal(RPC_ERROR, (int)CLAMP(code, G_MININT, G_MAXINT),
                               is_text ? json_node_get_string(message) : "Error without a message");
}

static void take_answer(RpcClient *client, JsonObject *object, JsonNode *id)
{
    const char *text =
        json_node_get_value_type(id) == G_TYPE_STRING ? json_node_get_string(id) : NULL;
    Call *call = text != NULL ? g_hash_table_lookup(client->calls, text) : NULL;
    JsonNode *error = member(object, "error"), *result = member(object, "result");

    if (call == NULL)
        return; /* late, or another client's: VDSM sends such */
    if (error != NULL && !JSON_NODE_HOLDS_NULL(error))
        call_end(call, NULL, read_error(error));
    else if (result != NULL)
        call_end(call, json_node_copy(result), NULL);
    else
        call_end(call, NULL,
                 g_error_new_literal(RPC_ERROR, RPC_INTERNAL_ERROR,
                                     "Answer with neither result nor error"));
}

/* -- messages in */

static void take_object(RpcClient *client, JsonNode *node)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return;
    JsonObject *object = json_node_get_object(node);
    JsonNode *id = member(object, "id"), *method = member(object, "method");
    if (id != NULL && method == NULL) {
        take_answer(client, object, id);
        return;
    }
    gboolean named = method != NULL && json_node_get_value_type(method) == G_TYPE_STRING;
    if (named && client->event != NULL && !client->finished)
        client->event(client, json_node_get_string(method), member(object, "params"), client->data);
}

static void take_root(RpcClient *client, JsonNode *root)
{
    g_autoptr(RpcClient) self = g_object_ref(client);

    if (!JSON_NODE_HOLDS_ARRAY(root)) {
        take_object(self, root);
        return;
    }
    JsonArray *array = json_node_get_array(root);
    for (guint i = 0; i < json_array_get_length(array); i++)
        take_object(self, json_array_get_element(array, i));
}

/* A peer that sends what is no JSON cannot be trusted to answer. */
static void take_text(RpcClient *client, JsonNode *root, const GError *error)
{
    if (root != NULL) {
        take_root(client, root);
        return;
    }
    g_autoptr(GError) reason = g_error_new(STOMP_ERROR, STOMP_ERROR_PROTOCOL,
                                           "Message that is no JSON: %s", error->message);
    client_over(client, reason);
}

static void parsed(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(RpcClient) client = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) root = json_text_parse_finish(result, &error);

    if (client->finished)
        return;
    take_text(client, root, error);
    if (!client->finished)
        stomp_link_resume(client->link);
}

/* Nothing more is read while a worker parses, so that events and answers keep their order. */
void client_take_message(RpcClient *client, const StompFrame *frame)
{
    g_autoptr(GError) error = NULL;

    if (g_bytes_get_size(frame->body) > JSON_TEXT_WORKER_SIZE) {
        stomp_link_pause(client->link);
        json_text_parse_async(frame->body, NULL, parsed, g_object_ref(client));
        return;
    }
    g_autoptr(JsonNode) root = json_text_parse(frame->body, &error);
    take_text(client, root, error);
}

/* -- calling */

/* Takes text. */
static void send_request(RpcClient *client, char *text)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("SEND");

    stomp_frame_add(frame, "destination", RPC_REQUESTS);
    stomp_frame_add(frame, "content-type", "application/json");
    stomp_frame_add(frame, "reply-to", client->uuid);
    g_bytes_unref(frame->body);
    frame->body = g_bytes_new_take(text, strlen(text));
    stomp_link_send(client->link, frame);
}

static void call_register(RpcClient *client, GTask *task, guint timeout)
{
    Call *call = g_new0(Call, 1);
    GCancellable *cancellable = g_task_get_cancellable(task);

    call->client = client;
    call->id = g_strdup_printf("%s-%" G_GUINT64_FORMAT, client->uuid, ++client->last_id);
    call->task = task;
    g_task_set_check_cancellable(task, FALSE); /* we end it ourselves */
    g_hash_table_insert(client->calls, call->id, call);
    call->timeout = g_timeout_add(timeout, call_timed_out, call);
    g_task_set_task_data(task, g_strdup(call->id), g_free);
    call->cancel = client_watch(cancellable, call_cancelled, call);
}

void rpc_client_call_async(RpcClient *client, const char *method, JsonNode *params, guint timeout,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
    g_autoptr(JsonNode) taken = params;
    GTask *task = g_task_new(client, cancellable, callback, data);

    if (client->finished || client->link == NULL || client->connecting != NULL) {
        g_task_return_error(task, client_no_answer());
        g_object_unref(task);
        return;
    }
    call_register(client, task, timeout);
    send_request(client, rpc_request_text(method, taken, g_task_get_task_data(task)));
}

JsonNode *rpc_client_call_finish(RpcClient *client, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
