/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>

#include "base/mac.h"
#include "cli/tapwall/drop.h"

/* What a frame says, from the facts that the filters themselves look at. */

static void add_mac(GString *words, const char *before, guint64 mac)
{
    char text[MAC_TEXT_SIZE];

    g_string_append_printf(words, "%s%s", before, mac_format(mac, text));
}

static void add_ip4(GString *words, const char *before, guint32 address)
{
    g_string_append_printf(words, "%s%u.%u.%u.%u", before, address >> 24, address >> 16 & 255,
                           address >> 8 & 255, address & 255);
}

static void add_ip6(GString *words, const char *before, const __u64 address[2])
{
    const guint64 octets[2] = {GUINT64_TO_BE(address[0]), GUINT64_TO_BE(address[1])};
    char text[INET6_ADDRSTRLEN];

    g_string_append_printf(words, "%s%s", before, inet_ntop(AF_INET6, octets, text, sizeof text));
}

static void add_arp(GString *words, const struct facts *facts)
{
    const gboolean is_reverse = facts->eth_type == FACTS_ETH_RARP;
    const gboolean has_ip = facts->has & FACTS_ARP_IP, has_mac = facts->has & FACTS_ARP_SHA;

    g_string_append(words, is_reverse ? " rarp" : " arp");
    if (facts->arp_op == 1 && has_ip && !is_reverse) {
        add_ip4(words, " who-has ", facts->arp_tpa);
        add_ip4(words, " tell ", facts->arp_spa);
    } else if (facts->arp_op == 2 && has_ip && !is_reverse) {
        add_ip4(words, " reply ", facts->arp_spa);
    } else {
        g_string_append_printf(words, " operation %u", facts->arp_op);
    }
    if (has_mac) {
        add_mac(words, " (", facts->arp_sha);
        g_string_append_c(words, ')');
    }
}

/* IANA's names of the protocols that a filter can name. */
static void add_protocol(GString *words, guint protocol)
{
    static const struct {
        guint number;
        const char *name;
    } rows[] = {{1, "icmp"}, {2, "igmp"}, {6, "tcp"},    {17, "udp"},   {50, "esp"},
                {51, "ah"},  {47, "gre"}, {58, "icmp6"}, {132, "sctp"}, {136, "udplite"}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].number == protocol) {
            g_string_append_printf(words, " %s", rows[i].name);
            return;
        }
    g_string_append_printf(words, " protocol %u", protocol);
}

static void add_transport(GString *words, const struct facts *facts)
{
    static const char *const flags[] = {"fin", "syn", "rst", "psh", "ack", "urg"};

    if (facts->has & FACTS_LATER) {
        g_string_append(words, " later fragment");
        return;
    }
    if (!(facts->has & FACTS_PORTS))
        return;
    if (facts->ip_proto == 1 || facts->ip_proto == 58) {
        g_string_append_printf(words, " type %u code %u", facts->icmp_type, facts->icmp_code);
        return;
    }
    g_string_append_printf(words, " port %u > %u", facts->sport, facts->dport);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
        if ((facts->has & FACTS_TCP) && (facts->tcp_flags & 1u << i))
            g_string_append_printf(words, " %s", flags[i]);
}

static void add_content(GString *words, const struct facts *facts)
{
    if (facts->has & FACTS_ARP) {
        add_arp(words, facts);
    } else if (facts->has & (FACTS_IP4 | FACTS_IP6)) {
        if (facts->has & FACTS_IP4) {
            add_ip4(words, " ip ", facts->ip_src);
            add_ip4(words, " > ", facts->ip_dst);
        } else {
            add_ip6(words, " ip6 ", facts->ip6_src);
            add_ip6(words, " > ", facts->ip6_dst);
        }
        if (facts->has & (FACTS_IP4 | FACTS_IP6_PROTO))
            add_protocol(words, facts->ip_proto);
        add_transport(words, facts);
    } else if (facts->has & FACTS_STP) {
        g_string_append(words, " stp");
    } else if (facts->eth_type < FACTS_ETH_TYPE_MIN) {
        g_string_append_printf(words, " llc length %u", facts->eth_type);
    } else {
        g_string_append_printf(words, " type 0x%04x", facts->eth_type);
    }
}

char *frame_words(const Frame *frame)
{
    GString *words = g_string_new(NULL);
    struct facts outermost, inside;

    frame_parse(frame, FACTS_WANT_ALL, &outermost);
    if (!(outermost.has & FACTS_ETH)) {
        g_string_append_printf(words, "%" G_GSIZE_FORMAT " octets, no whole header", frame->length);
        return g_string_free(words, FALSE);
    }
    add_mac(words, "", outermost.eth_src);
    add_mac(words, " > ", outermost.eth_dst);
    if (outermost.has & FACTS_VLAN)
        g_string_append_printf(words, " vlan %u", outermost.vlan_id);
    if (outermost.has & FACTS_WRAPPED)
        frame_unwrap(frame, FACTS_WANT_ALL, &inside);
    add_content(words, outermost.has & FACTS_WRAPPED ? &inside : &outermost);
    if ((outermost.has & FACTS_WRAPPED) && !(outermost.has & FACTS_VLAN))
        g_string_append(words, " in llc/snap");
    return g_string_free(words, FALSE);
}
