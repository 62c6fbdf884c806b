/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#pragma once

#include <bpf/bpf_helpers.h>

#include "datapath/bpf/maps.h"
#include "decide/parse.h"

/*
 * Connections, kept by the data path itself for each port, as decide/flow.h defines them.
 *
 * A frame's flow is looked up before it is judged and noted after it passed. An entry is never
 * deleted on the way, only by expire_flows(), long after its time; one whose time is over counts
 * as none and begins anew in its place. A port has a share of the table: when it is used up, its
 * frames that would begin a flow are dropped, and nobody else notices.
 */

/* Two calls that end differently, or clang makes one of them with either map: which the kernel then
 * cannot inline. */
static FACTS_INLINE __u32 *port_binding(__u32 port)
{
    __u32 *bound;

    if (port < NEAR_PORTS) {
        bound = bpf_map_lookup_elem(&near_ports, &port);
        __asm__ volatile("%0 = %0" : "+r"(bound));
        return bound;
    }
    return bpf_map_lookup_elem(&ports, &port);
}

/* STATE_ of nwfilter/value.h */
#define FLOW_NEW 1u
#define FLOW_ESTABLISHED 2u
#define FLOW_RELATED 4u
#define FLOW_INVALID 8u

#define SECOND 1000000000ull

/* The kernel's defaults (nf_conntrack_*_timeout in its documentation of sysctls). */
#define TIMEOUT_TCP_NONE (120 * SECOND)           /* SYN sent, nothing back */
#define TIMEOUT_TCP_PICKED_UP (300 * SECOND)      /* begun in its middle, nothing back */
#define TIMEOUT_TCP_ESTABLISHED (432000 * SECOND) /* five days */
#define TIMEOUT_TCP_FIN (120 * SECOND)
#define TIMEOUT_TCP_RST (10 * SECOND)
#define TIMEOUT_UDP (30 * SECOND)
#define TIMEOUT_UDP_STREAM (120 * SECOND)
#define TIMEOUT_ICMP (30 * SECOND)
#define TIMEOUT_OTHER (600 * SECOND)
#define TIMEOUT_FRAGMENTS (30 * SECOND) /* net.ipv4.ipfrag_time */

#define FLOW_PROTO_UDP 17
#define FLOW_PROTO_UDPLITE 136
#define FLOW_PROTO_ICMP 1
#define FLOW_PROTO_ICMP6 58

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define TCP_TURNS (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)

/* ---- keys ---- */

static FACTS_INLINE int flow_is_icmp(__u8 family, __u8 protocol)
{
    return protocol == (family == 4 ? FLOW_PROTO_ICMP : FLOW_PROTO_ICMP6);
}

static FACTS_INLINE void flow_addresses(const struct facts *facts, __u8 family,
                                        struct flow_key *key)
{
    key->family = family;
    key->source[0] = family == 4 ? 0 : facts->ip6_src[0];
    key->source[1] = family == 4 ? facts->ip_src : facts->ip6_src[1];
    key->target[0] = family == 4 ? 0 : facts->ip6_dst[0];
    key->target[1] = family == 4 ? facts->ip_dst : facts->ip6_dst[1];
    key->source_port = key->target_port = 0;
}

/* What a view without these octets would hold is of an earlier frame. */
static FACTS_INLINE __u8 flow_icmp_type(const struct facts *facts)
{
    return facts->has & FACTS_PORTS ? facts->icmp_type : 0;
}

static FACTS_INLINE __u8 flow_tcp_flags(const struct facts *facts)
{
    return facts->has & FACTS_TCP ? facts->tcp_flags : 0;
}

/* Of an ICMP query: its identifier; type and code. */
static FACTS_INLINE void flow_icmp_id(const struct facts_source *frame, const struct facts *facts,
                                      struct flow_key *key)
{
    __u8 octets[2];

    if (!facts_load(frame, facts->l4_at + 4u, octets, 2))
        key->source_port = facts_u16(octets);
    if (facts->has & FACTS_PORTS)
        key->target_port = facts->sport;
}

static FACTS_INLINE void flow_key_of(const struct facts_source *frame, const struct facts *facts,
                                     __u8 family, __u8 protocol, int has_ports,
                                     struct flow_key *key)
{
    flow_addresses(facts, family, key);
    key->protocol = protocol;
    if (flow_is_icmp(family, protocol)) {
        flow_icmp_id(frame, facts, key);
    } else if (has_ports) {
        key->source_port = facts->sport;
        key->target_port = facts->dport;
    }
}

static FACTS_INLINE void flow_datagram_key(const struct facts *facts, __u8 family, __u32 port,
                                           struct flow_key *key)
{
    flow_addresses(facts, family, key);
    key->port = port;
    key->kind = FLOW_DATAGRAM;
    key->protocol = facts->inet_proto;
    key->source_port = (__u16)(facts->ip_id >> 16);
    key->target_port = (__u16)facts->ip_id;
}

/* The type that answers an ICMP query, and the one that it answers; 256: neither. */
static FACTS_INLINE __u32 flow_icmp_counterpart(__u8 family, __u32 type)
{
    if (family == 6)
        return type == 128 || type == 139 ? type + 1 : type == 129 || type == 140 ? type - 1 : 256;
    if (type == 0 || type == 8)
        return 8 - type;
    if (type == 13 || type == 15 || type == 17)
        return type + 1;
    return type == 14 || type == 16 || type == 18 ? type - 1 : 256;
}

/* Of the frames the other way; 0 when there are none. */
static FACTS_INLINE int flow_reverse(const struct flow_key *key, struct flow_key *reversed)
{
    *reversed = *key;
    reversed->source[0] = key->target[0];
    reversed->source[1] = key->target[1];
    reversed->target[0] = key->source[0];
    reversed->target[1] = key->source[1];
    if (key->kind == FLOW_CONNECTION && flow_is_icmp(key->family, key->protocol)) {
        __u32 type = flow_icmp_counterpart(key->family, key->target_port >> 8);

        reversed->target_port = (__u16)(type << 8 | (key->target_port & 255));
        return type < 256;
    }
    reversed->source_port = key->target_port;
    reversed->target_port = key->source_port;
    return 1;
}

/* ---- entries ---- */

/* NULL also when its time is over. An entry may be given to another flow while it is looked at: it
 * says whose it is. */
static FACTS_INLINE struct flow_entry *flow_find(const struct flow_key *key)
{
    struct flow_entry *entry = bpf_map_lookup_elem(&flows, key);

    if (!entry || entry->expires < bpf_ktime_get_ns() || entry->source != key->source[1] ||
        entry->target != key->target[1])
        return 0;
    return entry;
}

static FACTS_INLINE struct flow_entry *flow_find_either(const struct flow_key *key, __u32 *is_reply)
{
    struct flow_entry *entry = flow_find(key);
    struct flow_key reversed;

    *is_reply = 0;
    if (entry || !flow_reverse(key, &reversed))
        return entry;
    entry = flow_find(&reversed);
    *is_reply = entry != 0;
    return entry;
}

static FACTS_INLINE __u64 flow_tcp_timeout(const struct flow_entry *entry)
{
    if (entry->seen & FLOW_SEEN_RST)
        return TIMEOUT_TCP_RST;
    if (entry->seen & (FLOW_SEEN_FIN | FLOW_SEEN_FIN_BACK))
        return TIMEOUT_TCP_FIN;
    if (entry->is_answered)
        return TIMEOUT_TCP_ESTABLISHED;
    return entry->seen & FLOW_SEEN_SYN ? TIMEOUT_TCP_NONE : TIMEOUT_TCP_PICKED_UP;
}

static FACTS_INLINE __u64 flow_timeout(const struct flow_key *key, const struct flow_entry *entry)
{
    if (key->kind == FLOW_DATAGRAM)
        return TIMEOUT_FRAGMENTS;
    if (key->protocol == FACTS_PROTO_TCP)
        return flow_tcp_timeout(entry);
    if (key->protocol == FLOW_PROTO_UDP || key->protocol == FLOW_PROTO_UDPLITE)
        return entry->is_answered ? TIMEOUT_UDP_STREAM : TIMEOUT_UDP;
    return flow_is_icmp(key->family, key->protocol) ? TIMEOUT_ICMP : TIMEOUT_OTHER;
}

/* ---- what is known of a frame ---- */

/* RFC 792: unreachable, quench, redirect, exceeded, parameter problem; RFC 4443: below 128. */
static FACTS_INLINE int flow_is_error(const struct facts *facts)
{
    const __u8 type = flow_icmp_type(facts);

    if (facts->has & FACTS_INET6)
        return facts->inet_proto == FLOW_PROTO_ICMP6 && type < 128;
    return facts->inet_proto == FLOW_PROTO_ICMP &&
           (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

/* Neighbour discovery and multicast listeners are not tracked. */
static FACTS_INLINE int flow_is_untracked(const struct facts *facts)
{
    const __u8 type = flow_icmp_type(facts);

    return (facts->has & FACTS_INET6) && facts->inet_proto == FLOW_PROTO_ICMP6 &&
           ((type >= 130 && type <= 136) || type == 143);
}

/* An SCTP association begins with an INIT chunk (RFC 9260, 3.3.2). */
static FACTS_INLINE int flow_is_init(const struct facts_source *frame, const struct facts *facts)
{
    __u8 octets[2];

    return !facts_load(frame, facts->l4_at + 12u, octets, 2) && octets[0] == 1;
}

/* Before the answer to a SYN, its sender can only repeat or reset it. */
static FACTS_INLINE int flow_is_out_of_turn(const struct flow_entry *entry,
                                            const struct facts *facts, __u32 is_reply)
{
    const __u8 flags = flow_tcp_flags(facts) & TCP_TURNS;

    if (!(facts->has & FACTS_TCP) || !(entry->seen & FLOW_WHOLE) || entry->is_answered || is_reply)
        return 0;
    return flags != TCP_SYN && !(flags & TCP_RST);
}

static FACTS_INLINE int flow_can_begin(const struct facts_source *frame, const struct facts *facts)
{
    const __u8 type = flow_icmp_type(facts);
    const __u8 flags = flow_tcp_flags(facts) & TCP_TURNS;

    if (facts_l4_size(facts->inet_proto) > 0 && !(facts->has & FACTS_INET_L4))
        return 0;
    if (facts_is_last_header(facts))
        return 0;
    if ((facts->has & FACTS_INET6) && facts->inet_proto == FLOW_PROTO_ICMP6)
        return type == 128 || type == 139;
    if (!(facts->has & FACTS_INET6) && facts->inet_proto == FLOW_PROTO_ICMP)
        return type == 8 || type == 13 || type == 15 || type == 17;
    if (facts->inet_proto == FACTS_PROTO_SCTP)
        return flow_is_init(frame, facts);
    return facts->inet_proto != FACTS_PROTO_TCP || flags == TCP_SYN || flags == TCP_ACK;
}

/* An ICMP error quotes the beginning of the packet it is about. */
static FACTS_INLINE void flow_related(const struct facts_source *frame, __u32 frame_end, __u32 port,
                                      struct scratch *scratch)
{
    struct facts *quoted = &scratch->quoted;
    const __u8 family = scratch->facts.has & FACTS_INET6 ? 6 : 4;
    struct flow_key key = {.port = port};
    __u32 is_reply;

    scratch->state = FLOW_INVALID;
    quoted->has = 0;
    facts_network(frame, family == 4 ? FACTS_ETH_IP4 : FACTS_ETH_IP6, scratch->facts.l4_at + 8u,
                  frame_end, FACTS_WANT_IP | FACTS_WANT_L4, quoted);
    if (!(quoted->has & (FACTS_IP4 | FACTS_IP6_PROTO)) || !(quoted->has & FACTS_PORTS))
        return;
    flow_key_of(frame, quoted, family, quoted->ip_proto, 1, &key);
    if (!flow_find_either(&key, &is_reply))
        return;
    scratch->state = FLOW_RELATED;
    scratch->reply = !is_reply; /* against what it is about */
}

/* Limits of one way that count an entry. */
static FACTS_INLINE __u64 flow_counted(const struct flow_entry *entry, __u32 way)
{
    return entry->touched >> (way & 1) * LIMITS_MAX & ((1u << LIMITS_MAX) - 1);
}

static FACTS_INLINE void flow_limits(const struct row_way *way, const struct flow_entry *entry,
                                     __u32 slot, struct scratch *scratch)
{
    const struct flow_key *key = &scratch->flow;
    struct connection_key source = {.slot = slot, .source = {key->source[0], key->source[1]}};
    const __u64 counted = entry && entry->slot == slot ? flow_counted(entry, scratch->way) : 0;
    const __u32 number = scratch->way & 1;
    const struct row_rest *rest;

    scratch->counted = counted;
    if (!(way->flags & ROW_LIMITS))
        return;
    rest = bpf_map_lookup_elem(&row_rests, &slot);
    if (!rest)
        return;
    for (__u32 i = 0; i < LIMITS_MAX; i++) {
        __u32 *open, count;

        if (i >= rest->n_limits[number])
            break;
        source.limit = i | (__u32)key->family << 8 | scratch->way << 16;
        open = bpf_map_lookup_elem(&connections, &source);
        count = (open ? *open : 0) + (counted >> i & 1 ? 0 : 1);
        if (count > rest->limits[number][i])
            scratch->over |= 1ull << i;
    }
}

static FACTS_INLINE void flow_look_known(const struct facts *facts, __u32 port,
                                         struct scratch *scratch)
{
    struct flow_key key = {0};

    flow_datagram_key(facts, facts->has & FACTS_INET6 ? 6 : 4, port, &key);
    if (flow_find(&key))
        scratch->facts.has |= FACTS_KNOWN;
}

/* The state of the view in scratch->facts, without effect; scratch->flow is its key when it can
 * be noted, else of no family. */
static FACTS_INLINE void flow_look(const struct facts_source *frame, __u32 frame_end,
                                   const struct row *row, const struct row_way *way,
                                   struct scratch *scratch)
{
    const struct facts *facts = &scratch->facts;
    const __u8 family = facts->has & FACTS_INET6 ? 6 : 4;
    struct flow_entry *entry;

    scratch->state = scratch->reply = 0;
    scratch->over = scratch->touched = scratch->counted = 0;
    scratch->flow = (struct flow_key){.port = row->port};
    if (!(facts->has & FACTS_INET))
        return;
    if (facts->has & FACTS_LATER) {
        flow_look_known(facts, row->port, scratch);
        return;
    }
    if (flow_is_error(facts)) {
        flow_related(frame, frame_end, row->port, scratch);
        return;
    }
    if (flow_is_untracked(facts))
        return;
    flow_key_of(frame, facts, family, facts->inet_proto, facts->has & FACTS_INET_L4,
                &scratch->flow);
    entry = flow_find_either(&scratch->flow, &scratch->reply);
    if (entry && flow_is_out_of_turn(entry, facts, scratch->reply))
        scratch->state = FLOW_INVALID;
    else if (entry)
        scratch->state = scratch->reply || entry->is_answered ? FLOW_ESTABLISHED : FLOW_NEW;
    else
        scratch->state = flow_can_begin(frame, facts) ? FLOW_NEW : FLOW_INVALID;
    flow_limits(way, entry, scratch->slot, scratch);
}

/* What noting the frame will need, while its outermost facts are there. */
static FACTS_INLINE void flow_remember(const struct row *row, struct scratch *scratch)
{
    const struct facts *facts = &scratch->facts;

    scratch->begun_tcp = flow_tcp_flags(facts);
    scratch->begun_state = scratch->state;
    scratch->begun_reply = scratch->reply;
    scratch->datagram = (struct flow_key){0};
    if ((facts->has & FACTS_INET) && (facts->has & FACTS_FRAGMENT) && !(facts->has & FACTS_LATER))
        flow_datagram_key(facts, facts->has & FACTS_INET6 ? 6 : 4, row->port, &scratch->datagram);
}

/* ---- noting ---- */

static FACTS_INLINE void forget_limits(const struct flow_key *key, const struct flow_entry *entry)
{
    struct connection_key source = {.slot = entry->slot};

    for (__u32 i = 0; i < N_WAYS * LIMITS_MAX; i++) {
        const __u32 way = i / LIMITS_MAX;
        const int of_reply = entry->seen & FLOW_COUNTED_REPLY << way;
        __u32 *open;

        if (!(entry->touched >> i & 1))
            continue;
        source.limit = i % LIMITS_MAX | (__u32)key->family << 8 | way << 16;
        source.source[0] = of_reply ? key->target[0] : key->source[0];
        source.source[1] = of_reply ? key->target[1] : key->source[1];
        open = bpf_map_lookup_elem(&connections, &source);
        if (!open)
            continue;
        if (*open <= 1)
            bpf_map_delete_elem(&connections, &source);
        else
            __sync_fetch_and_add(open, -1);
    }
}

/* One more flow of the port; 0 or the verdict that refuses it. */
static FACTS_INLINE __u32 flow_begin(const struct flow_key *key, const struct row *row)
{
    struct flow_entry fresh = {.source = key->source[1], .target = key->target[1]};
    struct flow_entry *old = bpf_map_lookup_elem(&flows, key);
    __u32 port = row->port;
    __u32 *open;

    fresh.expires = bpf_ktime_get_ns() + TIMEOUT_UDP;
    if (old) { /* over: anew, in its place */
        forget_limits(key, old);
        old->is_answered = old->seen = old->touched = 0;
        old->expires = fresh.expires;
        return 0;
    }
    open = bpf_map_lookup_elem(&flow_counts, &port);
    if (!open || __sync_fetch_and_add(open, 1) >= row->flow_quota) {
        if (open)
            __sync_fetch_and_add(open, -1);
        return VERDICT_FLOW_QUOTA;
    }
    if (bpf_map_update_elem(&flows, key, &fresh, BPF_NOEXIST) == 0)
        return 0;
    __sync_fetch_and_add(open, -1);
    /* another CPU was first, or the table is full */
    return bpf_map_lookup_elem(&flows, key) ? 0 : VERDICT_FLOW_TABLE;
}

/* One more connection of a source; 0, or the verdict when there is no room to count it. */
static FACTS_INLINE __u32 flow_count_one(const struct connection_key *source)
{
    __u32 *open = bpf_map_lookup_elem(&connections, source);
    __u32 one = 1;

    if (!open) {
        if (bpf_map_update_elem(&connections, source, &one, BPF_NOEXIST) == 0)
            return 0;
        open = bpf_map_lookup_elem(&connections, source); /* another CPU was first, or it is full */
    }
    if (!open)
        return VERDICT_FLOW_TABLE;
    __sync_fetch_and_add(open, 1);
    return 0;
}

/* A connection that a limit cannot count is not let through: the limit would mean nothing. */
static FACTS_INLINE __u32 flow_count_limits(struct scratch *scratch, __u32 is_reply,
                                            struct flow_entry *entry)
{
    const struct flow_key *key = &scratch->flow;
    const __u32 slot = scratch->slot;
    __u64 fresh = scratch->touched & ~scratch->counted;
    struct connection_key source = {.slot = slot, .source = {key->source[0], key->source[1]}};

    if (!fresh)
        return 0;
    if (entry->slot != slot)
        entry->touched = 0; /* of rules that are gone */
    entry->slot = slot;
    if (is_reply)
        entry->seen |= FLOW_COUNTED_REPLY << (scratch->way & 1);
    for (__u64 i = 0; i < LIMITS_MAX; i++) {
        if (!(fresh >> i & 1))
            continue;
        source.limit = (__u32)i | (__u32)key->family << 8 | scratch->way << 16;
        if (flow_count_one(&source))
            return VERDICT_FLOW_TABLE;
        entry->touched |= 1u << (i + (scratch->way & 1) * LIMITS_MAX);
    }
    return 0;
}

static FACTS_INLINE void flow_note_tcp(__u8 flags, __u32 is_reply, struct flow_entry *entry)
{
    if (flags & TCP_RST)
        entry->seen |= FLOW_SEEN_RST;
    if (flags & TCP_FIN)
        entry->seen |= is_reply ? FLOW_SEEN_FIN_BACK : FLOW_SEEN_FIN;
    if (flags & TCP_SYN)
        entry->seen |= FLOW_SEEN_SYN;
}

/* The frame passed. 0, or the verdict that drops it after all. */
static FACTS_INLINE __u32 flow_note(const struct row *row, struct scratch *scratch)
{
    struct flow_key key = scratch->flow;
    struct flow_entry *entry;
    __u32 is_reply, refused = 0;

    if (scratch->datagram.family) {
        struct flow_key datagram = scratch->datagram;

        if (!flow_find(&datagram))
            refused = flow_begin(&datagram, row);
        if (refused)
            return refused;
    }
    if (!key.family || !(scratch->begun_state & (FLOW_NEW | FLOW_ESTABLISHED)))
        return 0;
    entry = flow_find_either(&key, &is_reply);
    if (!entry) {
        refused = flow_begin(&key, row);
        if (refused)
            return refused;
        entry = bpf_map_lookup_elem(&flows, &key);
        if (entry && (scratch->begun_tcp & TCP_SYN))
            entry->seen |= FLOW_WHOLE;
    }
    if (!entry)
        return VERDICT_FLOW_TABLE;
    refused = flow_count_limits(scratch, is_reply, entry);
    if (refused)
        return refused;
    if (is_reply)
        entry->is_answered = 1;
    flow_note_tcp(scratch->begun_tcp, is_reply, entry);
    entry->expires = bpf_ktime_get_ns() + flow_timeout(&key, entry);
    return 0;
}

/* ---- forgetting ---- */

/* Of a port that is bound no more, or over. */
static FACTS_INLINE int flow_is_over(const struct flow_key *key, const struct flow_entry *entry,
                                     __u64 now)
{
    __u32 *bound = port_binding(key->port);

    return entry->expires < now || !bound || *bound == 0;
}

struct expiry {
    __u64 now;
    __u32 count;
};

static long expire_one(void *map, const void *key, void *value, void *data)
{
    const struct flow_key *flow = key;
    struct flow_entry *entry = value;
    struct expiry *expiry = data;
    struct flow_key copy = *flow;
    __u32 port = copy.port, *open;

    if (!flow_is_over(&copy, entry, expiry->now))
        return 0;
    forget_limits(&copy, entry);
    if (bpf_map_delete_elem(map, &copy) != 0)
        return 0;
    open = bpf_map_lookup_elem(&flow_counts, &port);
    if (open)
        __sync_fetch_and_add(open, -1);
    expiry->count++;
    return 0;
}
