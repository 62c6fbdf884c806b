/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/table.h"

#include <stdio.h>
#include <string.h>

struct TextTable {
    char *columns;
    GPtrArray *cells; /* of char *, row by row */
};

TextTable *text_table_new(const char *columns)
{
    TextTable *table = g_new0(TextTable, 1);

    table->columns = g_strdup(columns);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void text_table_free(TextTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->cells);
    g_free(table->columns);
    g_free(table);
}

char *text_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    GString *out = g_string_new(NULL);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);

        g_string_append_unichar(out, g_unichar_isprint(letter) ? letter : '?');
    }
    return g_string_free(out, FALSE);
}

void text_table_add(TextTable *table, const char *text)
{
    g_ptr_array_add(table->cells, text_printable(text));
}

void text_table_add_number(TextTable *table, gint64 number)
{
    g_ptr_array_add(table->cells, g_strdup_printf("%" G_GINT64_FORMAT, number));
}

void text_table_print(const TextTable *table)
{
    const guint n = (guint)strlen(table->columns);
    g_autofree glong *widths = g_new0(glong, n);

    for (guint i = 0; i < table->cells->len; i++)
        widths[i % n] = MAX(widths[i % n], g_utf8_strlen(table->cells->pdata[i], -1));
    for (guint i = 0; i < table->cells->len; i++) {
        const char *text = table->cells->pdata[i];
        const int blanks = (int)(widths[i % n] - g_utf8_strlen(text, -1));
        const gboolean is_right = table->columns[i % n] == 'r', is_last = i % n == n - 1;

        printf("%*s%s%*s%s", is_right ? blanks : 0, "", text, is_right || is_last ? 0 : blanks, "",
               is_last ? "\n" : "  ");
    }
}
