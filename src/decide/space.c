/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/space-private.h"

/* ---- variables ---- */

static guint take(Space *space, guint n)
{
    guint first = space->n_variables;

    space->n_variables += n;
    return first;
}

static void take_bits(Space *space, guint *variables, guint from, guint to)
{
    for (guint bit = from; bit < to; bit++)
        variables[bit] = take(space, 1);
}

static void take_field(Space *space, IrField field)
{
    take_bits(space, space->fields[field], 0, ir_field_info(field)->bits);
}

/* Fields that are compared with each other stand bit by bit side by side: else the diagram has to
 * remember one of them whole before it comes to the other. */
static void take_types(Space *space)
{
    for (guint bit = 0; bit < 16; bit++) {
        take_bits(space, space->fields[IR_ETH_TYPE], bit, bit + 1);
        take_bits(space, space->fields[IR_VLAN_TYPE], bit, bit + 1);
    }
    take_bits(space, space->outer_type, 0, 16);
    take_field(space, IR_VLAN_ID);
}

/* An IPv6 fragment's protocol is in the place of the source port's first octet. */
static void take_protocols(Space *space)
{
    for (guint bit = 0; bit < 8; bit++) {
        take_bits(space, space->fields[IR_IP_PROTO], bit, bit + 1);
        take_bits(space, space->fields[IR_INET_PROTO], bit, bit + 1);
        take_bits(space, space->fields[IR_SPORT], bit, bit + 1);
    }
    take_bits(space, space->fields[IR_SPORT], 8, 16);
    take_field(space, IR_DPORT);
}

static void take_addresses(Space *space)
{
    for (guint bit = 0; bit < 32; bit++) {
        take_bits(space, space->fields[IR_ARP_SPA], bit, bit + 1);
        take_bits(space, space->fields[IR_ARP_TPA], bit, bit + 1);
    }
}

/* The port's own MAC beside all that it can be compared with. */
static void take_macs(Space *space)
{
    static const IrField macs[] = {IR_ETH_SRC, IR_ARP_SHA,  IR_ETH_DST,
                                   IR_ARP_THA, IR_STP_ROOT, IR_STP_SENDER};

    for (guint bit = 0; bit < G_N_ELEMENTS(space->own); bit++) {
        take_bits(space, space->own, bit, bit + 1);
        for (gsize i = 0; i < G_N_ELEMENTS(macs); i++)
            take_bits(space, space->fields[macs[i]], bit, bit + 1);
    }
}

static void take_fields(Space *space)
{
    static const IrField order[] = {
        IR_TCP_FLAGS,
        IR_IP_DSCP,
        IR_ARP_OP,
        IR_ARP_HW,
        IR_ARP_PROTO,
        IR_ETH_DST,
        IR_ETH_SRC,
        IR_ARP_SHA,
        IR_ARP_THA,
        IR_IP_SRC,
        IR_IP_DST,
        IR_IP6_SRC,
        IR_IP6_DST,
        IR_STP_TYPE,
        IR_STP_FLAGS,
        IR_STP_ROOT_PRIORITY,
        IR_STP_ROOT,
        IR_STP_COST,
        IR_STP_SENDER_PRIORITY,
        IR_STP_SENDER,
        IR_STP_PORT,
        IR_STP_AGE,
        IR_STP_MAX_AGE,
        IR_STP_HELLO,
        IR_STP_DELAY,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        if (space->fields[order[i]][0] == 0)
            take_field(space, order[i]);
    take_addresses(space);
}

static Space *space_make(gboolean has_own)
{
    Space *space = g_new0(Space, 1);

    space->store = bdd_new(SPACE_NODES_MAX);
    space->n_variables = 1;
    space->wrapped = take(space, 1);
    space->has_vlan = take(space, 1);
    space->has_stp = take(space, 1);
    take_bits(space, space->has, 0, G_N_ELEMENTS(space->has));
    take_types(space);
    take_protocols(space);
    if (has_own)
        take_macs(space);
    take_fields(space);
    space->options = take(space, 256);
    space->states = take(space, 4);
    space->reply = take(space, 1);
    space->limits = g_array_new(FALSE, FALSE, sizeof(SpaceLimit));
    return space;
}

Space *space_new(void)
{
    return space_make(FALSE);
}

Space *space_new_any_mac(void)
{
    return space_make(TRUE);
}

void space_free(Space *space)
{
    if (!space)
        return;
    for (guint i = 0; i < space->limits->len; i++) {
        g_free(g_array_index(space->limits, SpaceLimit, i).text);
        g_free(g_array_index(space->limits, SpaceLimit, i).key);
    }
    g_array_unref(space->limits);
    bdd_free(space->store);
    g_free(space);
}

BddStore *space_store(Space *space)
{
    return space->store;
}

/* ---- facts ---- */

Bdd space_wrapped(Space *space)
{
    return bdd_variable(space->store, space->wrapped);
}

static Bdd gratuitous(Space *space)
{
    Bdd equal = BDD_TRUE;

    for (guint bit = 32; bit-- > 0;) {
        Bdd a = space_bit(space, SPACE_INSIDE, IR_ARP_SPA, bit);
        Bdd b = space_bit(space, SPACE_INSIDE, IR_ARP_TPA, bit);
        equal = bdd_minus(space->store, equal, bdd_xor(space->store, a, b));
    }
    return equal;
}

/* Fields that are others in disguise: ICMP's are the octets of the first port. */
static guint variable_of(const Space *space, SpaceView view, IrField field, guint bit)
{
    if (field == IR_ICMP_TYPE)
        return space->fields[IR_SPORT][bit];
    if (field == IR_ICMP_CODE)
        return space->fields[IR_SPORT][8 + bit];
    if (field == IR_ETH_TYPE && view == SPACE_OUTERMOST)
        return space->outer_type[bit];
    return space->fields[field][bit];
}

Bdd space_bit(Space *space, SpaceView view, IrField field, guint bit)
{
    if (field == IR_ARP_GRATUITOUS)
        return gratuitous(space);
    return bdd_variable(space->store, variable_of(space, view, field, bit));
}

/* Bit i, counted from the highest of `bits`. */
static gboolean value_bit(IrValue value, guint bits, guint i)
{
    guint at = bits - 1 - i;

    return (at < 64 ? value.low >> at : value.high >> (at - 64)) & 1;
}

Bdd space_masked(Space *space, SpaceView view, IrField field, IrValue value, IrValue mask)
{
    const guint bits = ir_field_info(field)->bits;
    Bdd set = BDD_TRUE;

    for (guint i = bits; i-- > 0;) {
        Bdd bit;

        if (!value_bit(mask, bits, i))
            continue;
        bit = space_bit(space, view, field, i);
        set = value_bit(value, bits, i) ? bdd_and(space->store, bit, set)
                                        : bdd_minus(space->store, set, bit);
    }
    return set;
}

Bdd space_equal(Space *space, SpaceView view, IrField field, guint64 value)
{
    return space_masked(space, view, field, (IrValue){0, value}, ir_field_max(field));
}

Bdd space_own(Space *space, SpaceView view, IrField field, IrValue mask)
{
    Bdd set = BDD_TRUE;

    g_assert(space->own[0] > 0 && ir_field_info(field)->bits == G_N_ELEMENTS(space->own));
    for (guint i = G_N_ELEMENTS(space->own); i-- > 0;) {
        Bdd own = bdd_variable(space->store, space->own[i]);

        if (value_bit(mask, G_N_ELEMENTS(space->own), i))
            set = bdd_minus(space->store, set,
                            bdd_xor(space->store, own, space_bit(space, view, field, i)));
    }
    return set;
}

Bdd space_own_possible(Space *space)
{
    const guint group = 7; /* the lowest bit of the first octet (IEEE 802, 8.2) */
    Bdd set = BDD_FALSE;

    for (guint i = G_N_ELEMENTS(space->own); i-- > 0;)
        set = bdd_or(space->store, set, bdd_variable(space->store, space->own[i]));
    return bdd_minus(space->store, set, bdd_variable(space->store, space->own[group]));
}

/* field >= value, or field <= value: from the lowest bit up. */
static Bdd at_side(Space *space, SpaceView view, IrField field, IrValue value, gboolean is_above)
{
    const guint bits = ir_field_info(field)->bits;
    Bdd set = BDD_TRUE;

    for (guint i = bits; i-- > 0;) {
        Bdd bit = space_bit(space, view, field, i);

        if (value_bit(value, bits, i) == is_above)
            set = is_above ? bdd_and(space->store, bit, set) : bdd_minus(space->store, set, bit);
        else
            set = is_above ? bdd_or(space->store, bit, set)
                           : bdd_or(space->store, bdd_not(space->store, bit), set);
    }
    return set;
}

Bdd space_in(Space *space, SpaceView view, IrField field, IrValue first, IrValue last)
{
    return bdd_and(space->store, at_side(space, view, field, first, TRUE),
                   at_side(space, view, field, last, FALSE));
}

static Bdd has_inside(Space *space, guint bit)
{
    const guint never = FACTS_VLAN | FACTS_REFUSED | FACTS_WRAPPED;

    if (1u << bit & FACTS_ETH)
        return BDD_TRUE;
    if (1u << bit & never)
        return BDD_FALSE;
    return bdd_variable(space->store, space->has[bit]);
}

static Bdd has_outermost(Space *space, guint bit)
{
    if (1u << bit & (FACTS_ETH | FACTS_WRAPPED))
        return BDD_TRUE;
    if (1u << bit & FACTS_VLAN)
        return bdd_variable(space->store, space->has_vlan);
    if (1u << bit & FACTS_STP)
        return bdd_variable(space->store, space->has_stp);
    if (1u << bit & FACTS_STP_CONFIG)
        return bdd_and(space->store, bdd_variable(space->store, space->has_stp),
                       has_inside(space, bit));
    return BDD_FALSE;
}

Bdd space_has(Space *space, SpaceView view, guint bits)
{
    Bdd set = BDD_TRUE;

    for (guint bit = 0; bit < 32; bit++)
        if (bits >> bit & 1)
            set =
                bdd_and(space->store, set,
                        view == SPACE_INSIDE ? has_inside(space, bit) : has_outermost(space, bit));
    return set;
}

Bdd space_option(Space *space, guint kind)
{
    return bdd_variable(space->store, space->options + kind);
}

Bdd space_state(Space *space, guint states)
{
    Bdd set = BDD_FALSE;

    for (guint i = 0; i < 4; i++)
        if (states >> i & 1)
            set = bdd_or(space->store, set, bdd_variable(space->store, space->states + i));
    return set;
}

Bdd space_reply(Space *space)
{
    return bdd_variable(space->store, space->reply);
}

Bdd space_over(Space *space, const char *key, guint64 above)
{
    g_autofree char *text = g_strdup_printf("above %" G_GUINT64_FORMAT " of %s", above, key);
    SpaceLimit limit = {NULL, NULL, above, 0};

    for (guint i = 0; i < space->limits->len; i++) {
        const SpaceLimit *row = &g_array_index(space->limits, SpaceLimit, i);

        if (g_str_equal(row->text, text))
            return bdd_variable(space->store, row->variable);
    }
    limit.text = g_steal_pointer(&text);
    limit.key = g_strdup(key);
    limit.variable = take(space, 1);
    g_array_append_val(space->limits, limit);
    space->frames = 0; /* what limits imply about each other has changed */
    return bdd_variable(space->store, limit.variable);
}
