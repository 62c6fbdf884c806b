/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "nwfilter/value.h"

static const struct {
    Protocol protocol;
    const char *attribute, *text;
    guint64 number;
    const char *printed; /* NULL: refused */
} values[] = {
    {PROTOCOL_MAC, "protocolid", "0x0800", 0x800, "ipv4"},
    {PROTOCOL_MAC, "protocolid", "2054", 0x806, "arp"},
    {PROTOCOL_MAC, "protocolid", "IPv6", 0x86dd, "ipv6"},
    {PROTOCOL_MAC, "protocolid", "88b5", 0x88b5, "0x88b5"},
    {PROTOCOL_MAC, "protocolid", "34997", 0x88b5, "34997"},
    {PROTOCOL_MAC, "protocolid", "65536", 0, NULL},
    {PROTOCOL_MAC, "protocolid", "99999999999999999999", 0, NULL},
    {PROTOCOL_MAC, "protocolid", "", 0, NULL},
    {PROTOCOL_MAC, "protocolid", "0x", 0, NULL},
    {PROTOCOL_MAC, "srcmacaddr", "1:2:3:A:b:ff", 0x0102030a0bff, "01:02:03:0a:0b:ff"},
    {PROTOCOL_MAC, "srcmacaddr", "1:2:3:4:5:6:7", 0, NULL},
    {PROTOCOL_MAC, "srcmacaddr", "001:2:3:4:5:6", 0, NULL},
    {PROTOCOL_MAC, "srcmacaddr", "1:2:3:4:5:", 0, NULL},
    {PROTOCOL_MAC, "srcmacmask", "ff:ff:fe:0:0:0", 0xfffffe000000, "ff:ff:fe:00:00:00"},
    {PROTOCOL_MAC, "srcmacmask", "0:0:0:0:0:0", 0, "00:00:00:00:00:00"},
    {PROTOCOL_MAC, "srcmacmask", "ff:ff:ff:ff:ff:ff", 0xffffffffffff, "ff:ff:ff:ff:ff:ff"},
    {PROTOCOL_MAC, "srcmacmask", "0:0:0:0:0:1", 0, NULL},
    {PROTOCOL_IP, "srcipaddr", "10.0.0.1", 0x0a000001, "10.0.0.1"},
    {PROTOCOL_IP, "srcipaddr", "10.1", 0x0a000001, "10.0.0.1"},
    {PROTOCOL_IP, "srcipaddr", "::1", 0, NULL},
    {PROTOCOL_IP, "srcipaddr", "localhost", 0, NULL},
    {PROTOCOL_IP, "srcipmask", "255.255.254.0", 23, "23"},
    {PROTOCOL_IP, "srcipmask", "0.0.0.0", 0, "0"},
    {PROTOCOL_IP, "srcipmask", "32", 32, "32"},
    {PROTOCOL_IP, "srcipmask", "0.0.0.1", 0, NULL},
    {PROTOCOL_IPV6, "srcipmask", "ffff:fffe::", 31, "31"},
    {PROTOCOL_IPV6, "srcipmask", "::", 0, "0"},
    {PROTOCOL_IPV6, "srcipmask", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, "128"},
    {PROTOCOL_IPV6, "srcipmask", "ffff::1", 0, NULL},
    {PROTOCOL_IP, "dscp", "0x3f", 63, "0x3f"},
    {PROTOCOL_STP, "root-cost", "4294967295", 4294967295, "4294967295"},
    {PROTOCOL_STP, "root-cost", "0xFFFFFFFF", 4294967295, "0xffffffff"},
    {PROTOCOL_STP, "root-cost", "4294967296", 0, NULL},
    {PROTOCOL_ARP, "opcode", "0x03", 3, "Request_Reverse"},
    {PROTOCOL_ARP, "opcode", "0x20", 32, "32"},
    {PROTOCOL_ARP, "gratuitous", "yes", 1, "true"},
    {PROTOCOL_ARP, "gratuitous", "TRUE", 0, "false"},
    {PROTOCOL_TCP, "connlimit-above", "0", 0, "0"},
    {PROTOCOL_TCP, "connlimit-above", "a", 0, NULL},
    {PROTOCOL_TCP, "state", "related,new", STATE_NEW | STATE_RELATED, "NEW,RELATED"},
    {PROTOCOL_TCP, "state", " NEW , INVALID ", STATE_NEW | STATE_INVALID, "NEW,INVALID"},
    {PROTOCOL_TCP, "state", "NEW,NONE", STATE_NONE, "NONE"},
    {PROTOCOL_TCP, "state", ",", 0, NULL},
    {PROTOCOL_TCP, "flags", "SYN,ACK/SYN", 0x12 << 8 | 0x02, "SYN,ACK/SYN"},
    {PROTOCOL_TCP, "flags", "all/none", 0x3f << 8, "ALL/NONE"},
    {PROTOCOL_TCP, "flags", "PSH/", 0x08 << 8, "PSH/NONE"},
    {PROTOCOL_TCP, "flags", "SYN/ECE", 0, NULL},
    {PROTOCOL_TCP, "ipsetflags", "src,DST,src", 3 << 8 | 5, "src,dst,src"},
    {PROTOCOL_TCP, "ipsetflags", "src,src,src,src,src,src,src", 0, NULL},
    {PROTOCOL_TCP, "ipsetflags", "src,", 0, NULL},
};

static void test_values(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        const FieldRow *row = field_row_lookup(values[i].protocol, values[i].attribute);
        const char *expected = NULL;
        Value value;

        g_assert_nonnull(row);
        if (!values[i].printed) {
            g_assert_false(value_parse(row, values[i].text, &value, &expected));
            g_assert_nonnull(expected);
            continue;
        }
        if (!value_parse(row, values[i].text, &value, &expected))
            g_error("%s='%s' is refused", values[i].attribute, values[i].text);
        g_autofree char *printed = value_format(row, &value);
        g_assert_cmpstr(printed, ==, values[i].printed);
        g_assert_cmpuint(value.number, ==, values[i].number);
    }
}

static void test_ip6(void)
{
    static const guint8 octets[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    const FieldRow *row = field_row_lookup(PROTOCOL_IPV6, "srcipaddr");
    const char *expected;
    Value value, other;

    g_assert_true(value_parse(row, "2001:DB8:0::1", &value, &expected));
    g_assert_cmpmem(value.ip6, 16, octets, 16);
    g_autofree char *printed = value_format(row, &value);
    g_assert_cmpstr(printed, ==, "2001:db8::1");
    g_assert_true(value_parse(row, "2001:db8::2", &other, &expected));
    g_assert_cmpint(value_compare(&value, &other), <, 0);
    g_assert_cmpint(value_compare(&value, &value), ==, 0);
    g_assert_false(value_parse(row, "fe80::1%lo", &value, &expected));
}

/* What the table promises: order, bases, limits within the field's width. */
static void test_table(void)
{
    guint n_rows;
    const FieldRow *rows = field_rows(&n_rows);

    for (guint i = 0; i < n_rows; i++) {
        for (guint protocol = 0; protocol < N_PROTOCOLS; protocol++) {
            const FieldRow *found;

            if (!(rows[i].protocols & 1u << protocol))
                continue;
            found = field_row_lookup((Protocol)protocol, rows[i].attribute);
            g_assert_true(found == &rows[i]); /* no second row of the name */
            if (rows[i].role == ROLE_MASK || rows[i].role == ROLE_END)
                g_assert_nonnull(field_row_base((Protocol)protocol, &rows[i]));
        }
        if (rows[i].type == TYPE_NUMBER && rows[i].field != FIELD_NONE)
            g_assert_cmpuint(rows[i].max, ==,
                             (guint32)((G_GUINT64_CONSTANT(1) << field_bits(rows[i].field)) - 1));
    }
    g_assert_cmpint(protocol_lookup("tcp-ipv6"), ==, PROTOCOL_TCP_IPV6);
    g_assert_cmpint(protocol_lookup(""), ==, N_PROTOCOLS);
    g_assert_cmpint(protocol_lookup("TCP"), ==, N_PROTOCOLS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/values", test_values);
    g_test_add_func("/value/ip6", test_ip6);
    g_test_add_func("/value/table", test_table);
    return g_test_run();
}
