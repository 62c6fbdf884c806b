/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/filter-private.h"

/* ---- one rule ---- */

/* libvirt's five entities; control characters that XML forbids are left out. */
static void append_escaped(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\'':
            g_string_append(out, "&apos;");
            break;
        default:
            if ((guchar)*text >= 0x20 || *text == '\t' || *text == '\n' || *text == '\r')
                g_string_append_c(out, *text);
        }
    }
}

static void append_item(GString *out, const RuleItem *item)
{
    g_autofree char *text = item->is_variable ? variable_access_format(&item->access)
                                              : value_format(item->row, &item->value);

    g_string_append_printf(out, " %s='", item->row->attribute);
    append_escaped(out, text);
    g_string_append_c(out, '\'');
}

/* Attributes in the table's order; a change of sign begins another element. */
static void append_elements(GString *out, const Rule *rule)
{
    const char *element = protocol_info(rule->protocol)->element;
    gboolean negated = FALSE;

    g_string_append_printf(out, "    <%s", element);
    for (guint i = 0; i < rule->items->len; i++) {
        const RuleItem *item = &g_array_index(rule->items, RuleItem, i);

        if (i > 0 && item->negated != negated)
            g_string_append_printf(out, "/>\n    <%s", element);
        if (item->negated && (i == 0 || !negated))
            g_string_append(out, " match='no'");
        negated = item->negated;
        append_item(out, item);
    }
    g_string_append(out, "/>\n");
}

static void append_rule(GString *out, const Rule *rule)
{
    g_string_append_printf(out, "  <rule action='%s' direction='%s' priority='%d'%s",
                           rule_action_format(rule->action), rule_direction_format(rule->direction),
                           rule->priority, rule->statematch ? "" : " statematch='false'");
    if (rule->protocol == PROTOCOL_NONE) {
        g_string_append(out, "/>\n");
        return;
    }
    g_string_append(out, ">\n");
    append_elements(out, rule);
    g_string_append(out, "  </rule>\n");
}

/* ---- includes and the whole ---- */

static void append_include(GString *out, const Include *include)
{
    g_autofree const char **names = variables_names(include->parameters);

    g_string_append(out, "  <filterref filter='");
    append_escaped(out, include->filter);
    if (!names[0]) {
        g_string_append(out, "'/>\n");
        return;
    }
    g_string_append(out, "'>\n");
    for (const char **name = names; *name; name++) {
        const char *const *value = variables_lookup(include->parameters, *name);

        for (; *value; value++)
            g_string_append_printf(out, "    <parameter name='%s' value='%s'/>\n", *name, *value);
    }
    g_string_append(out, "  </filterref>\n");
}

static void append_head(GString *out, const Filter *filter, const char *uuid)
{
    g_string_append(out, "<filter name='");
    append_escaped(out, filter->name);
    g_string_append_printf(out, "' chain='%s'", filter->chain);
    /* libvirt never prints 0 and so forgets it where the chain's own priority is another. */
    if (filter->priority != 0 || chain_kind_priority(filter->kind) != 0)
        g_string_append_printf(out, " priority='%d'", filter->priority);
    g_string_append(out, ">\n");
    if (uuid)
        g_string_append_printf(out, "  <uuid>%s</uuid>\n", uuid);
}

char *filter_format(const Filter *filter, const char *uuid)
{
    GString *out = g_string_new(NULL);

    append_head(out, filter, uuid ? uuid : filter->uuid);
    for (guint i = 0; i < filter->entries->len; i++) {
        const FilterEntry *entry = filter->entries->pdata[i];

        if (entry->rule)
            append_rule(out, entry->rule);
        else
            append_include(out, entry->include);
    }
    g_string_append(out, "</filter>\n");
    return g_string_free(out, FALSE);
}
