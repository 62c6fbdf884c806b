/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame parser on any octets: it reads nothing beyond the end (AddressSanitizer watches), a
 * tag beside the frame means what a tag in it means, and asking for less changes no answer.
 * Input: two octets choose what is asked for and where the frame is cut, the rest is the frame.
 */
#include "decide/frame.c"
#include "decide/ir-field.c"

#define VIEW_BITS (FACTS_ETH | FACTS_VLAN | FACTS_WRAPPED)

static void check_want(const Frame *frame, guint want, const struct facts *all)
{
    struct facts some;

    frame_parse(frame, want, &some);
    g_assert_cmphex(some.has & VIEW_BITS, ==, all->has & VIEW_BITS);
    g_assert_cmphex(some.has & ~all->has, ==, 0);
}

static void check_facts(const struct facts *facts)
{
    const guint has = facts->has;

    /* what facts.def says of the bits, every pass and search builds on */
    g_assert_cmphex(ir_has_implied(has) & ~has, ==, 0);
    g_assert_cmphex(ir_has_excluded(has) & has, ==, 0);
    g_assert_true((has & FACTS_ETH) || has == FACTS_REFUSED);
    g_assert_false((has & FACTS_STP_CONFIG) && facts->stp_type != 0);
}

static void check_beside(const Frame *frame, const struct facts *in)
{
    g_autofree guint8 *room = g_malloc(frame->length + 1);
    Frame bare = frame_untag(frame, room);
    struct facts beside;

    frame_parse(&bare, FACTS_WANT_ALL, &beside);
    beside.l3_at = in->l3_at;
    beside.l4_at = in->l4_at;
    g_assert_cmpmem(in, sizeof *in, &beside, sizeof beside);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    struct facts outermost, unwrapped;

    if (size < 2)
        return 0;
    Frame frame = {data + 2, size - 2, {0, 0}};
    frame_parse(&frame, FACTS_WANT_ALL, &outermost);
    check_facts(&outermost);
    frame_unwrap(&frame, FACTS_WANT_ALL, &unwrapped);
    check_facts(&unwrapped);
    check_want(&frame, data[0] & FACTS_WANT_ALL, &outermost);
    check_beside(&frame, &outermost);
    if (!(outermost.has & (FACTS_WRAPPED | FACTS_REFUSED)))
        g_assert_cmpmem(&outermost, sizeof outermost, &unwrapped, sizeof unwrapped);
    return 0;
}
