/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/space-private.h"

/*
 * Which frames there are: what parse.h can say of any octets, as implications between its bits and
 * fields. The unit test holds it against the parser: every frame it sees is in here, and every
 * frame picked from here parses as it was meant.
 */

typedef struct {
    Space *space;
    BddStore *store;
    Bdd frames;
} Rules;

static Bdd has(const Rules *rules, guint bit)
{
    return space_has(rules->space, SPACE_INSIDE, bit);
}

static Bdd is_type(const Rules *rules, guint type)
{
    return space_equal(rules->space, SPACE_INSIDE, IR_ETH_TYPE, type);
}

static Bdd and (const Rules *rules, Bdd a, Bdd b)
{
    return bdd_and(rules->store, a, b);
}

static Bdd or (const Rules *rules, Bdd a, Bdd b)
{
    return bdd_or(rules->store, a, b);
}

static Bdd not(const Rules *rules, Bdd a)
{
    return bdd_not(rules->store, a);
}

/* When a holds, so does b. */
static void implies(Rules *rules, Bdd a, Bdd b)
{
    rules->frames = bdd_minus(rules->store, rules->frames, bdd_minus(rules->store, a, b));
}

static void same(Rules *rules, Bdd a, Bdd b)
{
    rules->frames = bdd_minus(rules->store, rules->frames, bdd_xor(rules->store, a, b));
}

static Bdd any_of(const Rules *rules, IrField field, const guint *values, guint n)
{
    Bdd set = BDD_FALSE;

    for (guint i = 0; i < n; i++)
        set = or (rules, set, space_equal(rules->space, SPACE_INSIDE, field, values[i]));
    return set;
}

/* ---- what facts.def says of all bits ---- */

static void common_rules(Rules *rules)
{
    for (guint bit = 0; bit < 32; bit++) {
        const guint one = 1u << bit, implied = ir_has_implied(one);

        if (has(rules, one) == BDD_FALSE || has(rules, one) == BDD_TRUE)
            continue;
        implies(rules, has(rules, one), has(rules, implied & ~(guint)FACTS_WRAPPED));
        for (guint other = 0; other < bit; other++)
            if (ir_has_excluded(one) >> other & 1)
                implies(rules, has(rules, one), not(rules, has(rules, 1u << other)));
    }
}

/* ---- ARP ---- */

static void arp_rules(Rules *rules)
{
    static const guint types[] = {FACTS_ETH_ARP, FACTS_ETH_RARP};
    const guint both = FACTS_ARP_IP | FACTS_ARP_SHA;

    implies(rules, has(rules, FACTS_ARP), any_of(rules, IR_ETH_TYPE, types, 2));
    implies(rules, has(rules, FACTS_ARP_THA), has(rules, FACTS_ARP_SHA));
    implies(rules, has(rules, both), has(rules, FACTS_ARP_THA)); /* it lies before the last */
    implies(rules, has(rules, FACTS_ARP_SHA),
            space_equal(rules->space, SPACE_INSIDE, IR_ARP_HW, 1));
    implies(rules, has(rules, FACTS_ARP_IP),
            space_equal(rules->space, SPACE_INSIDE, IR_ARP_PROTO, FACTS_ETH_IP4));
}

/* ---- IP ---- */

/* Protocols with a transport header of known size, and extension headers. */
static const guint sized[] = {1, 6, 17, 58, 132, 136};
static const guint extensions[] = {0, 43, 44, 51, 60};

static Bdd ip_proto_is_inet_proto(const Rules *rules)
{
    Bdd equal = BDD_TRUE;

    for (guint bit = 8; bit-- > 0;) {
        Bdd a = space_bit(rules->space, SPACE_INSIDE, IR_IP_PROTO, bit);
        Bdd b = space_bit(rules->space, SPACE_INSIDE, IR_INET_PROTO, bit);
        equal = bdd_minus(rules->store, equal, bdd_xor(rules->store, a, b));
    }
    return equal;
}

static void ip_rules(Rules *rules)
{
    const Bdd is_ip4 = is_type(rules, FACTS_ETH_IP4), is_ip6 = is_type(rules, FACTS_ETH_IP6);
    const Bdd ip4 = has(rules, FACTS_IP4), ip6 = has(rules, FACTS_IP6);
    const Bdd malformed = has(rules, FACTS_MALFORMED);

    implies(rules, ip4, is_ip4);
    implies(rules, ip6, is_ip6);
    implies(rules, malformed, or (rules, is_ip4, is_ip6));
    /* well-formed, or malformed; too short for a header is malformed too */
    implies(rules, is_ip4, bdd_xor(rules->store, malformed, has(rules, FACTS_INET4)));
    implies(rules, is_ip6, bdd_xor(rules->store, malformed, has(rules, FACTS_INET6)));
    /* nothing behind a header that is not there */
    for (guint bit = 0; bit < 32; bit++)
        if (1u << bit & (FACTS_PORTS | FACTS_FRAGMENT | FACTS_INET_PROTO))
            implies(rules, has(rules, 1u << bit), or (rules, ip4, ip6));
}

static void transport_rules(Rules *rules)
{
    const Bdd l4 = has(rules, FACTS_INET_L4);
    const Bdd is_tcp = space_equal(rules->space, SPACE_INSIDE, IR_INET_PROTO, 6);

    implies(rules, l4, or (rules, has(rules, FACTS_INET4), has(rules, FACTS_INET6)));
    implies(rules, l4, any_of(rules, IR_INET_PROTO, sized, G_N_ELEMENTS(sized)));
    same(rules, has(rules, FACTS_TCP), and(rules, l4, is_tcp));
}

static void ip4_rules(Rules *rules)
{
    const Bdd ip4 = has(rules, FACTS_IP4);

    implies(rules, and(rules, ip4, has(rules, FACTS_INET_PROTO)), has(rules, FACTS_INET4));
    implies(rules, and(rules, ip4, has(rules, FACTS_PORTS)), not(rules, has(rules, FACTS_LATER)));
    implies(rules, has(rules, FACTS_INET4), ip_proto_is_inet_proto(rules));
}

static void ip6_rules(Rules *rules)
{
    const Bdd ip6 = has(rules, FACTS_IP6), later = and(rules, ip6, has(rules, FACTS_LATER));
    const Bdd proto = has(rules, FACTS_IP6_PROTO), inet_proto = has(rules, FACTS_INET_PROTO);
    const Bdd is_extension = any_of(rules, IR_IP_PROTO, extensions, G_N_ELEMENTS(extensions));
    const Bdd is_none = space_equal(rules->space, SPACE_INSIDE, IR_IP_PROTO, 59);
    const Bdd is_auth = space_equal(rules->space, SPACE_INSIDE, IR_INET_PROTO, 51);
    const Bdd whole = and(rules, proto, not(rules, later));

    implies(rules, proto, inet_proto);
    implies(rules, and(rules, ip6, has(rules, FACTS_PORTS)), proto);
    implies(rules, later, and(rules, proto, has(rules, FACTS_PORTS)));
    implies(rules, later, space_equal(rules->space, SPACE_INSIDE, IR_IP_PROTO, 44));
    implies(rules, whole, or (rules, is_auth, ip_proto_is_inet_proto(rules)));
    implies(rules, whole, not(rules, or (rules, is_extension, is_none)));
    /* a chain with an end and no protocol ends in "no next header", or behind authentication */
    implies(rules, and(rules, and(rules, ip6, inet_proto), not(rules, proto)),
            or (rules, is_auth, space_equal(rules->space, SPACE_INSIDE, IR_INET_PROTO, 59)));
}

/* In a later IPv6 fragment the "ports" are the fragment header: what it carries, zero, offset. */
static void ip6_fragment_rules(Rules *rules)
{
    const Bdd later = has(rules, FACTS_IP6 | FACTS_LATER);
    const Bdd no_offset =
        space_in(rules->space, SPACE_INSIDE, IR_DPORT, (IrValue){0, 0}, (IrValue){0, 7});
    const Bdd extension = any_of(rules, IR_ICMP_TYPE, extensions, G_N_ELEMENTS(extensions));
    const Bdd is_fragment = space_equal(rules->space, SPACE_INSIDE, IR_INET_PROTO, 44);
    Bdd equal = BDD_TRUE;

    for (guint bit = 8; bit-- > 0;) {
        Bdd a = space_bit(rules->space, SPACE_INSIDE, IR_ICMP_TYPE, bit);
        Bdd b = space_bit(rules->space, SPACE_INSIDE, IR_INET_PROTO, bit);
        equal = bdd_minus(rules->store, equal, bdd_xor(rules->store, a, b));
    }
    implies(rules, later, not(rules, no_offset));
    implies(rules, later, or (rules, space_equal(rules->space, SPACE_INSIDE, IR_INET_PROTO, 51),
                              bdd_ite(rules->store, extension, is_fragment, equal)));
}

/* ---- BPDUs ---- */

static void stp_rules(Rules *rules)
{
    static const guint others[] = {FACTS_ETH_ARP, FACTS_ETH_RARP, FACTS_ETH_IP4, FACTS_ETH_IP6};
    const Bdd stp = has(rules, FACTS_STP);
    const Bdd is_config = space_equal(rules->space, SPACE_INSIDE, IR_STP_TYPE, 0);

    implies(rules, stp, space_equal(rules->space, SPACE_INSIDE, IR_ETH_DST, FACTS_STP_GROUP));
    implies(rules, stp, not(rules, any_of(rules, IR_ETH_TYPE, others, G_N_ELEMENTS(others))));
    implies(rules, has(rules, FACTS_STP_CONFIG), is_config);
}

/* ---- wrapping ---- */

static const guint tags[] = {0x8100, 0x88a8, 0x9100, 0x9200, 0x9300};

static Bdd outer_in(const Rules *rules, IrField field, guint first, guint last)
{
    return space_in(rules->space, SPACE_OUTERMOST, field, (IrValue){0, first}, (IrValue){0, last});
}

/* Types in this place that can hold any other type inside. */
static Bdd wraps(const Rules *rules, IrField field)
{
    Bdd set = outer_in(rules, field, 0, FACTS_ETH_TYPE_MIN - 1);

    set = or (rules, set, outer_in(rules, field, FACTS_ETH_JUMBO_LLC, FACTS_ETH_JUMBO_LLC));
    set = or (rules, set, outer_in(rules, field, FACTS_ETH_OUI_EXTENDED, FACTS_ETH_OUI_EXTENDED));
    for (gsize i = 0; i < G_N_ELEMENTS(tags); i++)
        set = or (rules, set, outer_in(rules, field, tags[i], tags[i]));
    return set;
}

static Bdd vlan_type_is_inner_type(const Rules *rules)
{
    Bdd equal = BDD_TRUE;

    for (guint bit = 16; bit-- > 0;) {
        Bdd a = space_bit(rules->space, SPACE_OUTERMOST, IR_VLAN_TYPE, bit);
        Bdd b = space_bit(rules->space, SPACE_INSIDE, IR_ETH_TYPE, bit);
        equal = bdd_minus(rules->store, equal, bdd_xor(rules->store, a, b));
    }
    return equal;
}

static void wrapped_rules(Rules *rules)
{
    const Bdd wrapped = space_wrapped(rules->space);
    const Bdd vlan = bdd_variable(rules->store, rules->space->has_vlan);
    const Bdd stp = bdd_variable(rules->store, rules->space->has_stp);
    const Bdd is_kernel_tag = or (rules, outer_in(rules, IR_ETH_TYPE, 0x8100, 0x8100),
                                  outer_in(rules, IR_ETH_TYPE, 0x88a8, 0x88a8));
    const Bdd direct = vlan_type_is_inner_type(rules);

    implies(rules, any_of(rules, IR_ETH_TYPE, tags, G_N_ELEMENTS(tags)), BDD_FALSE);
    implies(rules, wrapped, wraps(rules, IR_ETH_TYPE));
    implies(rules, wrapped, not(rules, bdd_xor(rules->store, vlan, is_kernel_tag)));
    implies(rules, and(rules, wrapped, vlan), or (rules, direct, wraps(rules, IR_VLAN_TYPE)));
    /* zero is no type inside SNAP, and behind one tag alone it is the tag's */
    implies(rules, and(rules, wrapped, is_type(rules, 0)), and(rules, vlan, direct));
    /* a BPDU shows outside when one tag is all that is around it, and then it does */
    same(rules, and(rules, wrapped, stp),
         and(rules, and(rules, wrapped, has(rules, FACTS_STP)), and(rules, vlan, direct)));
}

/* ---- connections ---- */

static void flow_rules(Rules *rules)
{
    Space *space = rules->space;
    const Bdd inet = or (rules, has(rules, FACTS_INET4), has(rules, FACTS_INET6));
    const Bdd tracked = bdd_minus(rules->store, inet, has(rules, FACTS_LATER));

    for (guint i = 0; i < 4; i++) {
        implies(rules, space_state(space, 1u << i), tracked);
        for (guint other = 0; other < i; other++)
            implies(rules, space_state(space, 1u << i),
                    not(rules, space_state(space, 1u << other)));
    }
    implies(rules, has(rules, FACTS_KNOWN), has(rules, FACTS_LATER));
    implies(rules, space_reply(space), space_state(space, STATE_ESTABLISHED | STATE_RELATED));
    for (guint i = 0; i < space->limits->len; i++) {
        const SpaceLimit *limit = &g_array_index(space->limits, SpaceLimit, i);

        implies(rules, bdd_variable(rules->store, limit->variable), tracked);
        for (guint n = 0; n < space->limits->len; n++) {
            const SpaceLimit *lower = &g_array_index(space->limits, SpaceLimit, n);

            if (lower->above < limit->above && g_str_equal(lower->key, limit->key))
                implies(rules, bdd_variable(rules->store, limit->variable),
                        bdd_variable(rules->store, lower->variable));
        }
    }
}

Bdd space_frames(Space *space)
{
    Rules rules = {space, space->store, BDD_TRUE};

    if (space->frames != 0)
        return space->frames;
    common_rules(&rules);
    arp_rules(&rules);
    ip_rules(&rules);
    transport_rules(&rules);
    ip4_rules(&rules);
    ip6_rules(&rules);
    ip6_fragment_rules(&rules);
    stp_rules(&rules);
    wrapped_rules(&rules);
    flow_rules(&rules);
    space->frames = rules.frames;
    return rules.frames;
}
