/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/frame.h"
#include <string.h>

#define MACS "52540000000a525400000001"

/* Octets from hex digits; blanks are for the reader. The caller frees. */
static GByteArray *frame_octets(const char *hex)
{
    GByteArray *octets = g_byte_array_new();

    for (const char *digit = hex; *digit != '\0'; digit++) {
        if (*digit == ' ')
            continue;
        guint8 octet =
            (guint8)(g_ascii_xdigit_value(digit[0]) << 4 | g_ascii_xdigit_value(digit[1]));
        g_byte_array_append(octets, &octet, 1);
        digit++;
    }
    return octets;
}

static void parse_hex(const char *hex, gboolean unwrap, struct facts *facts)
{
    g_autoptr(GByteArray) octets = frame_octets(hex);
    Frame frame = {octets->data, octets->len, {0, 0}};

    (unwrap ? frame_unwrap : frame_parse)(&frame, FACTS_WANT_ALL, facts);
}

/* A row's frame must have exactly these bits, apart from the ones every frame has. */
typedef struct {
    const char *name;
    const char *hex;
    guint outermost, unwrapped;
} Row;

#define ARP_BODY "0001080006040001 525400000001 0a000001 000000000000 0a000002"
#define ARP_BITS (FACTS_ARP | FACTS_ARP_IP | FACTS_ARP_SHA | FACTS_ARP_THA)
#define IP4_UDP "4500001c0001000040110000 0a000001 0a000002 00440043 00080000"
#define IP4_BITS (FACTS_IP4 | FACTS_INET4 | FACTS_INET_PROTO)
#define L4_BITS (FACTS_PORTS | FACTS_INET_L4)
#define LINK_LOCAL "fe800000000000000000000000000001 fe800000000000000000000000000002"
#define IP6_BITS (FACTS_IP6 | FACTS_INET6 | FACTS_INET_PROTO | FACTS_IP6_PROTO)
#define SNAP "aaaa03 000000"

static const Row rows[] = {
    {"plain", MACS "88b5 00", 0, 0},
    {"arp", MACS "0806" ARP_BODY, ARP_BITS, ARP_BITS},
    {"rarp", MACS "8035" ARP_BODY, ARP_BITS, ARP_BITS},
    {"arp padded", MACS "0806" ARP_BODY "000000000000", ARP_BITS, ARP_BITS},
    {"arp cut in the fixed part", MACS "0806 00010800060400", 0, 0},
    {"arp cut behind sha", MACS "0806 0001080006040001 525400000001", FACTS_ARP | FACTS_ARP_SHA,
     FACTS_ARP | FACTS_ARP_SHA},
    {"arp cut behind spa", MACS "0806 0001080006040001 525400000001 0a000001",
     FACTS_ARP | FACTS_ARP_SHA, FACTS_ARP | FACTS_ARP_SHA},
    {"arp hln 8", MACS "0806 0001080008040001 5254000000010000 0a000001 0000000000000000 0a000002",
     FACTS_ARP | FACTS_ARP_IP, FACTS_ARP | FACTS_ARP_IP},
    {"arp of another hardware type",
     MACS "0806 0006080006040001 525400000001 0a000001 525400000002"
          "0a000002",
     FACTS_ARP | FACTS_ARP_IP, FACTS_ARP | FACTS_ARP_IP},
    {"arp for another protocol",
     MACS "0806 000186dd06040001 525400000001 0a000001 525400000002"
          "0a000002",
     FACTS_ARP | FACTS_ARP_SHA | FACTS_ARP_THA, FACTS_ARP | FACTS_ARP_SHA | FACTS_ARP_THA},
    {"arp pln 16", MACS "0806 0001080006100001 525400000001" LINK_LOCAL "525400000002",
     FACTS_ARP | FACTS_ARP_SHA | FACTS_ARP_THA, FACTS_ARP | FACTS_ARP_SHA | FACTS_ARP_THA},
    {"tagged arp", MACS "8100 0000 0806" ARP_BODY, FACTS_VLAN | FACTS_WRAPPED, ARP_BITS},
    {"service tag, tag, arp", MACS "88a8 0014 8100 0000 0806" ARP_BODY, FACTS_VLAN | FACTS_WRAPPED,
     ARP_BITS},
    {"tag of another vendor", MACS "9100 0014 0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"tag cut off", MACS "8100 0000 08", FACTS_WRAPPED | FACTS_REFUSED, FACTS_REFUSED},
    {"second tag cut off", MACS "8100 0000 8100 0000", FACTS_VLAN | FACTS_WRAPPED, FACTS_REFUSED},
    {"snap arp", MACS "0024" SNAP "0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"snap 802.1H", MACS "0024 aaaa03 0000f8 0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"snap of a vendor", MACS "0024 aaaa03 00000c 0806" ARP_BODY, 0, 0},
    {"snap length 0", MACS "0000" SNAP "0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"snap length too long", MACS "05ff" SNAP "0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"snap with response and poll bits", MACS "0024 abab13 000000 0806" ARP_BODY, FACTS_WRAPPED,
     ARP_BITS},
    {"tag, snap, arp", MACS "8100 0000 0024" SNAP "0806" ARP_BODY, FACTS_VLAN | FACTS_WRAPPED,
     ARP_BITS},
    {"snap, tag, arp", MACS "0028" SNAP "8100 0000 0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"jumbo llc", MACS "8870" SNAP "0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"oui extended", MACS "88b7 000000 0806" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"ip over llc", MACS "001f 060603" IP4_UDP, FACTS_WRAPPED, IP4_BITS | L4_BITS},
    {"arp over llc", MACS "001f 989803" ARP_BODY, FACTS_WRAPPED, ARP_BITS},
    {"llc cut off", MACS "0003 aaaa", 0, 0},
    {"ipv4", MACS "0800" IP4_UDP, IP4_BITS | L4_BITS, IP4_BITS | L4_BITS},
    {"ipv4 padded", MACS "0800" IP4_UDP "00000000", IP4_BITS | L4_BITS, IP4_BITS | L4_BITS},
    {"ipv4 cut", MACS "0800 450000", FACTS_MALFORMED, FACTS_MALFORMED},
    {"ipv4 version 6",
     MACS "0800 65"
          "00001c0001000040110000 0a000001 0a000002 00440043 00080000",
     FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS, FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS},
    {"ipv4 header of 0",
     MACS "0800 40"
          "00001c0001000040110000 0a000001 0a000002 00440043 00080000",
     FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS, FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS},
    {"ipv4 longer than the frame",
     MACS "0800 4500001d"
          "0001000040110000 0a000001 0a000002 0044004300080000",
     FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS, FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS},
    {"ipv4 shorter than its header",
     MACS "0800 45000013"
          "0001000040110000 0a000001 0a000002 0044004300080000",
     FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS, FACTS_IP4 | FACTS_MALFORMED | FACTS_PORTS},
    {"udp in padding",
     MACS "0800 45000018"
          "0001000040110000 0a000001 0a000002 0044004300080000",
     IP4_BITS | FACTS_PORTS, IP4_BITS | FACTS_PORTS},
    {"ipv4 first fragment",
     MACS "0800 4500001c00012000"
          "40110000 0a000001 0a000002 0044004300080000",
     IP4_BITS | L4_BITS | FACTS_FRAGMENT, IP4_BITS | L4_BITS | FACTS_FRAGMENT},
    {"ipv4 later fragment",
     MACS "0800 4500001c00010001"
          "40110000 0a000001 0a000002 0044004300080000",
     IP4_BITS | FACTS_FRAGMENT | FACTS_LATER, IP4_BITS | FACTS_FRAGMENT | FACTS_LATER},
    {"ipv6", MACS "86dd 6000000000081140" LINK_LOCAL "0222022300080000", IP6_BITS | L4_BITS,
     IP6_BITS | L4_BITS},
    {"ipv6 cut", MACS "86dd 60000000", FACTS_MALFORMED, FACTS_MALFORMED},
    {"ipv6 longer than the frame", MACS "86dd 6000000000091140" LINK_LOCAL "0222022300080000",
     FACTS_IP6 | FACTS_IP6_PROTO | FACTS_INET_PROTO | FACTS_MALFORMED | FACTS_PORTS,
     FACTS_IP6 | FACTS_IP6_PROTO | FACTS_INET_PROTO | FACTS_MALFORMED | FACTS_PORTS},
    {"ipv6 hop, options, udp",
     MACS "86dd 6000000000180040" LINK_LOCAL "3c00010400000000 1100010400000000 0222022300080000",
     IP6_BITS | L4_BITS, IP6_BITS | L4_BITS},
    {"ipv6 chain cut", MACS "86dd 6000000000080040" LINK_LOCAL "3c00010400000000",
     FACTS_IP6 | FACTS_INET6, FACTS_IP6 | FACTS_INET6},
    {"ipv6 no next header", MACS "86dd 6000000000083b40" LINK_LOCAL "0222022300080000",
     FACTS_IP6 | FACTS_INET6 | FACTS_INET_PROTO, FACTS_IP6 | FACTS_INET6 | FACTS_INET_PROTO},
    {"ipv6 authentication",
     MACS "86dd 6000000000143340" LINK_LOCAL "110100000000000000000000 0222022300080000",
     IP6_BITS | FACTS_PORTS, IP6_BITS | FACTS_PORTS},
    {"ipv6 atomic fragment",
     MACS "86dd 6000000000102c40" LINK_LOCAL "11ff000000000001 0222022300080000",
     IP6_BITS | L4_BITS, IP6_BITS | L4_BITS},
    {"ipv6 first fragment",
     MACS "86dd 6000000000102c40" LINK_LOCAL "1100000100000001 0222022300080000",
     IP6_BITS | L4_BITS | FACTS_FRAGMENT, IP6_BITS | L4_BITS | FACTS_FRAGMENT},
    {"ipv6 later fragment",
     MACS "86dd 6000000000102c40" LINK_LOCAL "1100000800000001 0222022300080000",
     IP6_BITS | FACTS_PORTS | FACTS_FRAGMENT | FACTS_LATER,
     IP6_BITS | FACTS_PORTS | FACTS_FRAGMENT | FACTS_LATER},
    {"too short for Ethernet", "52540000000a52540000", FACTS_REFUSED, FACTS_REFUSED},
};

static void test_bits(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct facts facts;

        g_test_message("%s", rows[i].name);
        parse_hex(rows[i].hex, FALSE, &facts);
        g_assert_cmphex(facts.has & ~FACTS_ETH, ==, rows[i].outermost);
        parse_hex(rows[i].hex, TRUE, &facts);
        g_assert_cmphex(facts.has & ~FACTS_ETH, ==, rows[i].unwrapped);
    }
}

/* A tag beside the frame says what a tag in it says. */
static void test_untag(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) octets = frame_octets(rows[i].hex);
        g_autofree guint8 *room = g_malloc(octets->len);
        Frame frame = {octets->data, octets->len, {0, 0}};
        Frame bare = frame_untag(&frame, room);
        struct facts in, beside;

        frame_parse(&frame, FACTS_WANT_ALL, &in);
        frame_parse(&bare, FACTS_WANT_ALL, &beside);
        beside.l3_at = in.l3_at; /* offsets are in the frame as it is */
        beside.l4_at = in.l4_at;
        g_assert_cmpmem(&in, sizeof in, &beside, sizeof beside);
        frame_unwrap(&frame, FACTS_WANT_ALL, &in);
        frame_unwrap(&bare, FACTS_WANT_ALL, &beside);
        beside.l3_at = in.l3_at;
        beside.l4_at = in.l4_at;
        g_assert_cmpmem(&in, sizeof in, &beside, sizeof beside);
    }
}

static void test_arp_fields(void)
{
    struct facts facts;

    parse_hex(MACS "0806" ARP_BODY, FALSE, &facts);
    g_assert_cmphex(facts.eth_dst, ==, 0x52540000000a);
    g_assert_cmphex(facts.eth_src, ==, 0x525400000001);
    g_assert_cmphex(facts.eth_type, ==, 0x0806);
    g_assert_cmphex(facts.arp_hw, ==, 1);
    g_assert_cmphex(facts.arp_proto, ==, 0x0800);
    g_assert_cmphex(facts.arp_op, ==, 1);
    g_assert_cmphex(facts.arp_sha, ==, 0x525400000001);
    g_assert_cmphex(facts.arp_spa, ==, 0x0a000001);
    g_assert_cmphex(facts.arp_gratuitous, ==, 0);
    g_assert_cmphex(facts.arp_tha, ==, 0);
    g_assert_cmphex(facts.arp_tpa, ==, 0x0a000002);
    parse_hex(MACS "0806 0001080008040001 5254000000010000 0a000001 0000000000000000 0a000002",
              FALSE, &facts);
    g_assert_cmphex(facts.arp_spa, ==, 0x0a000001);
    g_assert_cmphex(facts.arp_tpa, ==, 0x0a000002);
}

static void test_vlan_fields(void)
{
    struct facts facts;

    parse_hex(MACS "8100 6fff 86dd 00", FALSE, &facts);
    g_assert_cmphex(facts.eth_type, ==, 0x8100);
    g_assert_cmphex(facts.vlan_id, ==, 0xfff);
    g_assert_cmphex(facts.vlan_type, ==, 0x86dd);
    parse_hex(MACS "8100 6fff 86dd 00", TRUE, &facts);
    g_assert_cmphex(facts.eth_type, ==, 0x86dd);
}

static void test_tcp_fields(void)
{
    struct facts facts;

    /* SYN|ACK with MSS (2), NOP (1), window scale (3), NOP, NOP, SACK permitted (4) */
    parse_hex(MACS "0800 4ab8003c"
                   "0001000040060000 0a000001 0a000002"
                   "94040000 0000000000000000 0000000000000000 00000000",
              FALSE, &facts);
    g_assert_cmphex(facts.has & FACTS_INET, ==, 0); /* claims more than it holds */
    parse_hex(MACS "0800 46b80038"
                   "0001000040060000 0a000001 0a000002 94040000"
                   "00161234 00000001 00000002 8012ffff 00000000"
                   "020405b4 01030307 01010402 00000000",
              FALSE, &facts);
    g_assert_cmphex(facts.has & FACTS_INET_L4, ==, FACTS_INET_L4);
    g_assert_cmphex(facts.ip_dscp, ==, 46);
    g_assert_cmphex(facts.inet_proto, ==, 6);
    g_assert_cmphex(facts.sport, ==, 0x16);
    g_assert_cmphex(facts.dport, ==, 0x1234);
    g_assert_cmphex(facts.has & FACTS_TCP, ==, FACTS_TCP);
    g_assert_cmphex(facts.tcp_flags, ==, 0x12);
    g_assert_cmphex(facts.l4_at, ==, 14 + 24);
    g_assert_cmphex(facts.has & FACTS_TCP_OPTIONS, ==, FACTS_TCP_OPTIONS);
    g_assert_cmphex(facts.tcp_options[0], ==, 0x1e);
    g_assert_cmphex(facts.tcp_options[1] | facts.tcp_options[2] | facts.tcp_options[3], ==, 0);
}

/* Option lengths that lead nowhere end the walk, they do not lose it. */
static void test_tcp_option_lengths(void)
{
    static const struct {
        const char *options;
        guint64 kinds;
    } cases[] = {
        {"05000303", 1u << 5 | 1u << 0 | 1u << 3}, /* length 0 counts as 1 */
        {"01010122", 1u << 1 | 1ull << 0x22},
        {"08ff0909", 1u << 8},
        {"3fff0000", 1ull << 63},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct facts facts;
        g_autofree char *hex = g_strconcat(MACS "0800 4500002c"
                                                "0001000040060000 0a000001 0a000002"
                                                "00161234 00000001 00000002 6002ffff 00000000",
                                           cases[i].options, NULL);

        parse_hex(hex, FALSE, &facts);
        g_assert_cmphex(facts.tcp_options[0], ==, cases[i].kinds);
    }
}

static void test_ip6_fields(void)
{
    struct facts facts;

    parse_hex(MACS "86dd 6ab0000000083a40" LINK_LOCAL "8700 0000 00000000", FALSE, &facts);
    g_assert_cmphex(facts.ip_dscp, ==, 0xab >> 2);
    g_assert_cmphex(facts.ip6_src[0], ==, 0xfe80000000000000);
    g_assert_cmphex(facts.ip6_src[1], ==, 1);
    g_assert_cmphex(facts.ip6_dst[1], ==, 2);
    g_assert_cmphex(facts.ip_proto, ==, 58);
    g_assert_cmphex(facts.icmp_type, ==, 0x87);
    parse_hex(MACS "86dd 6000000000102c40" LINK_LOCAL "1100000800000007 0222022300080000", FALSE,
              &facts);
    g_assert_cmphex(facts.ip_proto, ==, 44);
    g_assert_cmphex(facts.inet_proto, ==, 17);
    g_assert_cmphex(facts.ip_id, ==, 7);
}

static void test_stp_fields(void)
{
    struct facts facts;

    parse_hex("0180c2000000525400000001 0026 424203 0000 00 00 7e"
              "8000 525400000011 00000004 8001 525400000022 8002 0001 1400 0200 0f00",
              FALSE, &facts);
    g_assert_cmphex(facts.has, ==, FACTS_ETH | FACTS_STP | FACTS_STP_CONFIG);
    g_assert_cmphex(facts.stp_type, ==, 0);
    g_assert_cmphex(facts.stp_flags, ==, 0x7e);
    g_assert_cmphex(facts.stp_root_priority, ==, 0x8000);
    g_assert_cmphex(facts.stp_root, ==, 0x525400000011);
    g_assert_cmphex(facts.stp_cost, ==, 4);
    g_assert_cmphex(facts.stp_sender_priority, ==, 0x8001);
    g_assert_cmphex(facts.stp_sender, ==, 0x525400000022);
    g_assert_cmphex(facts.stp_port, ==, 0x8002);
    g_assert_cmphex(facts.stp_age, ==, 1);
    g_assert_cmphex(facts.stp_max_age, ==, 0x1400);
    g_assert_cmphex(facts.stp_hello, ==, 0x0200);
    g_assert_cmphex(facts.stp_delay, ==, 0x0f00);
    parse_hex("0180c2000000525400000001 0007 424203 0000 00 80", FALSE, &facts);
    g_assert_cmphex(facts.has, ==, FACTS_ETH | FACTS_STP);
    parse_hex("0180c2000000525400000001 0007 424203 0000 02 80", FALSE, &facts);
    g_assert_cmphex(facts.has, ==, FACTS_ETH);
}

static GString *nested(guint tags)
{
    GString *hex = g_string_new(MACS);

    for (guint i = 0; i < tags; i++)
        g_string_append(hex, i % 2 ? "8100 0000" : "88a8 0000");
    g_string_append(hex, "0806" ARP_BODY);
    return hex;
}

static void test_nest_limit(void)
{
    for (guint tags = 1; tags <= FACTS_NEST_LIMIT + 4; tags++) {
        g_autoptr(GString) hex = nested(tags);
        g_autoptr(GByteArray) octets = frame_octets(hex->str);
        g_autofree guint8 *room = g_malloc(octets->len);
        Frame frame = {octets->data, octets->len, {0, 0}};
        Frame bare = frame_untag(&frame, room);
        struct facts facts;
        guint refused = tags > FACTS_NEST_LIMIT ? FACTS_REFUSED : 0;

        frame_unwrap(&frame, FACTS_WANT_ALL, &facts);
        g_assert_cmphex(facts.has & FACTS_REFUSED, ==, refused);
        frame_unwrap(&bare, FACTS_WANT_ALL, &facts);
        g_assert_cmphex(facts.has & FACTS_REFUSED, ==, refused);
    }
}

static void test_chain_limit(void)
{
    for (guint headers = 0; headers <= FACTS_CHAIN_LIMIT + 3; headers++) {
        g_autoptr(GString) hex = g_string_new(MACS "86dd 60000000");
        struct facts facts;

        g_string_append_printf(hex, "%04x%s40" LINK_LOCAL, headers * 8 + 8, headers ? "3c" : "11");
        for (guint i = 1; i <= headers; i++)
            g_string_append(hex, i == headers ? "1100010400000000" : "3c00010400000000");
        g_string_append(hex, "0222022300080000");
        parse_hex(hex->str, FALSE, &facts);
        g_assert_cmphex(facts.has & (FACTS_REFUSED | FACTS_INET_L4), ==,
                        headers > FACTS_CHAIN_LIMIT ? FACTS_REFUSED : FACTS_INET_L4);
    }
}

/* No frame, however cut, is read beyond its end (the sanitizers watch), and what a shorter prefix
 * vouches for, but for lengths, the longer one does too. */
static void test_every_cut(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) octets = frame_octets(rows[i].hex);
        guint before = 0;

        for (gsize length = 14; length <= octets->len; length++) {
            g_autofree guint8 *copy = g_memdup2(octets->data, length);
            Frame frame = {copy, length, {0, 0}};
            struct facts facts;
            guint lasting = ~(guint)(FACTS_MALFORMED | FACTS_REFUSED);

            frame_parse(&frame, FACTS_WANT_ALL, &facts);
            g_assert_cmphex(before & lasting & ~facts.has, ==, 0);
            before = facts.has;
        }
    }
}

/* Asking for less gives the same answers to what is asked. */
static void test_want(void)
{
    static const guint bits[] = {
        FACTS_STP | FACTS_STP_CONFIG,
        ARP_BITS,
        FACTS_IP4 | FACTS_IP6 | FACTS_INET6 | FACTS_MALFORMED,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct facts all;
        g_autoptr(GByteArray) octets = frame_octets(rows[i].hex);
        Frame frame = {octets->data, octets->len, {0, 0}};

        frame_parse(&frame, FACTS_WANT_ALL, &all);
        for (guint want = 0; want < G_N_ELEMENTS(bits); want++) {
            struct facts some;

            frame_parse(&frame, 1u << want, &some);
            g_assert_cmphex(some.has & bits[want], ==, all.has & bits[want]);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/frame/bits", test_bits);
    g_test_add_func("/decide/frame/untag", test_untag);
    g_test_add_func("/decide/frame/arp", test_arp_fields);
    g_test_add_func("/decide/frame/vlan", test_vlan_fields);
    g_test_add_func("/decide/frame/tcp", test_tcp_fields);
    g_test_add_func("/decide/frame/tcp-option-lengths", test_tcp_option_lengths);
    g_test_add_func("/decide/frame/ip6", test_ip6_fields);
    g_test_add_func("/decide/frame/stp", test_stp_fields);
    g_test_add_func("/decide/frame/nest-limit", test_nest_limit);
    g_test_add_func("/decide/frame/chain-limit", test_chain_limit);
    g_test_add_func("/decide/frame/every-cut", test_every_cut);
    g_test_add_func("/decide/frame/want", test_want);
    return g_test_run();
}
