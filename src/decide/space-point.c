/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decide/space-private.h"

/* ---- what is pleasant to read ---- */

typedef struct {
    Space *space;
    Bdd set;
} Choice;

/* Keeps to it where the set allows. */
static void prefer(Choice *choice, Bdd wish)
{
    Bdd both = bdd_and(choice->space->store, choice->set, wish);

    if (both != BDD_FALSE)
        choice->set = both;
}

static void prefer_has(Choice *choice, guint bits, gboolean present)
{
    for (guint bit = 0; bit < 32; bit++) {
        Bdd has = space_has(choice->space, SPACE_INSIDE, bits & 1u << bit);

        if (bits >> bit & 1)
            prefer(choice, present ? has : bdd_not(choice->space->store, has));
    }
}

/* Addresses as in documents (RFC 5737, RFC 3849), local MACs, the commonest of the rest. */
static void prefer_values(Choice *choice)
{
    static const struct {
        IrField field;
        IrValue value;
    } rows[] = {
        {IR_ETH_SRC, {0, 0x525400000066}},
        {IR_ETH_DST, {0, 0x525400000099}},
        {IR_ARP_HW, {0, 1}},
        {IR_ARP_PROTO, {0, 0x0800}},
        {IR_ARP_OP, {0, 1}},
        {IR_ARP_SHA, {0, 0x525400000066}},
        {IR_ARP_SPA, {0, 0xc0000201}},
        {IR_ARP_TPA, {0, 0xc0000202}},
        {IR_IP_SRC, {0, 0xc0000201}},
        {IR_IP_DST, {0, 0xc0000202}},
        {IR_INET_PROTO, {0, 17}},
        {IR_IP_PROTO, {0, 17}},
        {IR_SPORT, {0, 40000}},
        {IR_DPORT, {0, 9}},
        {IR_IP6_SRC, {0x20010db800000000, 1}},
        {IR_IP6_DST, {0x20010db800000000, 2}},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        prefer(choice, space_masked(choice->space, SPACE_INSIDE, rows[i].field, rows[i].value,
                                    ir_field_max(rows[i].field)));
}

static void prefer_own(Choice *choice, guint64 mac)
{
    Space *space = choice->space;

    for (guint i = 0; i < G_N_ELEMENTS(space->own); i++) {
        Bdd bit = bdd_variable(space->store, space->own[i]);

        prefer(choice, mac >> (47 - i) & 1 ? bit : bdd_not(space->store, bit));
    }
}

/* One tag and nothing else around. */
static void prefer_single(Choice *choice)
{
    Space *space = choice->space;
    Bdd same = BDD_TRUE;

    for (guint bit = 16; bit-- > 0;) {
        Bdd a = space_bit(space, SPACE_OUTERMOST, IR_VLAN_TYPE, bit);
        Bdd b = space_bit(space, SPACE_INSIDE, IR_ETH_TYPE, bit);
        same = bdd_minus(space->store, same, bdd_xor(space->store, a, b));
    }
    prefer(choice, same);
}

static Bdd wish(Choice *choice)
{
    prefer(choice, bdd_not(choice->space->store, space_wrapped(choice->space)));
    prefer(choice, bdd_variable(choice->space->store, choice->space->has_vlan));
    prefer(choice, space_equal(choice->space, SPACE_OUTERMOST, IR_ETH_TYPE, FACTS_ETH_VLAN));
    prefer_single(choice);
    prefer_has(choice, FACTS_MALFORMED | FACTS_FRAGMENT | FACTS_LATER | FACTS_STP, FALSE);
    prefer_has(choice,
               FACTS_ARP | FACTS_ARP_SHA | FACTS_ARP_THA | FACTS_ARP_IP | FACTS_IP4 | FACTS_IP6 |
                   FACTS_IP6_PROTO | FACTS_INET_PROTO | FACTS_PORTS | FACTS_INET_L4,
               TRUE);
    prefer(choice, space_state(choice->space, STATE_NEW));
    prefer(choice, bdd_not(choice->space->store, space_reply(choice->space)));
    if (choice->space->own[0] > 0)
        prefer_own(choice, 0x525400000001);
    prefer_values(choice);
    return choice->set;
}

/* ---- reading an assignment ---- */

static IrValue read_field(Space *space, const gboolean *values, IrField field)
{
    const guint bits = ir_field_info(field)->bits;
    IrValue value = {0, 0};

    for (guint i = 0; i < bits; i++) {
        gboolean bit = values[space->fields[field][i]];

        value.high = value.high << 1 | value.low >> 63;
        value.low = value.low << 1 | (bit ? 1 : 0);
    }
    return value;
}

static guint read_type(const Space *space, const gboolean *values)
{
    guint number = 0;

    for (guint i = 0; i < 16; i++)
        number = number << 1 | (values[space->outer_type[i]] ? 1 : 0);
    return number;
}

static void write_field(struct facts *facts, IrField field, IrValue value)
{
    const IrFieldInfo *info = ir_field_info(field);
    guint8 *member = (guint8 *)facts + info->offset;
    guint16 two = (guint16)value.low;
    guint32 four = (guint32)value.low;

    if (info->size == 16) {
        memcpy(member, &value.high, 8);
        memcpy(member + 8, &value.low, 8);
    } else if (info->size == 8) {
        memcpy(member, &value.low, 8);
    } else if (info->size == 4) {
        memcpy(member, &four, 4);
    } else if (info->size == 2) {
        memcpy(member, &two, 2);
    } else {
        *member = (guint8)value.low;
    }
}

static void read_inside(Space *space, const gboolean *values, struct facts *facts)
{
    facts->has = FACTS_ETH;
    for (guint bit = 0; bit < 32; bit++)
        if (values[space->has[bit]] && space_has(space, SPACE_INSIDE, 1u << bit) > BDD_TRUE)
            facts->has |= 1u << bit;
    for (guint field = 0; field < IR_N_FIELDS; field++)
        if (space->fields[field][0] > 0)
            write_field(facts, field, read_field(space, values, field));
    facts->icmp_type = (guint8)(facts->sport >> 8);
    facts->icmp_code = (guint8)facts->sport;
    facts->arp_gratuitous = facts->arp_spa == facts->arp_tpa;
    for (guint kind = 0; kind < 256; kind++)
        if (values[space->options + kind])
            facts->tcp_options[kind >> 6] |= 1ull << (kind & 63);
}

static void read_outermost(Space *space, const gboolean *values, struct facts *facts)
{
    facts->has = FACTS_ETH | FACTS_WRAPPED;
    facts->has |= values[space->has_vlan] ? FACTS_VLAN : 0;
    facts->eth_type = (guint16)read_type(space, values);
    facts->vlan_type = (guint16)read_field(space, values, IR_VLAN_TYPE).low;
    facts->vlan_id = (guint16)read_field(space, values, IR_VLAN_ID).low;
}

static guint64 read_own(const Space *space, const gboolean *values)
{
    guint64 mac = 0;

    for (guint i = 0; i < G_N_ELEMENTS(space->own); i++)
        mac = mac << 1 | (values[space->own[i]] ? 1 : 0);
    return mac;
}

static void read_flow(Space *space, const gboolean *values, SpacePoint *point)
{
    for (guint i = 0; i < 4; i++)
        point->state |= values[space->states + i] ? 1u << i : 0;
    point->reply = values[space->reply];
    for (guint i = 0; i < space->limits->len; i++) {
        const SpaceLimit *limit = &g_array_index(space->limits, SpaceLimit, i);

        if (values[limit->variable])
            g_hash_table_add(point->over, g_strdup(limit->text));
    }
}

SpacePoint *space_pick(Space *space, Bdd set)
{
    Choice choice = {space, set};
    SpacePoint *point = g_new0(SpacePoint, 1);
    g_autofree gboolean *values = NULL;

    set = wish(&choice);
    values = g_new0(gboolean, space->n_variables);
    bdd_pick(space->store, set, values, space->n_variables);
    point->over = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    point->is_wrapped = values[space->wrapped];
    read_inside(space, values, &point->inside);
    read_outermost(space, values, &point->outermost);
    read_flow(space, values, point);
    point->own = space->own[0] > 0 ? read_own(space, values) : 0;
    return point;
}

void space_point_free(SpacePoint *point)
{
    if (!point)
        return;
    g_hash_table_unref(point->over);
    g_free(point);
}

gboolean space_point_is_over(const SpacePoint *point, const char *key, guint64 above)
{
    g_autofree char *text = g_strdup_printf("above %" G_GUINT64_FORMAT " of %s", above, key);

    return g_hash_table_contains(point->over, text);
}
