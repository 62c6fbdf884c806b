/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#pragma once

#include <linux/types.h>

/*
 * What a frame says: the fields that a filter can ask about, read once from the frame's bytes.
 *
 * The same structure serves the host's C and BPF C. It holds numbers in host order (a MAC in the
 * low 48 bits of a __u64, an IPv6 address as two __u64, first octets in [0]), so that a test is a
 * compare. A field means something only while its bit in `has` is set; without it the field's
 * content is undefined and a test of it fails, negated or not: a frame that ends early matches
 * neither "is" nor "is not", as in the kernel's own matches.
 *
 * Two views of one frame exist. Outermost is what ebtables sees: a frame inside a VLAN tag is of
 * type VLAN, one inside LLC/SNAP has a length instead of a type. Unwrapped is what the frame
 * carries when all such wrapping is taken off. facts_parse() and facts_unwrap() in parse.h fill
 * them.
 *
 * L2 fields follow ebtables (net/bridge/netfilter/ebt_*.c in the kernel's documentation of their
 * meaning): no check of version or length, ports at the header length the frame claims. The
 * FACTS_INET bits say what holds in addition once the IP header is well-formed as the bridge's
 * own IP filtering demands, which is where iptables rules begin.
 */

enum facts_has {
    FACTS_ETH = 1u << 0,        /* eth_dst, eth_src, eth_type */
    FACTS_VLAN = 1u << 1,       /* vlan_id, vlan_type: outermost view, the first tag */
    FACTS_STP = 1u << 2,        /* a BPDU of version 0: stp_type */
    FACTS_STP_CONFIG = 1u << 3, /* a configuration BPDU, complete: the other stp_ fields */
    FACTS_ARP = 1u << 4,        /* ARP or RARP: arp_hw, arp_proto, arp_op */
    FACTS_ARP_IP = 1u << 5,     /* four-octet protocol addresses: arp_spa, arp_tpa */
    FACTS_ARP_SHA = 1u << 6,    /* six-octet hardware addresses: arp_sha */
    FACTS_ARP_THA = 1u << 7,    /* likewise arp_tha */
    FACTS_IP4 = 1u << 8,        /* 20 octets of IPv4: ip_src, ip_dst, ip_dscp, ip_proto */
    FACTS_IP6 = 1u << 9,        /* 40 octets of IPv6: ip6_src, ip6_dst, ip_dscp */
    FACTS_IP6_PROTO = 1u << 10, /* extension chain walked to its end: ip_proto */
    FACTS_PORTS = 1u << 11,   /* four octets after the IP headers: sport, dport, icmp_type, _code */
    FACTS_INET4 = 1u << 12,   /* IPv4, well-formed, with all the octets it claims */
    FACTS_INET_L4 = 1u << 13, /* and a complete transport header */
    FACTS_TCP_OPTIONS = 1u << 14, /* tcp_options */
    FACTS_FRAGMENT = 1u << 15,    /* any fragment, the first included (an atomic one is none) */
    FACTS_LATER = 1u << 16,       /* a fragment that does not begin the datagram */
    FACTS_MALFORMED = 1u << 17,   /* IP by its type, but with a header that lies or is cut off */
    FACTS_WRAPPED = 1u << 18,     /* the two views differ */
    FACTS_REFUSED = 1u << 19,     /* beyond our limits, or ends inside Ethernet or a tag: drop */
    FACTS_INET6 = 1u << 20,       /* likewise IPv6 */
    FACTS_INET_PROTO = 1u << 21,  /* inet_proto; IPv4 always has one */
    FACTS_TCP = 1u << 23,         /* a complete TCP header: tcp_flags */
    FACTS_KNOWN = 1u << 22,       /* set by who keeps flows, not by the parser: a fragment of a
                                     datagram whose first fragment passed */
};

#define FACTS_INET (FACTS_INET4 | FACTS_INET6)

/* What a program asks for; the parser skips the rest. */
enum facts_want {
    FACTS_WANT_STP = 1u << 0,
    FACTS_WANT_ARP = 1u << 1,
    FACTS_WANT_IP = 1u << 2,          /* addresses, DSCP, IPv4's protocol, FACTS_INET */
    FACTS_WANT_L4 = 1u << 3,          /* IPv6's protocol, ports, flags, ICMP; needs WANT_IP */
    FACTS_WANT_TCP_OPTIONS = 1u << 4, /* needs WANT_L4 */
    FACTS_WANT_ALL = (1u << 5) - 1,
};

#define FACTS_NEST_LIMIT 8   /* tags and SNAP headers taken off one frame */
#define FACTS_CHAIN_LIMIT 16 /* IPv6 extension headers followed */

#define FACTS_ETH_ARP 0x0806
#define FACTS_ETH_RARP 0x8035
#define FACTS_ETH_IP4 0x0800
#define FACTS_ETH_IP6 0x86dd
#define FACTS_ETH_VLAN 0x8100
#define FACTS_ETH_SERVICE_VLAN 0x88a8 /* IEEE 802.1ad */
#define FACTS_ETH_JUMBO_LLC 0x8870    /* a type in place of a length that would not fit */
#define FACTS_ETH_OUI_EXTENDED 0x88b7 /* IEEE 802-2014, 9.2.4 */
#define FACTS_ETH_TYPE_MIN 0x0600     /* below it the field is a length (IEEE 802.3, 3.2.6) */
#define FACTS_STP_GROUP 0x0180c2000000ull

/* A VLAN tag that travels beside the frame, as the kernel keeps the outermost one. */
struct facts_tag {
    __u16 type; /* 0x8100 or 0x88a8; 0: no such tag */
    __u16 tci;
};

struct facts {
    __u32 has; /* enum facts_has */
    __u16 eth_type;
    __u16 vlan_type; /* what the first tag says it carries */
    __u64 eth_dst;
    __u64 eth_src;

    __u64 arp_sha;
    __u64 arp_tha;
    __u32 arp_spa;
    __u32 arp_tpa;
    __u16 arp_hw;
    __u16 arp_proto;
    __u16 arp_op;
    __u16 vlan_id;

    __u64 ip6_src[2];
    __u64 ip6_dst[2];
    __u32 ip_src;
    __u32 ip_dst;
    __u8 ip_dscp;    /* RFC 2474: the upper six bits of type of service or traffic class */
    __u8 ip_proto;   /* as ebtables has it: 44 for a later IPv6 fragment */
    __u8 inet_proto; /* as iptables has it: what the datagram carries */
    __u8 tcp_flags;
    __u16 sport;
    __u16 dport;
    __u8 icmp_type;
    __u8 icmp_code;
    __u16 l3_at;          /* where the content of eth_type begins in the frame */
    __u16 l4_at;          /* where the transport header does; undefined without FACTS_INET_PROTO */
    __u32 ip_id;          /* of a fragment: the datagram's identification */
    __u8 arp_gratuitous;  /* 1: arp_spa == arp_tpa */
    __u64 tcp_options[4]; /* bit n: an option of kind n */

    __u64 stp_root;   /* address */
    __u64 stp_sender; /* address */
    __u32 stp_cost;
    __u16 stp_root_priority;
    __u16 stp_sender_priority;
    __u16 stp_port;
    __u16 stp_age;
    __u16 stp_max_age;
    __u16 stp_hello;
    __u16 stp_delay;
    __u8 stp_type;
    __u8 stp_flags;
};
