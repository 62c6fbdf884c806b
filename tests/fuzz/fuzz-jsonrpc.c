/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "jsonrpc/json-text.h"
#include "jsonrpc/message.h"

/*
 * JSON text and JSON-RPC messages: what the check lets through json-glib must read too, what is
 * written must pass the check, and every answer to whatever request is JSON.
 */
static void expect_json(char *text)
{
    GError *error = NULL;

    if (!json_text_check(text, strlen(text), &error))
        g_error("not JSON (%s): %s", error->message, text);
    g_free(text);
}

static void answer(const RpcRequest *request)
{
    g_assert((request->error == NULL) == (request->method != NULL));
    if (request->error != NULL) {
        expect_json(rpc_error_answer(request->id, request->error->code, request->error->message));
        return;
    }
    expect_json(rpc_error_answer(request->id, 1, request->method));
    g_autofree char *head = rpc_result_head(request->id);
    expect_json(g_strconcat(head, "true", RPC_RESULT_TAIL, NULL));
    expect_json(rpc_request_text(request->method, request->params, request->id));
    g_autofree char *text = rpc_message(request->method, request->method, request->method, NULL);
    expect_json(rpc_error_answer(NULL, 1, text));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;

    if (!json_text_check((const char *)data, size, &error)) {
        g_assert(error != NULL);
        return 0;
    }
    JsonNode *root = json_text_parse(bytes, &error);
    if (root == NULL)
        g_error("json-glib does not read what was checked: %s", error->message);
    expect_json(json_text_format(root));
    g_autoptr(RpcMessage) message = rpc_message_new(root, 8);
    g_assert(message->requests->len >= 1 && message->requests->len <= 8);
    for (guint i = 0; i < message->requests->len; i++)
        answer(message->requests->pdata[i]);
    return 0;
}
