/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/compose.h"

#include "decide/parse.h"

/* Big-endian; more than eight octets begin with zeros. */
static void put(GByteArray *frame, guint64 value, guint octets)
{
    while (octets-- > 0) {
        guint8 octet = octets < 8 ? (guint8)(value >> 8 * octets) : 0;
        g_byte_array_append(frame, &octet, 1);
    }
}

/* ---- wrapping ---- */

static void put_snap(GByteArray *frame, guint type)
{
    put(frame, 0xaaaa03000000, 6);
    put(frame, type, 2);
}

/* What stands behind a type that wraps, up to the inner type's content. */
static void put_wrapping(GByteArray *frame, guint outer, guint inner)
{
    if (facts_is_tag((guint16)outer)) {
        put(frame, 0, 2);
        put(frame, inner, 2);
    } else if (outer == FACTS_ETH_OUI_EXTENDED) {
        put(frame, 0, 3);
        put(frame, inner, 2);
    } else {
        put_snap(frame, inner);
    }
}

static void put_type(GByteArray *frame, const struct facts *inside, const struct facts *wrapped)
{
    if (!wrapped) {
        put(frame, inside->eth_type, 2);
        return;
    }
    put(frame, wrapped->eth_type, 2);
    if (!(wrapped->has & FACTS_VLAN)) {
        put_wrapping(frame, wrapped->eth_type, inside->eth_type);
        return;
    }
    put(frame, wrapped->vlan_id, 2);
    put(frame, wrapped->vlan_type, 2);
    if (wrapped->vlan_type != inside->eth_type)
        put_wrapping(frame, wrapped->vlan_type, inside->eth_type);
}

/* ---- ARP ---- */

static void put_arp(GByteArray *frame, const struct facts *facts)
{
    const gboolean has_mac = (facts->has & FACTS_ARP_SHA) != 0;
    const guint hln = has_mac || !(facts->has & FACTS_ARP_IP) ? 6 : 8;

    put(frame, facts->arp_hw, 2);
    put(frame, facts->arp_proto, 2);
    if (!(facts->has & FACTS_ARP))
        return; /* cut off */
    put(frame, hln, 1);
    put(frame, 4, 1);
    put(frame, facts->arp_op, 2);
    if (!(facts->has & (FACTS_ARP_SHA | FACTS_ARP_IP)))
        return;
    put(frame, facts->arp_sha, hln);
    if (!(facts->has & (FACTS_ARP_THA | FACTS_ARP_IP)))
        return;
    put(frame, facts->arp_spa, 4);
    put(frame, facts->arp_tha, hln);
    if (facts->has & FACTS_ARP_IP)
        put(frame, facts->arp_tpa, 4);
}

/* ---- transport ---- */

/* Options of all kinds asked for, filled up to words with the last one's length; the first 20
 * octets say so. */
static void put_options(GByteArray *options, const struct facts *facts)
{
    guint last = 256;

    for (guint kind = 2; kind < 256; kind++) {
        if (!(facts->tcp_options[kind >> 6] >> (kind & 63) & 1))
            continue;
        put(options, kind << 8 | 2, 2);
        last = options->len - 1;
    }
    for (guint kind = 0; kind < 2; kind++)
        while ((facts->tcp_options[0] >> kind & 1) &&
               (options->len == 0 || options->data[options->len - 1] != kind ||
                (last == 256 && options->len % 4)))
            put(options, kind, 1);
    while (options->len % 4 && last != 256) {
        guint8 zero = 0;

        /* the last option of a length swallows what fills the word */
        g_byte_array_append(options, &zero, 1);
        options->data[last]++;
    }
}

static void put_tcp(GByteArray *frame, const struct facts *facts)
{
    g_autoptr(GByteArray) options = g_byte_array_new();
    guint words = 5;

    if (facts->has & FACTS_TCP_OPTIONS) {
        put_options(options, facts);
        words += options->len / 4;
    } else {
        words = 0; /* a header that lies about its length */
    }
    put(frame, facts->sport, 2);
    put(frame, facts->dport, 2);
    put(frame, 1, 8);
    put(frame, words << 12 | facts->tcp_flags, 2);
    put(frame, 0xffff00000000, 6);
    g_byte_array_append(frame, options->data, options->len);
}

/* The transport header: whole, or four octets of it, or none. */
static void put_transport(GByteArray *frame, const struct facts *facts)
{
    const guint size = facts_l4_size(facts->inet_proto);

    if (!(facts->has & FACTS_PORTS))
        return;
    if (facts->has & FACTS_TCP) {
        put_tcp(frame, facts);
        return;
    }
    put(frame, facts->sport, 2);
    put(frame, facts->dport, 2);
    if (facts->has & FACTS_INET_L4)
        put(frame, 0, size > 4 ? size - 4 : 0);
}

/* ---- IP ---- */

static void set_u16(GByteArray *frame, guint at, guint value)
{
    frame->data[at] = (guint8)(value >> 8);
    frame->data[at + 1] = (guint8)value;
}

static void put_ip4(GByteArray *frame, const struct facts *facts)
{
    const guint at = frame->len;
    const guint fragment = facts->has & FACTS_LATER      ? 0x0001
                           : facts->has & FACTS_FRAGMENT ? 0x2000
                                                         : 0;

    put(frame, facts->has & FACTS_MALFORMED ? 0x65 : 0x45, 1);
    if (!(facts->has & FACTS_IP4))
        return;
    put(frame, (guint)facts->ip_dscp << 2, 1);
    put(frame, 0x00000001, 4); /* length, below, and identification */
    put(frame, fragment, 2);
    put(frame, 64, 1);
    put(frame, facts->ip_proto, 1);
    put(frame, 0, 2);
    put(frame, facts->ip_src, 4);
    put(frame, facts->ip_dst, 4);
    if (facts->has & FACTS_LATER)
        put(frame, 0, 8);
    else
        put_transport(frame, facts);
    set_u16(frame, at + 2, frame->len - at);
}

/* The header behind those that facts know of; options, of which nothing is there, cut the chain. */
static guint last_header(const struct facts *facts)
{
    if (facts->has & FACTS_IP6_PROTO)
        return facts->ip_proto;
    if ((facts->has & FACTS_INET_PROTO) && facts->inet_proto == FACTS_IP6_NONE)
        return FACTS_IP6_NONE;
    return FACTS_IP6_OPTIONS;
}

static gboolean has_auth(const struct facts *facts)
{
    return (facts->has & FACTS_INET_PROTO) && facts->inet_proto == FACTS_IP6_AUTH;
}

static void put_fragment(GByteArray *frame, const struct facts *facts)
{
    if (facts->has & FACTS_LATER) {
        put(frame, facts->sport, 2); /* what it carries, and nothing */
        put(frame, facts->dport, 2);
    } else {
        put(frame, last_header(facts), 1);
        put(frame, 0, 1);
        put(frame, 1, 2);
    }
    put(frame, 1, 4);
}

/* What comes behind the IPv6 header; returns the protocol number that announces it. */
static guint put_ip6_content(GByteArray *frame, const struct facts *facts)
{
    const guint behind = facts->has & FACTS_FRAGMENT ? FACTS_IP6_FRAGMENT : last_header(facts);

    if (has_auth(facts)) {
        put(frame, behind, 1);
        put(frame, 1, 1);
        put(frame, 0, 10);
    }
    if (facts->has & FACTS_FRAGMENT)
        put_fragment(frame, facts);
    if (facts->has & FACTS_LATER)
        put(frame, 0, 8);
    else if (facts->has & FACTS_IP6_PROTO)
        put_transport(frame, facts);
    return has_auth(facts) ? FACTS_IP6_AUTH : behind;
}

static void put_ip6(GByteArray *frame, const struct facts *facts)
{
    const guint at = frame->len;
    const guint version = facts->has & FACTS_MALFORMED ? 5 : 6;

    put(frame, version << 12 | (guint)facts->ip_dscp << 6, 2);
    if (!(facts->has & FACTS_IP6))
        return;
    put(frame, 0, 2);
    put(frame, 0x0000, 2); /* length, below */
    put(frame, 0, 1);      /* next header, below */
    put(frame, 64, 1);
    put(frame, facts->ip6_src[0], 8);
    put(frame, facts->ip6_src[1], 8);
    put(frame, facts->ip6_dst[0], 8);
    put(frame, facts->ip6_dst[1], 8);
    frame->data[at + 6] = (guint8)put_ip6_content(frame, facts);
    set_u16(frame, at + 4, frame->len - at - 40);
}

/* ---- BPDUs ---- */

static void put_stp(GByteArray *frame, const struct facts *facts)
{
    put(frame, 0x424203000000, 6);
    put(frame, facts->stp_type, 1);
    if (!(facts->has & FACTS_STP_CONFIG))
        return;
    put(frame, facts->stp_flags, 1);
    put(frame, facts->stp_root_priority, 2);
    put(frame, facts->stp_root, 6);
    put(frame, facts->stp_cost, 4);
    put(frame, facts->stp_sender_priority, 2);
    put(frame, facts->stp_sender, 6);
    put(frame, facts->stp_port, 2);
    put(frame, facts->stp_age, 2);
    put(frame, facts->stp_max_age, 2);
    put(frame, facts->stp_hello, 2);
    put(frame, facts->stp_delay, 2);
}

GByteArray *frame_compose(const struct facts *inside, const struct facts *wrapped)
{
    GByteArray *frame = g_byte_array_new();

    put(frame, inside->eth_dst, 6);
    put(frame, inside->eth_src, 6);
    put_type(frame, inside, wrapped);
    if (inside->has & FACTS_STP)
        put_stp(frame, inside);
    else if (inside->eth_type == FACTS_ETH_ARP || inside->eth_type == FACTS_ETH_RARP)
        put_arp(frame, inside);
    else if (inside->eth_type == FACTS_ETH_IP4)
        put_ip4(frame, inside);
    else if (inside->eth_type == FACTS_ETH_IP6)
        put_ip6(frame, inside);
    else
        put(frame, 0, 4);
    return frame;
}
