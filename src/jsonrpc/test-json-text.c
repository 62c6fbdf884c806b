/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/json-text.h"

#include <math.h>
#include <string.h>

static void test_good(void)
{
    static const char *const rows[] = {
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-12",
        "1.5",
        "1e3",
        "1E+3",
        "-0.25e-2",
        "9223372036854775807",
        "-9223372036854775808",
        "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"",
        "\"\\ud83d\\ude00\"",
        "\"\xf0\x9f\x98\x80\"",
        "[]",
        "{}",
        "[1,[2,{\"a\":[]}],\"]\"]",
        "\t{ \"a\" : 1 , \"b\" : { } }\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) text = g_bytes_new_static(rows[i], strlen(rows[i]));
        g_autoptr(JsonNode) node = json_text_parse(text, &error);
        g_assert_no_error(error);
        g_assert_nonnull(node);
    }
}

static void test_bad(void)
{
    static const char *const rows[] = {
        "",
        "  ",
        "nul",
        "truex",
        "True",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "-",
        "0x10",
        "NaN",
        "1e999",
        "9223372036854775808",
        "-9223372036854775809",
        "00000000000000000000000000000000000000000000000000000000000000000000000",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xed\xa0\x80\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\":1]",
        "{} {}",
        "[] x",
        "/* c */ {}",
        "// c\n{}",
        "# c\n{}",
        "var x = {};",
        "{}\x01",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) text = g_bytes_new_static(rows[i], strlen(rows[i]));
        g_autoptr(JsonNode) node = json_text_parse(text, &error);
        if (node != NULL)
            g_test_message("accepted: %s", rows[i]);
        g_assert_null(node);
        g_assert_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_SYNTAX);
    }
}

/* A NUL inside the text, and a text that is not NUL-terminated. */
static void test_bytes(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(json_text_check("{}\0{}", 5, &error));
    g_assert_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_SYNTAX);
    g_assert_true(json_text_check("12345", 3, NULL));
    g_assert_false(json_text_check("[12345]", 3, NULL));
    g_assert_false(json_text_check("true", 3, NULL));
}

static char *nested(const char *open, const char *inner, const char *close, guint depth)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < depth; i++)
        g_string_append(out, open);
    g_string_append(out, inner);
    for (guint i = 0; i < depth; i++)
        g_string_append(out, close);
    return g_string_free(out, FALSE);
}

static void check_depth(const char *open, const char *close)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *most = nested(open, "1", close, JSON_TEXT_DEPTH);
    g_autofree char *more = nested(open, "1", close, JSON_TEXT_DEPTH + 1);
    g_autofree char *bomb = nested(open, "", "", 1000000);

    g_assert_true(json_text_check(most, strlen(most), &error));
    g_assert_no_error(error);
    g_assert_false(json_text_check(more, strlen(more), &error));
    g_assert_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_false(json_text_check(bomb, strlen(bomb), &error));
    g_assert_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_LIMIT);
}

static void test_depth(void)
{
    check_depth("[", "]");
    check_depth("{\"a\":", "}");
}

static void test_values(void)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new("[");

    for (guint i = 0; i < JSON_TEXT_VALUES; i++)
        g_string_append(text, "1,");
    text->str[text->len - 1] = ']';
    g_assert_false(json_text_check(text->str, text->len, &error));
    g_assert_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_LIMIT);
    g_string_truncate(text, text->len - 2);
    text->str[text->len - 1] = ']';
    g_assert_true(json_text_check(text->str, text->len, NULL));
    g_string_free(text, TRUE);
}

static void test_string(void)
{
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\t\x01", "\"\\u000a\\u0009\\u0001\""},
        {"\xc3\xa4", "\"\xc3\xa4\""},
        {"a\xff", "\"a\xef\xbf\xbd\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *out = g_string_new(NULL);
        json_text_append_string(out, rows[i].text);
        g_assert_cmpstr(out->str, ==, rows[i].expected);
        g_assert_true(json_text_check(out->str, out->len, NULL));
        g_string_free(out, TRUE);
    }
}

static void test_format(void)
{
    static const char *const rows[] = {
        "null",
        "true",
        "[false,0,-9223372036854775808,9223372036854775807]",
        "{\"b\":1,\"a\":{}}",
        "[0.1,-2.5,1e+300,1e+17,100.0,-0.0,1700000000.123456]",
        "\"\\\"\xc3\xa4\"",
        "[[],[{}]]",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonNode) node = json_from_string(rows[i], NULL);
        g_autofree char *text = json_text_format(node);
        g_assert_cmpstr(text, ==, rows[i]);
    }
    g_autoptr(JsonNode) infinite = json_node_init_double(json_node_alloc(), (double)INFINITY);
    g_autofree char *text = json_text_format(infinite);
    g_assert_cmpstr(text, ==, "null");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/good", test_good);
    g_test_add_func("/bad", test_bad);
    g_test_add_func("/bytes", test_bytes);
    g_test_add_func("/depth", test_depth);
    g_test_add_func("/values", test_values);
    g_test_add_func("/string", test_string);
    g_test_add_func("/format", test_format);
    return g_test_run();
}
