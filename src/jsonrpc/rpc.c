/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/rpc.h"

G_DEFINE_QUARK(rpc - error - quark, rpc_error)

/* Like Python's repr() of a string: double quotes only where that saves escapes. */
static void append_quoted(GString *out, const char *text)
{
    char quote = strchr(text, '\'') != NULL && strchr(text, '"') == NULL ? '"' : '\'';

    g_string_append_c(out, quote);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            g_string_append(out, "\\n");
        else if (*c == '\t')
            g_string_append(out, "\\t");
        else if (*c == '\r')
            g_string_append(out, "\\r");
        else if ((unsigned char)*c < 0x20)
            g_string_append_printf(out, "\\x%02x", (unsigned char)*c);
        else if (*c == '\\' || *c == quote)
            g_string_append_printf(out, "\\%c", *c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, quote);
}

char *rpc_message(const char *text, ...)
{
    GString *out = g_string_new(text);
    const char *before = ": {";
    const char *key;
    va_list pairs;

    va_start(pairs, text);
    while ((key = va_arg(pairs, const char *)) != NULL) {
        g_string_append(out, before);
        append_quoted(out, key);
        g_string_append(out, ": ");
        append_quoted(out, va_arg(pairs, const char *));
        before = ", ";
    }
    va_end(pairs);
    if (*before == ',')
        g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}
