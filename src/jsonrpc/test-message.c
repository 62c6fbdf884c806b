/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/message.h"

#include "jsonrpc/json-text.h"
#include "jsonrpc/subscriptions.h"

/* A message in one line: each request as "method(id)params" or "code text (id)"; '*' for a batch.
 */
static char *describe(const char *text)
{
    g_autoptr(RpcMessage) message = rpc_message_new(json_from_string(text, NULL), 3);
    GString *out = g_string_new(message->batch ? "*" : "");

    for (guint i = 0; i < message->requests->len; i++) {
        const RpcRequest *request = message->requests->pdata[i];
        const char *id = request->id != NULL ? request->id : "-";
        g_autofree char *params =
            request->params != NULL ? json_text_format(request->params) : g_strdup("");
        if (request->error != NULL)
            g_string_append_printf(out, "%d %s (%s);", request->error->code,
                                   request->error->message, id);
        else
            g_string_append_printf(out, "%s(%s)%s;", request->method, id, params);
    }
    return g_string_free(out, FALSE);
}

static void test_requests(void)
{
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":\"x\",\"params\":{\"k\":1}}",
         "a(\"x\"){\"k\":1};"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":7,\"params\":[1]}", "a(7)[1];"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":null}", "a(null);"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1.5}", "a(1.5);"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"a\"}", "a(-);"},
        {"{\"jsonrpc\":\"1.0\",\"method\":\"a\",\"id\":1}",
         "-32600 Invalid request: {'reason': 'Wrong protocol version'} (1);"},
        {"{\"method\":\"a\"}", "-32600 Invalid request: {'reason': 'Wrong protocol version'} (-);"},
        {"{\"jsonrpc\":2.0,\"method\":\"a\"}",
         "-32600 Invalid request: {'reason': 'Wrong protocol version'} (-);"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}",
         "-32600 Invalid request: {'reason': 'missing method header in method'} (1);"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}",
         "-32600 Invalid request: {'reason': 'missing method header in method'} (1);"},
        {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"a\"}",
         "-32600 Invalid request: {'reason': 'wrong id type'} (-);"},
        {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"a\"}",
         "-32600 Invalid request: {'reason': 'wrong id type'} (-);"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":\"p\"}",
         "-32600 Invalid request: {'reason': 'wrong params type'} (1);"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":null}",
         "-32600 Invalid request: {'reason': 'wrong params type'} (1);"},
        {"7", "-32600 Invalid request: {'reason': 'not an object'} (-);"},
        {"null", "-32600 Invalid request: {'reason': 'not an object'} (-);"},
        {"[]", "*-32600 Invalid request: {'reason': 'request batch is empty'} (-);"},
        {"[{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1},3]",
         "*a(1);-32600 Invalid request: {'reason': 'not an object'} (-);"},
        {"[1,2,3,4]", "*-32600 Invalid request: {'reason': 'batch of 4 requests is over the limit "
                      "of 3'} (-);"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = describe(rows[i].text);
        g_assert_cmpstr(got, ==, rows[i].expected);
    }
}

static void test_answers(void)
{
    g_autofree char *head = rpc_result_head("\"x\"");
    g_autofree char *error = rpc_error_answer("7", 1, "it's \"gone\"\n");
    g_autofree char *nobody = rpc_error_answer(NULL, -32700, "x");

    g_assert_cmpstr(head, ==, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":");
    g_assert_cmpstr(error, ==,
                    "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1,\"message\":"
                    "\"it's \\\"gone\\\"\\u000a\"}}");
    g_assert_cmpstr(nobody, ==,
                    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
                    "\"message\":\"x\"}}");
}

static void test_request_text(void)
{
    g_autoptr(JsonNode) params = json_from_string("[1]", NULL);
    g_autofree char *call = rpc_request_text("A.b", params, "i\"d");
    g_autofree char *event = rpc_request_text("|virt|x", NULL, NULL);

    g_assert_cmpstr(call, ==,
                    "{\"jsonrpc\":\"2.0\",\"method\":\"A.b\",\"params\":[1],\"id\":\"i\\\"d\"}");
    g_assert_cmpstr(event, ==, "{\"jsonrpc\":\"2.0\",\"method\":\"|virt|x\",\"params\":{}}");
}

/* The texts are those of Python's repr() (tried with Python 3). */
static void test_texts(void)
{
    static const struct {
        const char *value;
        const char *expected;
    } rows[] = {
        {"a", "T: {'k': 'a', 'l': 'm'}"},
        {"it's", "T: {'k': \"it's\", 'l': 'm'}"},
        {"'\"", "T: {'k': '\\'\"', 'l': 'm'}"},
        {"a\\b\n\t\r\x01", "T: {'k': 'a\\\\b\\n\\t\\r\\x01', 'l': 'm'}"},
        {"\xc3\xa4", "T: {'k': '\xc3\xa4', 'l': 'm'}"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = rpc_message("T", "k", rows[i].value, "l", "m", NULL);
        g_assert_cmpstr(got, ==, rows[i].expected);
    }
    g_autofree char *alone = rpc_message("T", NULL);
    g_assert_cmpstr(alone, ==, "T");
}

static void count_id(const char *id, gpointer data)
{
    g_string_append(data, id);
}

static void test_subscriptions(void)
{
    g_autoptr(GPtrArray) all = subscriptions_new();
    GString *ids = g_string_new(NULL);

    g_assert_true(subscriptions_add(all, "1", "jms.queue"));
    g_assert_true(subscriptions_add(all, "2", "jms.queue.events"));
    g_assert_true(subscriptions_add(all, "3", "jms.queue.events.low"));
    g_assert_true(subscriptions_add(all, "4", "jms.queue.even"));
    g_assert_false(subscriptions_add(all, "4", "other"));
    g_assert_cmpstr(subscriptions_lookup(all, "jms.queue.events"), ==, "2");
    g_assert_cmpstr(subscriptions_lookup(all, "jms.queue.event"), ==, "1");
    g_assert_null(subscriptions_lookup(all, "jms"));
    subscriptions_foreach(all, "jms.queue.events", count_id, ids);
    g_assert_cmpstr(ids->str, ==, "12");
    g_assert_true(subscriptions_remove(all, "2"));
    g_assert_false(subscriptions_remove(all, "2"));
    g_assert_cmpstr(subscriptions_lookup(all, "jms.queue.events"), ==, "1");
    g_string_free(ids, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/requests", test_requests);
    g_test_add_func("/answers", test_answers);
    g_test_add_func("/request-text", test_request_text);
    g_test_add_func("/texts", test_texts);
    g_test_add_func("/subscriptions", test_subscriptions);
    return g_test_run();
}
