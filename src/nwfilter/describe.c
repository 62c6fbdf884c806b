/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "nwfilter/value.h"

/* Prints the attribute table of docs/language.md from the rows that the parser reads. */

static char *elements_of(const FieldRow *row)
{
    GString *list = g_string_new(NULL);

    for (guint protocol = PROTOCOL_NONE + 1; protocol < N_PROTOCOLS; protocol++) {
        if (row->protocols & 1u << protocol)
            g_string_append_printf(list, "%s%s", list->len > 0 ? " " : "",
                                   protocol_info((Protocol)protocol)->element);
    }
    return g_string_free(list, FALSE);
}

/* The attribute a mask or an end belongs to. */
static const char *base_of(const FieldRow *row)
{
    for (guint protocol = 0; protocol < N_PROTOCOLS; protocol++) {
        if (row->protocols & 1u << protocol)
            return field_row_base((Protocol)protocol, row)->attribute;
    }
    g_assert_not_reached();
}

static char *purpose_of(const FieldRow *row)
{
    switch (row->role) {
    case ROLE_VALUE:
        return g_strdup("compared");
    case ROLE_MASK:
        return g_strdup_printf("mask of `%s`", base_of(row));
    case ROLE_END:
        return g_strdup_printf("upper end, `%s` being the lower", base_of(row));
    case ROLE_CONNLIMIT:
        return g_strdup("more connections than this from one source");
    case ROLE_STATE:
        return g_strdup("state of the connection");
    case ROLE_IPSET:
    case ROLE_IPSETFLAGS:
        return g_strdup("refused");
    case ROLE_COMMENT:
        return g_strdup("names the rule in messages and counters");
    }
    g_assert_not_reached();
}

int main(void)
{
    guint n_rows;
    const FieldRow *rows = field_rows(&n_rows);

    puts("| attribute | of | value | purpose |\n|---|---|---|---|");
    for (guint i = 0; i < n_rows; i++) {
        g_autofree char *elements = elements_of(&rows[i]);
        g_autofree char *purpose = purpose_of(&rows[i]);

        printf("| `%s` | %s | %s | %s |\n", rows[i].attribute, elements, value_expected(&rows[i]),
               purpose);
    }
    return 0;
}
