/* SPDX-License-Identifier: Apache-2.0 */
#include "stock.h"

#include <string.h>

#include "decide/build.h"
#include "decide/pass.h"

Catalogue *stock_filters(const char *stock, const char *own)
{
    Catalogue *filters = catalogue_new();
    g_autoptr(GPtrArray) problems = NULL, own_problems = NULL;

    g_assert_true(catalogue_load(filters, stock, CATALOGUE_LOAD_NONE, &problems, NULL));
    g_assert_true(catalogue_load(filters, own, CATALOGUE_LOAD_KEEP, &own_problems, NULL));
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpuint(own_problems->len, ==, 0);
    return filters;
}

Variables *stock_variables(const char *filter, guint n)
{
    const gboolean is_ip6 = strstr(filter, "v6") != NULL;
    const char *const rows[][4] = {
        {"MAC", "52:54:00:00:00:01"},
        {"IP", "10.0.0.1", "10.0.0.2", "10.0.0.3"},
        {"IPV6", "fd00::1", "fd00::2", "fd00::3"},
        {"GATEWAY_MAC", "52:54:00:00:00:fe"},
        {"DHCPSERVER", is_ip6 ? "fe80::fe" : "10.0.0.254", is_ip6 ? "fe80::fd" : "10.0.0.253"},
    };
    Variables *variables = variables_new();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        for (guint value = 1; value <= n && rows[i][value]; value++)
            g_assert_true(variables_add(variables, rows[i][0], rows[i][value], NULL));
    return variables;
}

static IrProgram *optimized(const Plan *plan, guint way, const PlanValues *values)
{
    g_autoptr(GError) error = NULL;
    IrProgram *program = ir_build_optimized(plan, way, values, &error);

    g_assert_no_error(error);
    return program;
}

void bound_init(Bound *bound, const Plan *plan, const PlanValues *values,
                Encapsulation encapsulation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IrProgram) out = optimized(plan, PLAN_FROM_VM, values);
    g_autoptr(IrProgram) in = optimized(plan, PLAN_TO_VM, values);

    bound->shape = shape_new(out, in, encapsulation, &error);
    g_assert_no_error(error);
    bound->bindings[0] = ir_bind(out, values, &error);
    bound->bindings[1] = ir_bind(in, values, &error);
    g_assert_no_error(error);
}

void bound_clear(Bound *bound)
{
    ir_binding_free(bound->bindings[0]);
    ir_binding_free(bound->bindings[1]);
    shape_unref(bound->shape);
}

guint stock_every(void)
{
    const char *text = g_getenv("TAPWALL_TEST_EVERY");
    guint64 every = 1;

    if (text)
        g_assert_true(g_ascii_string_to_unsigned(text, 10, 1, 100, &every, NULL));
    return (guint)every;
}

/* ---- frames ---- */

#define OWN "525400000001"
#define OTHER "525400000002"
#define GATE "5254000000fe"
#define ALL "ffffffffffff"
#define ARP4 "0001 0800 06 04 "
#define IP4(protocol, source, target) "4500 001c 0001 0000 40" protocol "0000" source target
#define UDP(source, target) source target "0008 0000"
#define IP6(header, source, target) "60000000 0008" header "40" source target
#define V6(last) "fd0000000000000000000000000000" last
#define LL(last) "fe8000000000000000000000000000" last

static const char *const hex_rows[] = {
    OTHER OWN "88b5 0000",
    OTHER OTHER "88b5 0000",
    OWN OTHER "88b5 0000",
    GATE OWN "88b5 0000",
    OWN GATE "88b5 0000",
    ALL OWN "88b5 0000",
    ALL OWN "0835 0000",
    "01005e000001" OWN "88b5 0000",
    OTHER "01005e000001"
          "88b5 0000",
    /* ARP and RARP: honest, forged by MAC, by address, odd lengths, cut off */
    ALL OWN "0806" ARP4 "0001" OWN "0a000001 000000000000 0a000009",
    ALL OWN "0806" ARP4 "0001" OTHER "0a000001 000000000000 0a000009",
    ALL OWN "0806" ARP4 "0002" OWN "0a000009" OTHER "0a000009",
    ALL OWN "0806" ARP4 "0001" OWN "00000000 000000000000 0a000001",
    OWN OTHER "0806" ARP4 "0002" OTHER "0a000009" OWN "0a000001",
    OTHER OWN "0806 0001 0800 08 04 0001" OWN "0000 0a000001" OTHER "0000 0a000009",
    OTHER OWN "0806 0001 0800 06 10 0001" OWN V6("01") OTHER V6("02"),
    OTHER OWN "0806" ARP4 "0001" OWN "0a00",
    OTHER OWN "0806 0006 0800 06 04 0009" OWN "0a000001" OTHER "0a000009",
    ALL OWN "8035" ARP4 "0003" OWN "00000000" OWN "00000000",
    ALL OWN "8035" ARP4 "0004" OWN "0a000009" OTHER "0a000001",
    /* IPv4: own, another's, none; DHCP both ways; multicast; options; fragments; lies */
    OTHER OWN "0800" IP4("11", "0a000001", "0a000009") UDP("0035", "0035"),
    OTHER OWN "0800" IP4("11", "0a000009", "0a000001") UDP("0035", "0035"),
    ALL OWN "0800" IP4("11", "00000000", "ffffffff") UDP("0044", "0043"),
    OTHER OWN "0800" IP4("11", "00000000", "0a000009") UDP("0001", "0009"),
    OWN OTHER "0800" IP4("11", "0a0000fe", "0a000001") UDP("0043", "0044"),
    OWN OTHER "0800" IP4("11", "0a000007", "ffffffff") UDP("0043", "0044"),
    OTHER OWN "0800" IP4("11", "0a000001", "e0000001") UDP("0035", "0035"),
    OTHER OWN "0800 4600 0020 0001 0000 40 11 0000 0a000001 0a000009 01010101" UDP("0044", "0043"),
    OTHER OWN "0800 4500 001c 0001 2000 40 11 0000 0a000001 0a000009" UDP("0035", "0035"),
    OTHER OWN "0800 4500 001c 0001 0001 40 11 0000 0a000001 0a000009" UDP("0035", "0035"),
    OTHER OWN "0800 6500 001c 0001 0000 40 11 0000 0a000001 0a000009" UDP("0035", "0035"),
    OTHER OWN "0800 4500 0400 0001 0000 40 11 0000 0a000001 0a000009" UDP("0035", "0035"),
    OTHER OWN
    "0800" IP4("06", "0a000001", "0a000009") "0050 0016 00000001 00000000 5002 ffff 00000000",
    /* IPv6: own, another's, neighbour discovery, DHCPv6, chains, fragments */
    OTHER OWN "86dd" IP6("11", V6("01"), V6("09")) UDP("0035", "0035"),
    OTHER OWN "86dd" IP6("11", V6("09"), V6("01")) UDP("0035", "0035"),
    OTHER OWN "86dd" IP6("3a", "00000000000000000000000000000000", V6("01")) "8700 0000 00000000",
    OTHER OWN "86dd" IP6("3a", LL("01"), "ff020000000000000000000000000001") "8800 0000 00000000",
    OWN OTHER "86dd" IP6("11", LL("fe"), LL("01")) UDP("0223", "0222"),
    OTHER OWN "86dd" IP6("11", LL("01"), LL("fe")) UDP("0222", "0223"),
    OTHER OWN "86dd" IP6("3c", V6("01"), V6("09")) "1100 0104 00000000",
    OTHER OWN "86dd" IP6("2c", V6("01"), V6("09")) "1100 0008 00000001",
    OTHER OWN "86dd" IP6("00", V6("01"), V6("09")) "3b00 0104 00000000",
    /* wrapped: priority tags, VLANs, service tags, SNAP both ways, and what they hide */
    ALL OWN "8100 0000 0806" ARP4 "0001" OTHER "0a000009 000000000000 0a000009",
    ALL OWN "8100 0000 0806" ARP4 "0001" OWN "0a000001 000000000000 0a000009",
    ALL OWN "8100 0000 8100 0000 88a8 0000 0806" ARP4 "0001" OTHER "0a000009 000000000000 0a000009",
    ALL OWN "88a8 0014 8100 0000 0800" IP4("11", "0a000009", "0a000001") UDP("0035", "0035"),
    ALL OWN "8100 0014 0800" IP4("11", "0a000001", "0a000009") UDP("0035", "0035"),
    ALL OWN "8100 00",
    ALL OWN
    "8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 "
    "8100 0000 0806" ARP4 "0001" OWN "0a000001 000000000000 0a000009",
    ALL OWN "0024 aaaa03000000 0806" ARP4 "0001" OTHER "0a000009 000000000000 0a000009",
    ALL OWN "05ff aaaa030000f8 0806" ARP4 "0001" OWN "0a000001 000000000000 0a000009",
    ALL OWN "8100 0000 0024 aaaa03000000 0800" IP4("11", "0a000009", "0a000001")
        UDP("0035", "0035"),
    ALL OWN "88b7 000000 0806" ARP4 "0001" OTHER "0a000009 000000000000 0a000009",
    ALL OWN "8870 aaaa03000000 0806" ARP4 "0001" OTHER "0a000009 000000000000 0a000009",
    /* link control */
    "0180c2000000" OWN "0026 424203 0000 00 00 01 8000" OWN "00000004 8000" OWN
    "8001 0000 1400 0200 0f00",
    "0180c2000000" OWN "0007 424203 0000 00 80",
    "0180c200000e" OWN "88cc 0207",
};

static GByteArray *octets_of(const char *hex)
{
    GByteArray *octets = g_byte_array_new();
    int high = -1;

    for (; *hex; hex++) {
        const int digit = g_ascii_xdigit_value(*hex);
        guint8 octet;

        if (digit < 0)
            continue;
        if (high < 0) {
            high = digit;
            continue;
        }
        octet = (guint8)(high << 4 | digit);
        g_byte_array_append(octets, &octet, 1);
        high = -1;
    }
    g_assert_cmpint(high, ==, -1);
    return octets;
}

GPtrArray *stock_frames(void)
{
    GPtrArray *frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

    for (gsize i = 0; i < G_N_ELEMENTS(hex_rows); i++)
        g_ptr_array_add(frames, octets_of(hex_rows[i]));
    return frames;
}
