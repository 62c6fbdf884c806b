/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/flow.h"

#include <string.h>

#include "decide/parse.h"

/* Endpoints as seen in one direction; unused octets are zero, so keys compare as memory. */
typedef struct {
    guint64 source[2], target[2];
    guint16 source_port, target_port; /* of an ICMP query: its identifier; type and code */
    guint8 family, protocol;
    guint8 zero[2];
} FlowKey;

typedef struct {
    FlowKey key; /* of the frame that began it */
    gboolean is_answered;
    gboolean is_whole;  /* TCP that began with a SYN before our eyes */
    guint64 touched[2]; /* limits that count it: for its own source, for that of its replies */
} FlowEntry;

struct FlowTable {
    GHashTable *flows;     /* FlowKey -> FlowEntry, which holds the key */
    GHashTable *fragments; /* FlowKey of a datagram (its id in the ports) whose beginning passed */
};

/* ICMP and ICMPv6 types (RFC 792, RFC 950, RFC 4443, RFC 4620). */
#define ICMP 1
#define ICMPV6 58

static guint key_hash(gconstpointer key)
{
    const guint8 *octets = key;
    guint hash = 2166136261u;

    for (gsize i = 0; i < sizeof(FlowKey); i++)
        hash = (hash ^ octets[i]) * 16777619u;
    return hash;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(FlowKey)) == 0;
}

FlowTable *flow_table_new(void)
{
    FlowTable *table = g_new0(FlowTable, 1);

    table->flows = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    table->fragments = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
    return table;
}

void flow_table_free(FlowTable *table)
{
    if (!table)
        return;
    g_hash_table_unref(table->flows);
    g_hash_table_unref(table->fragments);
    g_free(table);
}

/* ---- keys ---- */

static guint16 frame_u16(const Frame *frame, gsize at)
{
    return at + 2 > frame->length ? 0 : facts_u16(frame->octets + at);
}

static void key_addresses(FlowKey *key, const struct facts *facts)
{
    memset(key, 0, sizeof *key);
    key->family = facts->has & FACTS_INET6 ? 6 : 4;
    key->protocol = facts->inet_proto;
    if (key->family == 4) {
        key->source[1] = facts->ip_src;
        key->target[1] = facts->ip_dst;
    } else {
        memcpy(key->source, facts->ip6_src, sizeof key->source);
        memcpy(key->target, facts->ip6_dst, sizeof key->target);
    }
}

static gboolean is_icmp(const FlowKey *key)
{
    return key->protocol == (key->family == 4 ? ICMP : ICMPV6);
}

static FlowKey key_of(const Frame *frame, const struct facts *facts)
{
    FlowKey key;

    key_addresses(&key, facts);
    if (is_icmp(&key)) {
        key.source_port = frame_u16(frame, facts->l4_at + 4u);
        key.target_port = facts->sport;
    } else if (facts->has & FACTS_INET_L4) {
        key.source_port = facts->sport;
        key.target_port = facts->dport;
    }
    return key;
}

/* The type that answers an ICMP query, and the one that it answers; 256: neither. */
static guint icmp_counterpart(guint8 family, guint type)
{
    static const guint8 pairs[][3] = {
        {4, 8, 0}, {4, 13, 14}, {4, 15, 16}, {4, 17, 18}, {6, 128, 129}, {6, 139, 140},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (pairs[i][0] == family && pairs[i][1] == type)
            return pairs[i][2];
        if (pairs[i][0] == family && pairs[i][2] == type)
            return pairs[i][1];
    }
    return 256;
}

/* Of the frames the other way; FALSE when there are none. */
static gboolean key_reverse(const FlowKey *key, FlowKey *reversed)
{
    *reversed = *key;
    memcpy(reversed->source, key->target, sizeof key->target);
    memcpy(reversed->target, key->source, sizeof key->source);
    reversed->source_port = key->target_port;
    reversed->target_port = key->source_port;
    if (is_icmp(key)) {
        guint type = icmp_counterpart(key->family, key->target_port >> 8);

        reversed->source_port = key->source_port;
        reversed->target_port = (guint16)(type << 8 | (key->target_port & 255));
        return type < 256;
    }
    return TRUE;
}

static FlowKey key_of_datagram(const struct facts *facts)
{
    FlowKey key;

    key_addresses(&key, facts);
    key.source_port = (guint16)(facts->ip_id >> 16);
    key.target_port = (guint16)facts->ip_id;
    return key;
}

static FlowEntry *entry_lookup(const FlowTable *table, const FlowKey *key, gboolean *is_reply)
{
    FlowKey reversed;
    FlowEntry *entry = g_hash_table_lookup(table->flows, key);

    *is_reply = FALSE;
    if (entry || !key_reverse(key, &reversed))
        return entry;
    entry = g_hash_table_lookup(table->flows, &reversed);
    *is_reply = entry != NULL;
    return entry;
}

/* ---- frames that belong to no flow ---- */

static gboolean is_error(const struct facts *facts)
{
    static const guint8 icmp[] = {3, 4, 5, 11, 12};

    if (facts->has & FACTS_INET6)
        return facts->inet_proto == ICMPV6 && facts->icmp_type < 128;
    return facts->inet_proto == ICMP && memchr(icmp, facts->icmp_type, sizeof icmp) != NULL;
}

/* The IP packet that an ICMP error is about, parsed in the error's place: the same octets with
 * Ethernet of our own before them. */
static gboolean quoted_facts(const Frame *frame, const struct facts *facts, GByteArray *quoted,
                             struct facts *inner)
{
    const gsize at = facts->l4_at + 8u;
    guint8 ethernet[14] = {0};
    Frame view = {NULL, 0, {0, 0}};

    if (at >= frame->length)
        return FALSE;
    ethernet[12] = facts->has & FACTS_INET6 ? 0x86 : 0x08;
    ethernet[13] = facts->has & FACTS_INET6 ? 0xdd : 0x00;
    g_byte_array_append(quoted, ethernet, sizeof ethernet);
    g_byte_array_append(quoted, frame->octets + at, (guint)(frame->length - at));
    view.octets = quoted->data;
    view.length = quoted->len;
    frame_parse(&view, FACTS_WANT_IP | FACTS_WANT_L4, inner);
    return (inner->has & (FACTS_IP4 | FACTS_IP6_PROTO)) != 0 && (inner->has & FACTS_PORTS) != 0;
}

/* Errors quote the beginning of a packet: its own length does not count, its ports are there. */
static FlowKey quoted_key(const Frame *view, struct facts *inner)
{
    FlowKey key;

    inner->has |= FACTS_INET_L4 | (inner->has & FACTS_IP6 ? FACTS_INET6 : FACTS_INET4);
    inner->inet_proto = inner->ip_proto;
    key = key_of(view, inner);
    return key;
}

static IrFlow related_flow(const FlowTable *table, const Frame *frame, const struct facts *facts)
{
    g_autoptr(GByteArray) quoted = g_byte_array_new();
    struct facts inner;
    FlowKey key;
    gboolean is_reply;

    if (!quoted_facts(frame, facts, quoted, &inner))
        return (IrFlow){.state = STATE_INVALID};
    key = quoted_key(&(Frame){quoted->data, quoted->len, {0, 0}}, &inner);
    if (!entry_lookup(table, &key, &is_reply))
        return (IrFlow){.state = STATE_INVALID};
    return (IrFlow){.state = STATE_RELATED, .reply = !is_reply}; /* against what it is about */
}

/* Neighbour discovery and multicast listeners are not tracked. */
static gboolean is_untracked(const struct facts *facts)
{
    static const guint8 types[] = {130, 131, 132, 133, 134, 135, 136, 143};

    return (facts->has & FACTS_INET6) && facts->inet_proto == ICMPV6 &&
           memchr(types, facts->icmp_type, sizeof types) != NULL;
}

static gboolean icmp_can_begin(const struct facts *facts)
{
    static const guint8 icmp[] = {8, 13, 15, 17}, icmp6[] = {128, 139};

    if (facts->has & FACTS_INET6)
        return memchr(icmp6, facts->icmp_type, sizeof icmp6) != NULL;
    return memchr(icmp, facts->icmp_type, sizeof icmp) != NULL;
}

/* A first frame can be a SYN, or an ACK of a connection from before our time. */
static gboolean tcp_can_begin(const struct facts *facts)
{
    const guint flags = facts->tcp_flags & 0x17; /* FIN, SYN, RST, ACK */

    return flags == 0x02 || flags == 0x10;
}

/* An association begins with an INIT chunk (RFC 9260, 3.3.2). */
static gboolean sctp_can_begin(const Frame *frame, const struct facts *facts)
{
    return frame_u16(frame, facts->l4_at + 12u) >> 8 == 1;
}

static gboolean can_begin(const Frame *frame, const struct facts *facts, const FlowKey *key)
{
    if (facts_l4_size(facts->inet_proto) > 0 && !(facts->has & FACTS_INET_L4))
        return FALSE;
    if (facts_is_last_header(facts))
        return FALSE;
    if (is_icmp(key))
        return icmp_can_begin(facts);
    if (facts->inet_proto == FACTS_PROTO_SCTP)
        return sctp_can_begin(frame, facts);
    return facts->inet_proto != FACTS_PROTO_TCP || tcp_can_begin(facts);
}

/* Before the answer to a SYN, its sender can only repeat or reset it. */
static gboolean is_out_of_turn(const FlowEntry *entry, const struct facts *facts,
                               const IrFlow *flow)
{
    const guint flags = facts->tcp_flags & 0x17;

    if (!(facts->has & FACTS_TCP) || !entry->is_whole || entry->is_answered || flow->reply)
        return FALSE;
    return flags != 0x02 && !(flags & 0x04);
}

/* ---- limits ---- */

typedef struct {
    const FlowKey *key;
    guint64 limit;
    guint count;
} Count;

static void count_entry(gpointer key, gpointer value, gpointer data)
{
    const FlowEntry *entry = value;
    Count *count = data;

    if (((entry->touched[0] & count->limit) &&
         memcmp(entry->key.source, count->key->source, sizeof entry->key.source) == 0) ||
        ((entry->touched[1] & count->limit) &&
         memcmp(entry->key.target, count->key->source, sizeof entry->key.target) == 0))
        count->count++;
}

/* Connections that this limit has seen in frames from one source, the frame's own among them: as
 * iptables' connlimit counts, by the packet's source, whoever began the connection. */
static guint64 limits_over(const FlowTable *table, const FlowKey *key, const FlowEntry *entry,
                           gboolean is_reply, const IrProgram *program, const IrBinding *binding)
{
    guint64 over = 0;

    for (guint i = 0; i < program->limits->len; i++) {
        Count count = {key, 1ull << i, 0};
        guint64 above =
            ir_operand_get(&g_array_index(program->limits, IrLimit, i).above, binding).low;

        g_hash_table_foreach(table->flows, count_entry, &count);
        if (!entry || !(entry->touched[is_reply] & count.limit))
            count.count++;
        over |= count.count > above ? count.limit : 0;
    }
    return over;
}

/* ---- the table ---- */

IrFlow flow_table_look(const FlowTable *table, const Frame *frame, const struct facts *facts,
                       const IrProgram *program, const IrBinding *binding)
{
    IrFlow flow = {0};
    FlowKey key;
    FlowEntry *entry;

    if (!(facts->has & FACTS_INET))
        return flow;
    if (facts->has & FACTS_LATER) {
        key = key_of_datagram(facts);
        flow.known = g_hash_table_contains(table->fragments, &key);
        return flow;
    }
    if (is_error(facts))
        return related_flow(table, frame, facts);
    if (is_untracked(facts))
        return flow;
    key = key_of(frame, facts);
    entry = entry_lookup(table, &key, &flow.reply);
    if (entry && is_out_of_turn(entry, facts, &flow))
        flow.state = STATE_INVALID;
    else if (entry)
        flow.state = flow.reply || entry->is_answered ? STATE_ESTABLISHED : STATE_NEW;
    else
        flow.state = can_begin(frame, facts, &key) ? STATE_NEW : STATE_INVALID;
    flow.over = limits_over(table, &key, entry, flow.reply, program, binding);
    return flow;
}

static FlowEntry *entry_begin(FlowTable *table, const FlowKey *key)
{
    FlowEntry *entry;

    if (g_hash_table_size(table->flows) >= FLOWS_MAX)
        return NULL;
    entry = g_new0(FlowEntry, 1);
    entry->key = *key;
    g_hash_table_insert(table->flows, &entry->key, entry);
    return entry;
}

void flow_table_note(FlowTable *table, const Frame *frame, const struct facts *facts,
                     const IrFlow *flow, gboolean passed, guint64 touched)
{
    FlowEntry *entry;
    FlowKey key;
    gboolean is_reply;

    if (!(facts->has & FACTS_INET) || !passed)
        return;
    if ((facts->has & FACTS_FRAGMENT) && !(facts->has & FACTS_LATER) &&
        g_hash_table_size(table->fragments) < FLOWS_MAX) {
        key = key_of_datagram(facts);
        g_hash_table_add(table->fragments, g_memdup2(&key, sizeof key));
    }
    if (flow->state != STATE_NEW && flow->state != STATE_ESTABLISHED)
        return;
    key = key_of(frame, facts);
    entry = entry_lookup(table, &key, &is_reply);
    if (!entry) {
        entry = entry_begin(table, &key);
        if (!entry)
            return;
        entry->is_whole = (facts->tcp_flags & 0x02) != 0;
    }
    entry->is_answered |= is_reply;
    entry->touched[is_reply] |= touched;
}
