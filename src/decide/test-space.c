/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The space of frames against the parser: what the parser says of any octets is in the space, and
 * a frame made of any point of the space parses as that point.
 */
#include <string.h>

#include "decide/compose.h"
#include "decide/space.h"
#include "decide/test-world.h"

#define CHANGES 60
#define POINTS 1500

/* Bits that the space does not keep. */
#define APART (FACTS_ETH | FACTS_WRAPPED | FACTS_REFUSED | FACTS_VLAN | FACTS_KNOWN)

static gboolean is_meaningful(IrField field, const struct facts *facts)
{
    const guint guard = ir_field_info(field)->guard;

    return guard == 0 || (facts->has & guard);
}

/* All points whose view has these facts. */
static Bdd with_facts(Space *space, SpaceView view, const struct facts *facts, guint apart)
{
    BddStore *store = space_store(space);
    Bdd set = BDD_TRUE;

    for (guint bit = 0; bit < 24; bit++) {
        Bdd has = space_has(space, view, 1u << bit);

        if (1u << bit & apart)
            continue;
        set = facts->has >> bit & 1 ? bdd_and(store, set, has) : bdd_minus(store, set, has);
    }
    for (guint field = 0; field < IR_N_FIELDS; field++) {
        if (!is_meaningful(field, facts))
            continue;
        set = bdd_and(
            store, set,
            space_masked(space, view, field, ir_field_get(field, facts), ir_field_max(field)));
    }
    for (guint kind = 0; kind < 256 && (facts->has & FACTS_TCP_OPTIONS); kind++) {
        Bdd option = space_option(space, kind);

        set = facts->tcp_options[kind >> 6] >> (kind & 63) & 1 ? bdd_and(store, set, option)
                                                               : bdd_minus(store, set, option);
    }
    return set;
}

/* A BPDU that is an IP or ARP header too is left out of the space, by its description. */
static gboolean is_left_out(const struct facts *facts)
{
    const guint type = facts->eth_type;

    return (facts->has & FACTS_REFUSED) ||
           ((facts->has & FACTS_STP) && (type == FACTS_ETH_ARP || type == FACTS_ETH_RARP ||
                                         type == FACTS_ETH_IP4 || type == FACTS_ETH_IP6));
}

static void assert_in_space(Space *space, const guint8 *octets, gsize length)
{
    const Frame frame = {octets, length, {0, 0}};
    struct facts outermost, inside;
    Bdd set;

    frame_parse(&frame, FACTS_WANT_ALL, &outermost);
    frame_unwrap(&frame, FACTS_WANT_ALL, &inside);
    if (is_left_out(&outermost) || is_left_out(&inside))
        return;
    set = bdd_and(space_store(space), space_frames(space),
                  with_facts(space, SPACE_INSIDE, &inside, APART));
    if (outermost.has & FACTS_WRAPPED) {
        set = bdd_and(space_store(space), set, space_wrapped(space));
        set = bdd_and(space_store(space), set,
                      with_facts(space, SPACE_OUTERMOST, &outermost, APART & ~FACTS_VLAN));
    } else {
        set = bdd_minus(space_store(space), set, space_wrapped(space));
    }
    if (set == BDD_FALSE) {
        g_autoptr(GString) hex = g_string_new(NULL);

        for (gsize i = 0; i < length; i++)
            g_string_append_printf(hex, "%02x", octets[i]);
        g_error("not in the space: %s (has %x and %x)", hex->str, outermost.has, inside.has);
    }
}

/* The world's frames, each of their prefixes, and many with changed octets. */
static void test_parsed(void)
{
    g_autoptr(GPtrArray) frames = world_frames();
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Space *space = space_new();

    for (guint i = 0; i < frames->len; i++) {
        const WorldFrame *frame = frames->pdata[i];
        g_autofree guint8 *copy = g_memdup2(frame->octets, frame->length);

        for (gsize length = 14; length <= frame->length; length++)
            assert_in_space(space, frame->octets, length);
        for (guint change = 0; change < CHANGES; change++) {
            gint at = g_rand_int_range(random, 12, (gint32)frame->length);

            if (change % 10 == 0)
                memcpy(copy, frame->octets, frame->length);
            copy[at] = (guint8)g_rand_int(random);
            assert_in_space(space, copy, frame->length);
        }
        if (bdd_size(space_store(space)) > SPACE_NODES_MAX / 2) {
            space_free(space);
            space = space_new();
        }
        g_assert_false(bdd_is_full(space_store(space)));
    }
    space_free(space);
}

/* Some frames, by a few facts chosen at random. */
static Bdd random_set(Space *space, GRand *random)
{
    static const guint types[] = {0x0800, 0x86dd, 0x0806, 0x8035, 0x88b5, 0x0026};
    BddStore *store = space_store(space);
    Bdd set = space_equal(space, SPACE_INSIDE, IR_ETH_TYPE,
                          types[g_rand_int_range(random, 0, G_N_ELEMENTS(types))]);

    for (guint i = 0; i < 8; i++) {
        Bdd has = space_has(space, SPACE_INSIDE, 1u << g_rand_int_range(random, 1, 24));
        Bdd less = g_rand_boolean(random) ? bdd_and(store, set, has) : bdd_minus(store, set, has);

        if (bdd_and(store, less, space_frames(space)) != BDD_FALSE)
            set = less;
    }
    if (g_rand_boolean(random))
        set = bdd_and(store, set, space_wrapped(space));
    if (g_rand_boolean(random))
        set =
            bdd_minus(store, set, space_equal(space, SPACE_OUTERMOST, IR_ETH_TYPE, FACTS_ETH_VLAN));
    if (g_rand_boolean(random))
        set = bdd_and(store, set, space_option(space, (guint)g_rand_int_range(random, 0, 256)));
    return bdd_and(store, set, space_frames(space));
}

static void assert_facts(const struct facts *meant, const struct facts *read, guint apart)
{
    g_assert_cmphex(meant->has & ~apart, ==, read->has & ~apart);
    for (guint field = 0; field < IR_N_FIELDS; field++) {
        if (!is_meaningful(field, meant))
            continue;
        g_test_message("%s", ir_field_info(field)->name);
        g_assert_cmpint(ir_value_compare(ir_field_get(field, meant), ir_field_get(field, read)), ==,
                        0);
    }
    if (meant->has & FACTS_TCP_OPTIONS)
        g_assert_cmpmem(meant->tcp_options, sizeof meant->tcp_options, read->tcp_options,
                        sizeof read->tcp_options);
}

static void assert_composed(const SpacePoint *point)
{
    g_autoptr(GByteArray) octets =
        frame_compose(&point->inside, point->is_wrapped ? &point->outermost : NULL);
    const Frame frame = {octets->data, octets->len, {0, 0}};
    struct facts outermost, inside;

    frame_parse(&frame, FACTS_WANT_ALL, &outermost);
    frame_unwrap(&frame, FACTS_WANT_ALL, &inside);
    g_assert_cmpint((outermost.has & FACTS_WRAPPED) != 0, ==, point->is_wrapped);
    assert_facts(&point->inside, &inside, FACTS_WRAPPED | FACTS_KNOWN);
    if (!point->is_wrapped)
        return;
    g_assert_cmphex(outermost.eth_type, ==, point->outermost.eth_type);
    g_assert_cmphex(outermost.has & FACTS_VLAN, ==, point->outermost.has & FACTS_VLAN);
    if (outermost.has & FACTS_VLAN) {
        g_assert_cmphex(outermost.vlan_id, ==, point->outermost.vlan_id);
        g_assert_cmphex(outermost.vlan_type, ==, point->outermost.vlan_type);
    }
}

static void test_composed(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    guint n_points = 0;
    g_autoptr(Space) space = space_new();

    for (guint i = 0; i < POINTS; i++) {
        Bdd set = random_set(space, random);
        g_autoptr(SpacePoint) point = NULL;

        g_assert_false(bdd_is_full(space_store(space)));
        if (set == BDD_FALSE)
            continue;
        point = space_pick(space, set);
        assert_composed(point);
        n_points++;
    }
    g_assert_cmpuint(n_points, >, POINTS / 4);
}

/* facts.def lists all that a bit brings along, not just the next. */
static void test_implied(void)
{
    for (guint bit = 0; bit < 24; bit++) {
        const guint once = ir_has_implied(1u << bit);

        g_assert_cmphex(ir_has_implied(once), ==, once);
        g_assert_cmphex(once & ir_has_excluded(1u << bit), ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/space/implied", test_implied);
    g_test_add_func("/decide/space/parsed", test_parsed);
    g_test_add_func("/decide/space/composed", test_composed);
    return g_test_run();
}
