/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/params.h"
#include "jsonrpc/rpc.h"

static const Param table[] = {{"vmID", PARAM_NAME, TRUE}, {"count", PARAM_UINT},
                              {"on", PARAM_BOOL},         {"list", PARAM_LIST},
                              {"what", PARAM_OBJECT},     {NULL}};

static JsonObject *read_params(const char *text, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    return params_read("VM.x", table, node, error);
}

static void accepts(void)
{
    static const struct {
        const char *text;
        const char *id;
        guint64 count;
        gboolean on;
    } cases[] = {
        {"{\"vmID\":\"a\"}", "a", 7, TRUE},
        {"{\"vmID\":\"a\",\"count\":3,\"on\":false}", "a", 3, FALSE},
        {"{\"vmID\":12,\"count\":\"3\",\"on\":\"False\"}", "12", 3, FALSE},
        {"{\"vmID\":\"a\",\"on\":\"1\",\"unknown\":[]}", "a", 7, TRUE},
        {"{\"vmID\":\"a\",\"on\":0,\"count\":null}", "a", 7, FALSE},
        {"[\"a\",4294967295,true]", "a", 4294967295, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) read = read_params(cases[i].text, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(dict_string(read, "vmID"), ==, cases[i].id);
        g_assert_cmpuint(dict_uint(read, "count", 7), ==, cases[i].count);
        g_assert_cmpint(dict_bool(read, "on", TRUE), ==, cases[i].on);
    }
}

static void refuses(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{}", "Invalid method parameters: VM.x: Missing required parameter vmID"},
        {"null", "Invalid method parameters: VM.x: Missing required parameter vmID"},
        {"{\"vmID\":null}", "Invalid method parameters: VM.x: Missing required parameter vmID"},
        {"\"a\"", "Invalid method parameters: VM.x: params must be an object"},
        {"[\"a\",1,true,[],{},6]",
         "Invalid method parameters: VM.x: takes at most 5 parameters, not 6"},
        {"{\"vmID\":[]}",
         "Invalid method parameters: VM.x: vmID must be a string of up to 255 bytes, not []"},
        {"{\"vmID\":\"a\",\"count\":-1}",
         "Invalid method parameters: VM.x: count must be a number from 0 to 4294967295, not -1"},
        {"{\"vmID\":\"a\",\"count\":\"4294967296\"}",
         "Invalid method parameters: VM.x: count must be a number from 0 to 4294967295, not "
         "\"4294967296\""},
        {"{\"vmID\":\"a\",\"on\":\"yes\"}",
         "Invalid method parameters: VM.x: on must be true or false, not \"yes\""},
        {"{\"vmID\":\"a\",\"on\":2}",
         "Invalid method parameters: VM.x: on must be true or false, not 2"},
        {"{\"vmID\":\"a\",\"list\":{}}",
         "Invalid method parameters: VM.x: list must be a list of up to 256 members, not {}"},
        {"{\"vmID\":\"a\",\"what\":[]}",
         "Invalid method parameters: VM.x: what must be an object, not []"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(read_params(cases[i].text, &error));
        g_assert_error(error, RPC_ERROR, RPC_INVALID_PARAMS);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void limits(void)
{
    g_autofree char *long_name = g_strnfill(256, 'a');
    g_autofree char *text = g_strdup_printf("{\"vmID\":\"%s\"}", long_name);
    g_autoptr(GString) list = g_string_new("{\"vmID\":\"a\",\"list\":[0");
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) second = NULL;

    g_assert_null(read_params(text, &error));
    g_assert_error(error, RPC_ERROR, RPC_INVALID_PARAMS);
    for (guint i = 0; i < 256; i++)
        g_string_append(list, ",0");
    g_string_append(list, "]}");
    g_assert_null(read_params(list->str, &second));
    g_assert_error(second, RPC_ERROR, RPC_INVALID_PARAMS);
}

static void dictionaries_have_vdsm_codes(void)
{
    static const Param keys[] = {{"memSize", PARAM_UINT, TRUE}, {NULL}};
    g_autoptr(JsonObject) empty = json_object_new();
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) invalid = NULL;

    g_assert_null(dict_read("vmParams", keys, empty, &missing));
    g_assert_error(missing, RPC_ERROR, RPC_MISSING_PARAMETER);
    g_assert_cmpstr(missing->message, ==, "Missing required parameter memSize");
    json_object_set_string_member(empty, "memSize", "lots");
    g_assert_null(dict_read("vmParams", keys, empty, &invalid));
    g_assert_error(invalid, RPC_ERROR, RPC_INVALID_PARAMETER);
    g_assert_cmpstr(invalid->message, ==,
                    "Invalid parameter: vmParams: memSize must be a number from 0 to 4294967295, "
                    "not \"lots\"");
}

static void names(void)
{
    static const char *const good[] = {"a", "vdsm-no-mac-spoofing", "br0.1", "A_1"};
    static const char *const bad[] = {"", ".", "..", "-a", "a/b", "../x", "a b", "\xc3\xa4", "a\n"};

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(name_is_plain(good[i]));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(name_is_plain(bad[i]));
}

static void context(void)
{
    static const struct {
        const char *value, *message;
    } cases[] = {
        {"abc", "m: {'vmId': 'abc'}"},
        {"it's", "m: {'vmId': \"it's\"}"},
        {"a\nb", "m: {'vmId': 'a\\nb'}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = context_message("m", "vmId", cases[i].value);
        g_assert_cmpstr(message, ==, cases[i].message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/params/accepts", accepts);
    g_test_add_func("/agent/params/refuses", refuses);
    g_test_add_func("/agent/params/limits", limits);
    g_test_add_func("/agent/params/dictionaries-have-vdsm-codes", dictionaries_have_vdsm_codes);
    g_test_add_func("/agent/params/names", names);
    g_test_add_func("/agent/params/context", context);
    return g_test_run();
}
