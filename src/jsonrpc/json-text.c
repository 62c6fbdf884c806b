/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/json-text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NUMBER_SIZE 64 /* characters of a number */

G_DEFINE_QUARK(json - text - error - quark, json_text_error)

/* What may come next. */
typedef enum { WANT_VALUE, WANT_VALUE_OR_END, WANT_KEY, WANT_KEY_OR_END, WANT_COMMA_OR_END } Want;

typedef struct {
    const char *text;
    gsize length;
    gsize at;
    guint depth;
    guint values;
    char closers[JSON_TEXT_DEPTH]; /* '}' or ']' that each open one waits for */
    GError **error;
} Scan;

static gboolean fail(Scan *scan, const char *what)
{
    g_set_error(scan->error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_SYNTAX, "%s at byte %" G_GSIZE_FORMAT,
                what, scan->at);
    return FALSE;
}

static char peek(const Scan *scan)
{
    return scan->at < scan->length ? scan->text[scan->at] : '\0';
}

static void skip_space(Scan *scan)
{
    while (scan->at < scan->length && strchr(" \t\r\n", scan->text[scan->at]) != NULL &&
           scan->text[scan->at] != '\0')
        scan->at++;
}

/* Four hexadecimal digits behind \u, or -1. */
static int scan_hex4(Scan *scan)
{
    int value = 0;

    for (guint i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(peek(scan));
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
        scan->at++;
    }
    return value;
}

/* Behind "\u": a code point that is neither U+0000 nor half a pair. */
static gboolean scan_unicode(Scan *scan)
{
    int code = scan_hex4(scan);

    if (code <= 0)
        return fail(scan, "\\u0000 or no hexadecimal digits");
    if (code < 0xd800 || code > 0xdfff)
        return TRUE;
    if (code > 0xdbff || peek(scan) != '\\')
        return fail(scan, "Lone surrogate");
    scan->at++;
    if (peek(scan) != 'u')
        return fail(scan, "Lone surrogate");
    scan->at++;
    code = scan_hex4(scan);
    return (code >= 0xdc00 && code <= 0xdfff) || fail(scan, "Lone surrogate");
}

static gboolean scan_escape(Scan *scan)
{
    char c = peek(scan);

    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return fail(scan, "Undefined escape");
    scan->at++;
    return c != 'u' || scan_unicode(scan);
}

/* At the opening quote. UTF-8 is checked for the whole text beforehand. */
static gboolean scan_string(Scan *scan)
{
    scan->at++;
    while (scan->at < scan->length) {
        unsigned char c = (unsigned char)scan->text[scan->at];
        if (c < 0x20)
            return fail(scan, "Control character in a string");
        scan->at++;
        if (c == '"')
            return TRUE;
        if (c == '\\' && !scan_escape(scan))
            return FALSE;
    }
    return fail(scan, "Unfinished string");
}

static gboolean scan_digits(Scan *scan)
{
    if (!g_ascii_isdigit(peek(scan)))
        return fail(scan, "Digit expected");
    while (g_ascii_isdigit(peek(scan)))
        scan->at++;
    return TRUE;
}

static gboolean number_fits(const char *start, gsize length, gboolean whole)
{
    char text[NUMBER_SIZE];

    if (length >= sizeof text)
        return FALSE;
    memcpy(text, start, length);
    text[length] = '\0';
    errno = 0;
    if (whole) {
        (void)g_ascii_strtoll(text, NULL, 10); /* asked for errno only */
        return errno == 0;
    }
    return isfinite(g_ascii_strtod(text, NULL));
}

static gboolean scan_number(Scan *scan)
{
    const char *start = scan->text + scan->at;
    gboolean whole = TRUE;

    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0')
        scan->at++;
    else if (!scan_digits(scan))
        return FALSE;
    if (peek(scan) == '.') {
        whole = FALSE;
        scan->at++;
        if (!scan_digits(scan))
            return FALSE;
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        whole = FALSE;
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (!scan_digits(scan))
            return FALSE;
    }
    gsize length = (gsize)(scan->text + scan->at - start);
    return number_fits(start, length, whole) || fail(scan, "Number out of range");
}

static gboolean scan_word(Scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i]);
        if (scan->length - scan->at >= length &&
            memcmp(scan->text + scan->at, words[i], length) == 0) {
            scan->at += length;
            return TRUE;
        }
    }
    return fail(scan, "Value expected");
}

static gboolean limit(Scan *scan, const char *what, guint most)
{
    g_set_error(scan->error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_LIMIT, "More than %u %s", most, what);
    return FALSE;
}

static gboolean open_container(Scan *scan, Want *want)
{
    gboolean object = peek(scan) == '{';

    if (scan->depth >= JSON_TEXT_DEPTH)
        return limit(scan, "nested arrays and objects", JSON_TEXT_DEPTH);
    scan->closers[scan->depth++] = object ? '}' : ']';
    scan->at++;
    *want = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    return TRUE;
}

static gboolean scan_value(Scan *scan, Want *want)
{
    char c = peek(scan);

    if (++scan->values > JSON_TEXT_VALUES)
        return limit(scan, "values", JSON_TEXT_VALUES);
    if (c == '{' || c == '[')
        return open_container(scan, want);
    *want = WANT_COMMA_OR_END;
    if (c == '"')
        return scan_string(scan);
    if (c == '-' || g_ascii_isdigit(c))
        return scan_number(scan);
    return scan_word(scan);
}

static gboolean scan_key(Scan *scan, Want *want)
{
    if (peek(scan) != '"')
        return fail(scan, "Member name expected");
    if (!scan_string(scan))
        return FALSE;
    skip_space(scan);
    if (peek(scan) != ':')
        return fail(scan, "Colon expected");
    scan->at++;
    *want = WANT_VALUE;
    return TRUE;
}

static gboolean close_container(Scan *scan, Want *want)
{
    scan->depth--;
    scan->at++;
    *want = WANT_COMMA_OR_END;
    return TRUE;
}

/* Inside a container, at a character that is not white space. */
static gboolean scan_step(Scan *scan, Want *want)
{
    char closer = scan->closers[scan->depth - 1];
    gboolean may_end = *want != WANT_VALUE && *want != WANT_KEY;

    if (may_end && peek(scan) == closer)
        return close_container(scan, want);
    if (*want == WANT_COMMA_OR_END) {
        if (peek(scan) != ',')
            return fail(scan, "Comma or end expected");
        scan->at++;
        *want = closer == '}' ? WANT_KEY : WANT_VALUE;
        return TRUE;
    }
    if (*want == WANT_KEY || *want == WANT_KEY_OR_END)
        return scan_key(scan, want);
    return scan_value(scan, want);
}

gboolean json_text_check(const char *text, gsize length, GError **error)
{
    Scan scan = {.text = text, .length = length, .error = error};
    Want want = WANT_VALUE;

    if (!g_utf8_validate_len(text, length, NULL))
        return fail(&scan, "NUL or no UTF-8");
    skip_space(&scan);
    if (!scan_value(&scan, &want))
        return FALSE;
    while (scan.depth > 0) {
        skip_space(&scan);
        if (!scan_step(&scan, &want))
            return FALSE;
    }
    skip_space(&scan);
    return scan.at == length || fail(&scan, "More than one value");
}

JsonNode *json_text_parse(GBytes *text, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(text, &length);

    if (!json_text_check(data, length, error))
        return NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, data, (gssize)length, error))
        return NULL;
    return json_parser_steal_root(parser);
}

static void parse_in_worker(GTask *task, gpointer source, gpointer text, GCancellable *cancellable)
{
    GError *error = NULL;
    JsonNode *node = json_text_parse(text, &error);

    if (node != NULL)
        g_task_return_pointer(task, node, (GDestroyNotify)json_node_unref);
    else
        g_task_return_error(task, error);
}

void json_text_parse_async(GBytes *text, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);

    g_task_set_task_data(task, g_bytes_ref(text), (GDestroyNotify)g_bytes_unref);
    g_task_run_in_thread(task, parse_in_worker);
}

JsonNode *json_text_parse_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

void json_text_append_string(GString *out, const char *text)
{
    g_autofree char *made = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);

    g_string_append_c(out, '"');
    for (const char *c = made != NULL ? made : text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            g_string_append_printf(out, "\\u%04x", (unsigned char)*c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

/* As few digits as read back as the same number, and always a text that reads as a double. */
static void append_double(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};

    if (!isfinite(value)) {
        g_string_append(out, "null"); /* JSON has no such number */
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text, sizeof text, formats[i], value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append(out, text);
    if (strpbrk(text, ".e") == NULL)
        g_string_append(out, ".0");
}

static void append_value(GString *out, JsonNode *node)
{
    GType type = json_node_get_value_type(node);

    if (type == G_TYPE_STRING)
        json_text_append_string(out, json_node_get_string(node));
    else if (type == G_TYPE_BOOLEAN)
        g_string_append(out, json_node_get_boolean(node) ? "true" : "false");
    else if (type == G_TYPE_DOUBLE)
        append_double(out, json_node_get_double(node));
    else
        g_string_append_printf(out, "%" G_GINT64_FORMAT, json_node_get_int(node));
}

static void append_node(GString *out, JsonNode *node);

static void append_array(GString *out, JsonArray *array)
{
    guint length = json_array_get_length(array);

    g_string_append_c(out, '[');
    for (guint i = 0; i < length; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        append_node(out, json_array_get_element(array, i));
    }
    g_string_append_c(out, ']');
}

static void append_object(GString *out, JsonObject *object)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    const char *before = "";

    g_string_append_c(out, '{');
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        g_string_append(out, before);
        json_text_append_string(out, name);
        g_string_append_c(out, ':');
        append_node(out, node);
        before = ",";
    }
    g_string_append_c(out, '}');
}

static void append_node(GString *out, JsonNode *node)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        append_object(out, json_node_get_object(node));
        return;
    case JSON_NODE_ARRAY:
        append_array(out, json_node_get_array(node));
        return;
    case JSON_NODE_VALUE:
        append_value(out, node);
        return;
    case JSON_NODE_NULL:
        g_string_append(out, "null");
        return;
    }
}

char *json_text_format(JsonNode *node)
{
    GString *out = g_string_new(NULL);

    append_node(out, node);
    return g_string_free(out, FALSE);
}
