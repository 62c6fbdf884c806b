/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "draw.h"
#include "nwfilter/field.h"
#include "nwfilter/filter.h"
#include "nwfilter/resolve.h"

#define RULES_MAX 5
#define ATTRIBUTES_MAX 3

guint draw_octet(Draw *draw)
{
    if (draw->length == 0)
        return 0;
    draw->length--;
    return *draw->octets++;
}

guint draw_below(Draw *draw, guint n)
{
    return draw_octet(draw) % n;
}

const char *draw_word(Draw *draw, const char *const *words, guint n)
{
    return words[draw_below(draw, n)];
}

/* ---- values ---- */

static guint32 draw_number(Draw *draw, const FieldRow *row)
{
    static const guint32 usual[] = {0,  1,  2,  5,   6,     17,     22,     58,     68,
                                    80, 99, 46, 443, 0x806, 0x0800, 0x86dd, 0x8035, 65535};
    guint32 number = usual[draw_below(draw, G_N_ELEMENTS(usual))];

    return CLAMP(number, row->min, row->max);
}

/* In ascending order, so that ranges can be made of two. */
static const char *const ip4[] = {"0.0.0.0",  "10.0.0.1",  "10.0.0.2",       "10.0.0.9",
                                  "10.1.0.0", "224.0.0.1", "255.255.255.255"};
static const char *const ip6[] = {"::", "2001:db8::1", "2001:db8::2", "fe80::1", "ff02::1"};

static char *draw_value(Draw *draw, const FieldRow *row)
{
    static const char *const macs[] = {"$MAC",
                                       "$MACS",
                                       "52:54:00:00:00:01",
                                       "52:54:00:00:00:02",
                                       "ff:ff:ff:ff:ff:ff",
                                       "01:80:c2:00:00:00"};
    static const char *const macmasks[] = {"ff:ff:ff:ff:ff:ff", "ff:ff:ff:00:00:00",
                                           "80:00:00:00:00:00"};
    static const char *const flags[] = {"SYN/SYN", "SYN,ACK/SYN", "ALL/NONE", "RST,FIN/NONE"};
    static const char *const states[] = {"NEW",     "ESTABLISHED", "NEW,ESTABLISHED",
                                         "RELATED", "INVALID",     "NONE"};
    static const char *const booleans[] = {"true", "false"};
    static const char *const lists4[] = {"$IP", "$IP[@1]", "$IP[1]"};
    static const char *const masks4[] = {"32", "24", "31", "0"}, *const masks6[] = {"128", "64",
                                                                                    "0"};

    switch (row->type) {
    case TYPE_NUMBER:
    case TYPE_DECIMAL:
        if (row->type == TYPE_NUMBER && row->max == 65535 && draw_below(draw, 6) == 5)
            return g_strdup("$PORT[@2]");
        return g_strdup_printf("%u", draw_number(draw, row));
    case TYPE_MAC:
        return g_strdup(DRAW_WORD(draw, macs));
    case TYPE_MACMASK:
        return g_strdup(DRAW_WORD(draw, macmasks));
    case TYPE_IP4:
        return g_strdup(draw_below(draw, 2) ? DRAW_WORD(draw, lists4) : DRAW_WORD(draw, ip4));
    case TYPE_IP4MASK:
        return g_strdup(DRAW_WORD(draw, masks4));
    case TYPE_IP6:
        return g_strdup(draw_below(draw, 3) ? DRAW_WORD(draw, ip6) : "$IPV6");
    case TYPE_IP6MASK:
        return g_strdup(DRAW_WORD(draw, masks6));
    case TYPE_BOOLEAN:
        return g_strdup(DRAW_WORD(draw, booleans));
    case TYPE_STATES:
        return g_strdup(DRAW_WORD(draw, states));
    case TYPE_TCPFLAGS:
        return g_strdup(DRAW_WORD(draw, flags));
    case TYPE_SETNAME:
    case TYPE_SETFLAGS:
    case TYPE_TEXT:
        return g_strdup("c");
    }
    g_assert_not_reached();
}

/* Begin and end of a range, in order. */
static void draw_range(Draw *draw, const FieldRow *row, char **begin, char **end)
{
    const char *const *words = row->type == TYPE_IP4 ? ip4 : ip6;
    guint n = row->type == TYPE_IP4 ? G_N_ELEMENTS(ip4) : G_N_ELEMENTS(ip6);

    if (row->type == TYPE_IP4 || row->type == TYPE_IP6) {
        guint a = draw_below(draw, n), b = draw_below(draw, n);

        *begin = g_strdup(words[MIN(a, b)]);
        *end = g_strdup(words[MAX(a, b)]);
    } else {
        guint32 a = draw_number(draw, row), b = draw_number(draw, row);

        *begin = g_strdup_printf("%u", MIN(a, b));
        *end = g_strdup_printf("%u", MAX(a, b));
    }
}

/* ---- rules ---- */

static gboolean has_attribute(const GString *text, const char *attribute)
{
    g_autofree char *form = g_strconcat(" ", attribute, "='", NULL);

    return strstr(text->str, form) != NULL;
}

static void put(GString *text, const char *attribute, const char *value)
{
    if (!has_attribute(text, attribute))
        g_string_append_printf(text, " %s='%s'", attribute, value);
}

/* What the language wants beside an attribute. */
static void put_companions(Draw *draw, GString *text, Protocol protocol, const FieldRow *row)
{
    static const char *const carriers[] = {"6", "17", "132"};
    gboolean is_l2_ip = protocol == PROTOCOL_IP || protocol == PROTOCOL_IPV6;

    if (is_l2_ip && strstr(row->attribute, "port"))
        put(text, "protocol", DRAW_WORD(draw, carriers));
    if (g_str_has_prefix(row->attribute, "code"))
        put(text, "type", "8");
    if (protocol == PROTOCOL_IPV6 &&
        (g_str_has_prefix(row->attribute, "type") || g_str_has_prefix(row->attribute, "code")))
        put(text, "protocol", "58");
}

static void put_row(Draw *draw, GString *text, Protocol protocol, const FieldRow *row)
{
    const FieldRow *base =
        row->role == ROLE_MASK || row->role == ROLE_END ? field_row_base(protocol, row) : row;
    g_autofree char *value = NULL, *second = NULL;

    if (row->role == ROLE_IPSET || row->role == ROLE_IPSETFLAGS || row->role == ROLE_COMMENT)
        return;
    put_companions(draw, text, protocol, base);
    if (has_attribute(text, base->attribute) || has_attribute(text, row->attribute))
        return;
    if (row->role == ROLE_END)
        draw_range(draw, base, &value, &second);
    else
        value = draw_value(draw, base);
    put(text, base->attribute, value);
    if (row->role == ROLE_MASK)
        second = draw_value(draw, row);
    if (second)
        put(text, row->attribute, second);
}

/* The i-th row of those that the protocol takes. */
static const FieldRow *nth_row(Protocol protocol, guint i)
{
    guint n, found = 0;
    const FieldRow *rows = field_rows(&n);

    for (guint turn = 0; turn < 2; turn++, i %= MAX(found, 1), found = 0)
        for (guint row = 0; row < n; row++)
            if (rows[row].protocols >> protocol & 1 && found++ == i)
                return &rows[row];
    return NULL;
}

static void put_element(Draw *draw, GString *rule)
{
    Protocol protocol = draw_below(draw, N_PROTOCOLS);
    g_autoptr(GString) text = g_string_new(NULL);

    if (protocol == PROTOCOL_NONE)
        return;
    for (guint n = draw_below(draw, ATTRIBUTES_MAX + 1); n > 0; n--) {
        const FieldRow *row = nth_row(protocol, draw_octet(draw));

        put_row(draw, text, protocol, row);
    }
    /* a sign means nothing to a state */
    if (text->len > 0 && draw_below(draw, 4) == 3 && !has_attribute(text, "state"))
        put(text, "match", "no");
    g_string_append_printf(rule, "<%s%s/>", protocol_info(protocol)->element, text->str);
}

static void put_rule(Draw *draw, GString *text)
{
    static const char *const actions[] = {"drop", "accept", "return", "reject", "continue"};
    static const char *const directions[] = {"out", "in", "inout"};
    static const char *const priorities[] = {"500", "100", "-5", "900"};
    static const char *const tails[] = {"", "", "", " statematch='0'"};
    const char *action = DRAW_WORD(draw, actions), *direction = DRAW_WORD(draw, directions);
    const char *priority = DRAW_WORD(draw, priorities), *tail = DRAW_WORD(draw, tails);

    g_string_append_printf(text, "<rule action='%s' direction='%s' priority='%s'%s>", action,
                           direction, priority, tail);
    put_element(draw, text);
    g_string_append(text, "</rule>\n");
}

static Filter *draw_filter(Draw *draw, const char *name)
{
    static const char *const chains[] = {"root", "mac",     "arp", "ipv4-x", "ipv6",
                                         "root", "vlan-xy", "stp", "rarp",   "arp-ip"};
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    g_string_printf(text, "<filter name='%s' chain='%s'>\n", name, DRAW_WORD(draw, chains));
    for (guint n = 1 + draw_below(draw, RULES_MAX); n > 0; n--)
        put_rule(draw, text);
    g_string_append(text, "</filter>");
    return filter_parse(text->str, text->len, name, NULL, &error);
}

/* ---- plan ---- */

static const char *const names[] = {"a", "b"};

static Filter *lookup(gpointer data, const char *name)
{
    return g_hash_table_lookup(data, name);
}

Plan *draw_plan(Draw *draw)
{
    static const char whole[] =
        "<filter name='whole'><filterref filter='a'/>\n<filterref filter='b'/></filter>";
    g_autoptr(GHashTable) filters =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)filter_unref);
    Filter *filter = filter_parse(whole, strlen(whole), "whole", NULL, NULL);

    g_hash_table_insert(filters, (gpointer) "whole", filter);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        Filter *part = draw_filter(draw, names[i]);

        if (!part)
            return NULL;
        g_hash_table_insert(filters, (gpointer)names[i], part);
    }
    return plan_resolve(filter, lookup, filters, NULL);
}

Variables *draw_variables(Draw *draw)
{
    static const char *const rows[][4] = {
        {"MACS", "52:54:00:00:00:01", "52:54:00:00:00:02", "02:00:00:00:00:07"},
        {"IP", "10.0.0.1", "10.0.0.2", "10.1.0.0"},
        {"IPV6", "2001:db8::1", "fe80::1", "2001:db8::1"},
        {"PORT", "80", "22", "68"},
    };
    const guint n = 1 + draw_below(draw, 3);
    Variables *variables = variables_new();

    g_assert_true(variables_add(variables, "MAC", "52:54:00:00:00:01", NULL));
    for (guint row = 0; row < G_N_ELEMENTS(rows); row++)
        for (guint i = 1; i <= n; i++)
            g_assert_true(variables_add(variables, rows[row][0], rows[row][i], NULL));
    return variables;
}
