/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#pragma once

#include "decide/facts.h"

/*
 * Frame -> facts, one source for gcc on the host and for clang -target bpf.
 *
 * No C library, no recursion, no loop without a constant bound, no pointer into the frame: every
 * octet comes through facts_load(). Without FACTS_SOURCE that is the one for a buffer below. An
 * includer with another kind of frame defines FACTS_SOURCE, its own struct facts_source and
 *
 *     static FACTS_INLINE int facts_load(const struct facts_source *frame, __u32 at, void *to,
 *                                        const __u32 length);
 *
 * which copies `length` octets (a constant, 1 to 40) beginning at offset `at` of the frame and
 * returns 0; when the frame ends before that, it returns anything else and what it wrote does not
 * matter. Offsets count from the destination MAC.
 *
 * For BPF the facts must lie in a map: what is in a map the verifier does not follow, and it must
 * not try to follow all the ways a frame can be put together. On the stack it runs out of steps.
 *
 * Callers zero the facts, or treat what `has` does not vouch for as undefined.
 */

#define FACTS_ETHERNET 14 /* octets of an Ethernet header */

#define FACTS_INLINE inline __attribute__((always_inline))

struct facts_source;
static FACTS_INLINE int facts_load(const struct facts_source *frame, __u32 at, void *to,
                                   const __u32 length);

#ifndef FACTS_SOURCE
struct facts_source {
    const __u8 *octets;
    __u64 length;
};

static FACTS_INLINE int facts_load(const struct facts_source *frame, __u32 at, void *to,
                                   const __u32 length)
{
    if (at > frame->length || frame->length - at < length)
        return 1;
    __builtin_memcpy(to, frame->octets + at, length);
    return 0;
}
#endif

/* Numbers as they are on the wire. Callers' buffers are aligned to eight octets (FACTS_BUFFER), so
 * that clang, which reads octet by octet what it does not know to be aligned, reads words. */
#define FACTS_BUFFER __attribute__((aligned(8))) __u8

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FACTS_FROM_WIRE(bits, number) __builtin_bswap##bits(number)
#else
#define FACTS_FROM_WIRE(bits, number) (number)
#endif

static FACTS_INLINE __u16 facts_u16(const __u8 *octets)
{
    __u16 number;

    __builtin_memcpy(&number, octets, sizeof number);
    return FACTS_FROM_WIRE(16, number);
}

static FACTS_INLINE __u32 facts_u32(const __u8 *octets)
{
    __u32 number;

    __builtin_memcpy(&number, octets, sizeof number);
    return FACTS_FROM_WIRE(32, number);
}

static FACTS_INLINE __u64 facts_u48(const __u8 *octets)
{
    return (__u64)facts_u32(octets) << 16 | facts_u16(octets + 4);
}

static FACTS_INLINE __u64 facts_u64(const __u8 *octets)
{
    __u64 number;

    __builtin_memcpy(&number, octets, sizeof number);
    return FACTS_FROM_WIRE(64, number);
}

/* ---- STP ---- */

#define FACTS_BPDU_HEADER 7 /* LLC 42 42 03, protocol 00 00, version 00, type */
#define FACTS_BPDU_CONFIG 31

static FACTS_INLINE void facts_stp_config(const struct facts_source *frame, __u32 at,
                                          struct facts *facts)
{
    FACTS_BUFFER octets[FACTS_BPDU_CONFIG];

    if (facts_load(frame, at, octets, FACTS_BPDU_CONFIG))
        return;
    facts->stp_flags = octets[0];
    facts->stp_root_priority = facts_u16(octets + 1);
    facts->stp_root = facts_u48(octets + 3);
    facts->stp_cost = facts_u32(octets + 9);
    facts->stp_sender_priority = facts_u16(octets + 13);
    facts->stp_sender = facts_u48(octets + 15);
    facts->stp_port = facts_u16(octets + 21);
    facts->stp_age = facts_u16(octets + 23);
    facts->stp_max_age = facts_u16(octets + 25);
    facts->stp_hello = facts_u16(octets + 27);
    facts->stp_delay = facts_u16(octets + 29);
    facts->has |= FACTS_STP_CONFIG;
}

/* IEEE 802.1D-2004, 9.3.1; only version 0, and only behind the group address it is sent to. */
static FACTS_INLINE void facts_stp(const struct facts_source *frame, __u32 at, struct facts *facts)
{
    FACTS_BUFFER octets[FACTS_BPDU_HEADER];

    if (facts->eth_dst != FACTS_STP_GROUP || facts_load(frame, at, octets, FACTS_BPDU_HEADER))
        return;
    if (facts_u32(octets) != 0x42420300 || octets[4] != 0 || octets[5] != 0)
        return;
    facts->stp_type = octets[6];
    facts->has |= FACTS_STP;
    if (octets[6] == 0)
        facts_stp_config(frame, at + FACTS_BPDU_HEADER, facts);
}

/* ---- ARP and RARP (RFC 826, RFC 903) ---- */

#define FACTS_ARP_ETHERNET 1

/* Address lengths as the frame states them move everything behind the fixed part. A hardware
 * address that is not Ethernet's, six octets long, is no MAC, and a protocol address that is not
 * IPv4's, four octets long, no IPv4 address. */
static FACTS_INLINE void facts_arp_odd(const struct facts_source *frame, __u32 at, __u32 hln,
                                       __u32 pln, struct facts *facts)
{
    FACTS_BUFFER octets[6];

    if (pln == 4 && facts->arp_proto == FACTS_ETH_IP4 && !facts_load(frame, at + hln, octets, 4)) {
        facts->arp_spa = facts_u32(octets);
        if (!facts_load(frame, at + 2 * hln + 4, octets, 4)) {
            facts->arp_tpa = facts_u32(octets);
            facts->arp_gratuitous = facts->arp_spa == facts->arp_tpa;
            facts->has |= FACTS_ARP_IP;
        }
    }
    if (hln != 6 || facts->arp_hw != FACTS_ARP_ETHERNET)
        return;
    if (!facts_load(frame, at, octets, 6)) {
        facts->arp_sha = facts_u48(octets);
        facts->has |= FACTS_ARP_SHA;
    }
    if (!facts_load(frame, at + hln + pln, octets, 6)) {
        facts->arp_tha = facts_u48(octets);
        facts->has |= FACTS_ARP_THA;
    }
}

static FACTS_INLINE void facts_arp(const struct facts_source *frame, __u32 at, struct facts *facts)
{
    FACTS_BUFFER octets[28];
    __u32 hln, pln;

    if (facts_load(frame, at, octets, 8))
        return;
    facts->arp_hw = facts_u16(octets);
    facts->arp_proto = facts_u16(octets + 2);
    facts->arp_op = facts_u16(octets + 6);
    facts->has |= FACTS_ARP;
    hln = octets[4];
    pln = octets[5];
    if (facts_u32(octets) != (FACTS_ARP_ETHERNET << 16 | FACTS_ETH_IP4) || hln != 6 || pln != 4 ||
        facts_load(frame, at + 8, octets + 8, 20)) {
        facts_arp_odd(frame, at + 8, hln, pln, facts);
        return;
    }
    facts->arp_sha = facts_u48(octets + 8);
    facts->arp_spa = facts_u32(octets + 14);
    facts->arp_tha = facts_u48(octets + 18);
    facts->arp_tpa = facts_u32(octets + 24);
    facts->arp_gratuitous = facts->arp_spa == facts->arp_tpa;
    facts->has |= FACTS_ARP_IP | FACTS_ARP_SHA | FACTS_ARP_THA;
}

/* ---- transport ---- */

#define FACTS_PROTO_TCP 6
#define FACTS_PROTO_SCTP 132
#define FACTS_TCP_HEADER 20
#define FACTS_TCP_OPTIONS_MAX 40

/* Octets of the transport header without which an iptables match has nothing to look at; 0 where
 * there is no such match. */
static FACTS_INLINE __u32 facts_l4_size(__u8 protocol)
{
    switch (protocol) {
    case FACTS_PROTO_TCP:
        return FACTS_TCP_HEADER;
    case FACTS_PROTO_SCTP:
        return 12;
    case 17:  /* UDP */
    case 136: /* UDP-Lite */
    case 1:   /* ICMP */
    case 58:  /* ICMPv6 */
        return 8;
    default:
        return 0;
    }
}

/* a < b as 1 or 0, for values below 2^63, without a branch: the kernel's verifier follows every
 * branch, and a loop with some in each round is more than it will follow. */
static FACTS_INLINE __u64 facts_is_less(__u64 a, __u64 b)
{
    __asm__("" : "+r"(a)); /* or the compiler makes it a branch again */
    return (a - b) >> 63;
}

/* Walks options as TCP receivers do (RFC 9293, 3.1), padding included. `options` has one octet more
 * than the walk can reach. */
static FACTS_INLINE void facts_tcp_kinds(const __u8 *options, __u32 length, struct facts *facts)
{
    __u64 next = 0;

    for (__u64 at = 0; at < FACTS_TCP_OPTIONS_MAX; at++) {
        __u64 kind = options[at];
        __u64 size = options[at + 1];
        __u64 here = facts_is_less(at ^ next, 1) & facts_is_less(at, length);
        __u64 single = facts_is_less(kind, 2);

        facts->tcp_options[kind >> 6] |= here << (kind & 63);
        size += facts_is_less(size, 1);
        next += here * (single + (1 - single) * size);
    }
}

/* facts->l4_at is at a TCP header of which `words` four-octet words are options. */
static FACTS_INLINE void facts_tcp_options(const struct facts_source *frame, __u32 words, __u32 end,
                                           struct facts *facts)
{
    FACTS_BUFFER octets[FACTS_TCP_OPTIONS_MAX + 4] = {0};

    facts->tcp_options[0] = facts->tcp_options[1] = 0;
    facts->tcp_options[2] = facts->tcp_options[3] = 0;
    if (facts->l4_at + FACTS_TCP_HEADER + 4 * words > end)
        return;
    for (__u32 word = 0; word < FACTS_TCP_OPTIONS_MAX / 4; word++) {
        if (word >= words)
            break;
        if (facts_load(frame, facts->l4_at + FACTS_TCP_HEADER + 4 * word, octets + 4 * word, 4))
            return;
    }
    facts_tcp_kinds(octets, 4 * words, facts);
    facts->has |= FACTS_TCP_OPTIONS;
}

/* `end`: where the datagram ends by its own length, which FACTS_INET vouches for. */
static FACTS_INLINE void facts_inet_l4(const struct facts_source *frame, __u32 end, __u32 want,
                                       struct facts *facts)
{
    const __u32 size = facts_l4_size(facts->inet_proto);
    FACTS_BUFFER octets[2];

    if (size == 0 || facts->l4_at + size > end)
        return;
    facts->has |= FACTS_INET_L4;
    if (facts->inet_proto != FACTS_PROTO_TCP || facts_load(frame, facts->l4_at + 12, octets, 2))
        return;
    facts->tcp_flags = octets[1];
    facts->has |= FACTS_TCP;
    if ((want & FACTS_WANT_TCP_OPTIONS) && octets[0] >> 4 >= FACTS_TCP_HEADER / 4)
        facts_tcp_options(frame, (octets[0] >> 4) - FACTS_TCP_HEADER / 4, end, facts);
}

/* What ebtables takes for ports: the four octets there, whatever they are. */
static FACTS_INLINE void facts_l4(const struct facts_source *frame, __u32 end, __u32 want,
                                  struct facts *facts)
{
    FACTS_BUFFER octets[4];

    if (!facts_load(frame, facts->l4_at, octets, 4)) {
        facts->sport = facts_u16(octets);
        facts->dport = facts_u16(octets + 2);
        facts->icmp_type = octets[0];
        facts->icmp_code = octets[1];
        facts->has |= FACTS_PORTS;
    }
    if ((facts->has & FACTS_INET) && !(facts->has & FACTS_LATER))
        facts_inet_l4(frame, end, want, facts);
}

/* ---- IPv4 (RFC 791) ---- */

/* Sets FACTS_INET4 or FACTS_MALFORMED, by the rules of the bridge's IPv4 validation, the checksum
 * left to the receiver. Returns where the datagram ends. */
static FACTS_INLINE __u32 facts_ip4_check(const __u8 *octets, __u32 at, __u32 frame_end,
                                          struct facts *facts)
{
    __u32 header = (octets[0] & 15u) * 4;
    __u32 total = facts_u16(octets + 2);

    if (octets[0] >> 4 != 4 || header < 20 || total < header || at + total > frame_end)
        facts->has |= FACTS_MALFORMED;
    else
        facts->has |= FACTS_INET4 | FACTS_INET_PROTO;
    return at + total;
}

/* Returns where the datagram ends, or 0 when nothing is to be read behind the header. */
static FACTS_INLINE __u32 facts_ip4(const struct facts_source *frame, __u32 at, __u32 frame_end,
                                    struct facts *facts)
{
    FACTS_BUFFER octets[20];
    __u32 end, fragment;

    if (facts_load(frame, at, octets, 20)) {
        facts->has |= FACTS_MALFORMED;
        return 0;
    }
    facts->has |= FACTS_IP4;
    facts->ip_dscp = octets[1] >> 2;
    facts->ip_proto = facts->inet_proto = octets[9];
    facts->ip_src = facts_u32(octets + 12);
    facts->ip_dst = facts_u32(octets + 16);
    facts->ip_id = facts_u16(octets + 4);
    facts->l4_at = (__u16)(at + (octets[0] & 15u) * 4);
    fragment = facts_u16(octets + 6);
    if (fragment & 0x3fff)
        facts->has |= FACTS_FRAGMENT;
    if (fragment & 0x1fff)
        facts->has |= FACTS_LATER;
    end = facts_ip4_check(octets, at, frame_end, facts);
    return facts->has & FACTS_LATER ? 0 : end;
}

/* ---- IPv6 (RFC 8200) ---- */

#define FACTS_IP6_HOP 0
#define FACTS_IP6_ROUTING 43
#define FACTS_IP6_FRAGMENT 44
#define FACTS_IP6_AUTH 51
#define FACTS_IP6_NONE 59
#define FACTS_IP6_OPTIONS 60

#define FACTS_IP6_EXTENSIONS                                                                       \
    (1ull << FACTS_IP6_HOP | 1ull << FACTS_IP6_ROUTING | 1ull << FACTS_IP6_FRAGMENT |              \
     1ull << FACTS_IP6_AUTH | 1ull << FACTS_IP6_OPTIONS)

/* One test for all of them: compares would give the verifier a state for each to follow. */
static FACTS_INLINE int facts_ip6_is_extension(__u32 header)
{
    return header < 64 && (FACTS_IP6_EXTENSIONS >> header & 1);
}

/* Octets of an extension header (other than the fragment header) whose length octet is given. */
static FACTS_INLINE __u32 facts_ip6_size(__u32 header, __u32 length)
{
    __u64 auth = facts_is_less(header ^ FACTS_IP6_AUTH, 1);

    return (__u32)((length + 1 + auth) << (3 - auth));
}

/* Notes a fragment header at `at`, whose first octet is `carries`. Returns 1 when the chain ends
 * here: with a later fragment (what follows is the middle of something), or with a cut. */
static FACTS_INLINE int facts_ip6_fragment(const struct facts_source *frame, __u32 at, __u8 carries,
                                           struct facts *facts)
{
    FACTS_BUFFER octets[6];
    __u32 offset;

    if (facts_load(frame, at + 2, octets, 2))
        return 1;
    offset = facts_u16(octets);
    if (offset & 0xfff9) {
        facts->ip_id = facts_load(frame, at + 4, octets, 4) ? 0 : facts_u32(octets);
        facts->has |= FACTS_FRAGMENT;
    }
    if (!(offset & 0xfff8))
        return 0;
    facts->ip_proto = FACTS_IP6_FRAGMENT;
    if (!(facts->has & FACTS_INET_PROTO))
        facts->inet_proto = facts_ip6_is_extension(carries) ? FACTS_IP6_FRAGMENT : carries;
    facts->l4_at = (__u16)at;
    facts->has |= FACTS_LATER | FACTS_IP6_PROTO | FACTS_INET_PROTO;
    return 1;
}

/* What follows the chain, for those who look behind an authentication header (ebtables) and those
 * for whom that is the protocol (iptables over nftables). */
static FACTS_INLINE void facts_ip6_end(__u32 header, __u32 at, struct facts *facts)
{
    facts->ip_proto = (__u8)header;
    facts->l4_at = (__u16)at;
    if (!(facts->has & FACTS_INET_PROTO))
        facts->inet_proto = (__u8)header;
    facts->has |= FACTS_INET_PROTO | (header == FACTS_IP6_NONE ? 0 : FACTS_IP6_PROTO);
}

/* "No next header" (RFC 8200, 4.7): nothing that a connection could be made of. */
static FACTS_INLINE int facts_is_last_header(const struct facts *facts)
{
    return (facts->has & FACTS_INET6) && facts->inet_proto == FACTS_IP6_NONE;
}

/* Follows the chain that begins with `header` at `at`. A chain that is cut off has no protocol;
 * "no next header" is one for iptables and none for ebtables. */
static FACTS_INLINE void facts_ip6_chain(const struct facts_source *frame, __u8 header, __u32 at,
                                         struct facts *facts)
{
    FACTS_BUFFER octets[2];

    /* 64 bits: Linux 5.15's verifier forgets smaller numbers that go by the stack. */
    for (__u64 count = 0; count <= FACTS_CHAIN_LIMIT; count++) {
        if (!facts_ip6_is_extension(header)) {
            facts_ip6_end(header, at, facts);
            return;
        }
        if (facts_load(frame, at, octets, 2))
            return;
        if (header == FACTS_IP6_AUTH && !(facts->has & FACTS_INET_PROTO)) {
            facts->inet_proto = FACTS_IP6_AUTH;
            facts->has |= FACTS_INET_PROTO;
        }
        if (header != FACTS_IP6_FRAGMENT)
            at += facts_ip6_size(header, octets[1]);
        else if (facts_ip6_fragment(frame, at, octets[0], facts))
            return;
        else
            at += 8;
        header = octets[0];
    }
    facts->has |= FACTS_REFUSED;
}

/* As facts_ip4_check(), for IPv6. A length of zero before a hop-by-hop header announces a jumbo
 * payload (RFC 2675), which no frame on a bridge holds: it is taken to end with the frame. */
static FACTS_INLINE __u32 facts_ip6_check(const __u8 *octets, __u32 at, __u32 frame_end,
                                          struct facts *facts)
{
    __u32 payload = facts_u16(octets + 4);
    __u32 end = at + 40 + payload;

    if (payload == 0 && octets[6] == FACTS_IP6_HOP)
        end = frame_end;
    if (octets[0] >> 4 != 6 || end > frame_end)
        facts->has |= FACTS_MALFORMED;
    else
        facts->has |= FACTS_INET6;
    return end;
}

/* As facts_ip4(); the chain is followed only when something behind it is wanted. */
static FACTS_INLINE __u32 facts_ip6(const struct facts_source *frame, __u32 at, __u32 frame_end,
                                    __u32 want, struct facts *facts)
{
    FACTS_BUFFER octets[40];
    __u32 end;

    if (facts_load(frame, at, octets, 40)) {
        facts->has |= FACTS_MALFORMED;
        return 0;
    }
    facts->has |= FACTS_IP6;
    facts->ip_dscp = facts_u16(octets) >> 6 & 0x3f;
    facts->ip6_src[0] = facts_u64(octets + 8);
    facts->ip6_src[1] = facts_u64(octets + 16);
    facts->ip6_dst[0] = facts_u64(octets + 24);
    facts->ip6_dst[1] = facts_u64(octets + 32);
    end = facts_ip6_check(octets, at, frame_end, facts);
    if (want & FACTS_WANT_L4)
        facts_ip6_chain(frame, octets[6], at + 40, facts);
    return facts->has & FACTS_IP6_PROTO ? end : 0;
}

/* ---- the frame ---- */

/* The tags that the kernel itself takes off a frame it receives. */
static FACTS_INLINE int facts_is_kernel_tag(__u16 type)
{
    return type == FACTS_ETH_VLAN || type == FACTS_ETH_SERVICE_VLAN;
}

/* With the ones that some switches and NICs take for tags too. */
static FACTS_INLINE int facts_is_tag(__u16 type)
{
    return facts_is_kernel_tag(type) || type == 0x9100 || type == 0x9200 || type == 0x9300;
}

/* The type inside LLC at `at`: SNAP with the OUI of RFC 1042 or of IEEE 802.1H, whatever its
 * response and poll bits, or the SAPs of IP (RFC 1042 before SNAP) and ARP. *size: octets taken.
 * Returns 0 when it carries none of our types. */
static FACTS_INLINE __u16 facts_llc(const struct facts_source *frame, __u32 at, __u32 *size)
{
    FACTS_BUFFER octets[8];
    __u32 oui;

    if (facts_load(frame, at, octets, 3) || (octets[2] & 0xef) != 0x03)
        return 0;
    *size = 3;
    if ((octets[0] & 0xfe) == 0x06 && (octets[1] & 0xfe) == 0x06)
        return FACTS_ETH_IP4;
    if ((octets[0] & 0xfe) == 0x98 && (octets[1] & 0xfe) == 0x98)
        return FACTS_ETH_ARP;
    if ((octets[0] & 0xfe) != 0xaa || (octets[1] & 0xfe) != 0xaa ||
        facts_load(frame, at, octets, 8))
        return 0;
    oui = facts_u32(octets + 2) & 0xffffff;
    *size = 8;
    return oui == 0x000000 || oui == 0x0000f8 ? facts_u16(octets + 6) : 0;
}

/* The type inside an OUI-extended Ethertype (0x88b7, IEEE 802-2014, 9.2.4). */
static FACTS_INLINE __u16 facts_extended(const struct facts_source *frame, __u32 at, __u32 *size)
{
    FACTS_BUFFER octets[5];
    __u32 oui;

    if (facts_load(frame, at, octets, 5))
        return 0;
    oui = facts_u32(octets) >> 8;
    *size = 5;
    return oui == 0x000000 || oui == 0x0000f8 ? facts_u16(octets + 3) : 0;
}

/* One layer of wrapping off. Returns 1 and moves *type and *at inwards; 0 when there is none; -1
 * when the frame ends inside a tag. */
static FACTS_INLINE int facts_unwrap_one(const struct facts_source *frame, __u16 *type, __u32 *at)
{
    FACTS_BUFFER octets[4];
    __u16 inner = 0;
    __u32 size = 4;

    if (facts_is_tag(*type)) {
        if (facts_load(frame, *at, octets, 4))
            return -1;
        *type = facts_u16(octets + 2);
        *at += 4;
        return 1;
    }
    if (*type < FACTS_ETH_TYPE_MIN || *type == FACTS_ETH_JUMBO_LLC)
        inner = facts_llc(frame, *at, &size);
    else if (*type == FACTS_ETH_OUI_EXTENDED)
        inner = facts_extended(frame, *at, &size);
    if (inner == 0)
        return 0;
    *type = inner;
    *at += size;
    return 1;
}

static FACTS_INLINE void facts_network(const struct facts_source *frame, __u16 type, __u32 at,
                                       __u32 frame_end, __u32 want, struct facts *facts)
{
    __u32 end = 0;

    facts->l3_at = (__u16)at;
    if (want & FACTS_WANT_STP)
        facts_stp(frame, at, facts);
    if ((want & FACTS_WANT_ARP) && (type == FACTS_ETH_ARP || type == FACTS_ETH_RARP))
        facts_arp(frame, at, facts);
    if ((want & FACTS_WANT_IP) && type == FACTS_ETH_IP4)
        end = facts_ip4(frame, at, frame_end, facts);
    if ((want & FACTS_WANT_IP) && type == FACTS_ETH_IP6)
        end = facts_ip6(frame, at, frame_end, want, facts);
    if ((want & FACTS_WANT_L4) && end)
        facts_l4(frame, end, want, facts);
}

/* The MACs, and the type the frame itself states. Returns 0, or 1 with FACTS_REFUSED set when it
 * is shorter than an Ethernet header. */
static FACTS_INLINE int facts_ethernet(const struct facts_source *frame, struct facts *facts,
                                       __u16 *type)
{
    FACTS_BUFFER octets[14];

    if (facts_load(frame, 0, octets, FACTS_ETHERNET)) {
        facts->has = FACTS_REFUSED;
        return 1;
    }
    facts->has = FACTS_ETH;
    facts->eth_dst = facts_u64(octets) >> 16;
    facts->eth_src = (__u64)facts_u16(octets + 6) << 32 | facts_u32(octets + 8);
    *type = facts_u16(octets + 12);
    return 0;
}

/* The first tag, beside the frame or in it, which means the same. Moves *at behind it. */
static FACTS_INLINE void facts_first_tag(const struct facts_source *frame, struct facts_tag tag,
                                         __u16 type, __u32 *at, struct facts *facts)
{
    FACTS_BUFFER octets[4];

    facts->has |= FACTS_WRAPPED;
    if (tag.type) {
        facts->eth_type = tag.type;
        facts->vlan_id = tag.tci & 0xfff;
        facts->vlan_type = type;
        facts->has |= FACTS_VLAN;
        return;
    }
    if (facts_load(frame, *at, octets, 4)) {
        facts->has |= FACTS_REFUSED;
        return;
    }
    facts->vlan_id = facts_u16(octets) & 0xfff;
    facts->vlan_type = facts_u16(octets + 2);
    facts->has |= FACTS_VLAN;
    *at += 4;
}

/* The outermost view. `tag`: a tag kept beside the frame, or type 0; `length`: octets in the
 * frame; `want`: enum facts_want. */
static FACTS_INLINE void facts_parse(const struct facts_source *frame, __u32 length,
                                     struct facts_tag tag, __u32 want, struct facts *facts)
{
    __u16 type, inner;
    __u32 at = FACTS_ETHERNET, inner_at = FACTS_ETHERNET;

    if (facts_ethernet(frame, facts, &type))
        return;
    facts->eth_type = inner = type;
    if (tag.type || facts_is_kernel_tag(type))
        facts_first_tag(frame, tag, type, &at, facts);
    else if (facts_unwrap_one(frame, &inner, &inner_at))
        facts->has |= FACTS_WRAPPED;
    facts_network(frame, facts->eth_type, at, length, want, facts);
}

/* One layer off facts->eth_type, whose content is at facts->l3_at. The two go through memory on
 * purpose: what lies in a map the verifier knows nothing about, so that the many ways to unwrap
 * look alike to it; in registers it would follow each combination. */
static FACTS_INLINE int facts_unwrap_step(const struct facts_source *frame, struct facts *facts)
{
    __u16 type = *(volatile __u16 *)&facts->eth_type;
    __u32 at = *(volatile __u16 *)&facts->l3_at;
    int more = facts_unwrap_one(frame, &type, &at);

    *(volatile __u16 *)&facts->eth_type = type;
    *(volatile __u16 *)&facts->l3_at = (__u16)at;
    return more;
}

/* The unwrapped view of a frame whose outermost view has FACTS_WRAPPED. eth_type is the innermost
 * type; no tag is left. */
static FACTS_INLINE void facts_unwrap(const struct facts_source *frame, __u32 length,
                                      struct facts_tag tag, __u32 want, struct facts *facts)
{
    __u16 type;
    int more = 1;

    if (facts_ethernet(frame, facts, &type))
        return;
    facts->eth_type = type;
    facts->l3_at = FACTS_ETHERNET;
    for (__u64 count = tag.type ? 1 : 0; count <= FACTS_NEST_LIMIT && more > 0; count++)
        more = facts_unwrap_step(frame, facts);
    if (more)
        facts->has |= FACTS_REFUSED;
    facts_network(frame, *(volatile __u16 *)&facts->eth_type, *(volatile __u16 *)&facts->l3_at,
                  length, want, facts);
}
