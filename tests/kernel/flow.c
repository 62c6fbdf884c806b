/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections as the data path keeps them, against the reference table: many frames at random, by
 * fixed seeds, of few hosts and ports, both ways, through filters that ask for state. For each
 * frame the verdict and its rule must be alike; what passed changes both tables. On a slow machine
 * fewer frames, see stock_every().
 */
#include <stdio.h>
#include <string.h>

#include "datapath/judge.h"
#include "decide/flow.h"
#include "decide/test-world.h"
#include "stock.h"

#define FRAMES 6000

static const char *const texts[] = {
    /* out may begin, in answers */
    "<filter name='a' chain='root'>\n"
    "<rule action='accept' direction='out'><tcp/></rule>\n"
    "<rule action='accept' direction='out'><udp/></rule>\n"
    "<rule action='accept' direction='out'><icmp/></rule>\n"
    "<rule action='accept' direction='out'><all-ipv6/></rule>\n"
    "<rule action='drop' direction='inout'><all/></rule>\n"
    "<rule action='drop' direction='inout'><all-ipv6/></rule>\n</filter>",
    /* a server, errors about its connections, pings */
    "<filter name='b' chain='root'>\n"
    "<rule action='accept' direction='in'><tcp dstportstart='22'/></rule>\n"
    "<rule action='accept' direction='in'><udp-ipv6 dstportstart='53'/></rule>\n"
    "<rule action='accept' direction='in'><icmp type='8'/></rule>\n"
    "<rule action='accept' direction='inout'><all state='RELATED,ESTABLISHED'/></rule>\n"
    "<rule action='drop' direction='inout'><all/></rule>\n"
    "<rule action='drop' direction='in'><all-ipv6 state='INVALID'/></rule>\n"
    "<rule action='accept' direction='out'><icmpv6/></rule>\n"
    "<rule action='drop' direction='inout'><all-ipv6/></rule>\n</filter>",
    /* few connections from one source */
    "<filter name='c' chain='root'>\n"
    "<rule action='drop' direction='in'><tcp dstportstart='22' connlimit-above='2'/></rule>\n"
    "<rule action='drop' direction='in'><udp connlimit-above='3'/></rule>\n"
    "<rule action='accept' direction='inout'><all/></rule>\n"
    "<rule action='accept' direction='inout'><all-ipv6/></rule>\n</filter>",
    /* who may begin is told by state alone, and ports make fragments wait for their beginning */
    "<filter name='d' chain='root'>\n"
    "<rule action='accept' direction='out'><all state='NEW,ESTABLISHED'/></rule>\n"
    "<rule action='accept' direction='in'><all state='ESTABLISHED,RELATED'/></rule>\n"
    "<rule action='drop' direction='out' statematch='false'><udp dstportstart='53'/></rule>\n"
    "<rule action='drop' direction='in'><all/></rule>\n</filter>",
};

typedef struct {
    Judge *judge;
    FlowTable *flows;
    Bound bound;
    GRand *random;
    guint64 touched;
    guint passed, compared, states[16];
} Test;

/* ---- frames ---- */

static guint pick(Test *test, guint n)
{
    return (guint)g_rand_int_range(test->random, 0, (gint32)n);
}

static void put16(guint8 *at, guint value)
{
    at[0] = (guint8)(value >> 8);
    at[1] = (guint8)value;
}

/* The transport's header; length of it and what it carries. */
static guint put_transport(Test *test, guint8 *at, guint protocol, gboolean is_in)
{
    static const guint ports[] = {1000, 1001, 22, 53};
    static const guint8 flags[] = {0x02, 0x12, 0x10, 0x11, 0x04, 0x18};
    const guint near = ports[pick(test, 4)], far = ports[pick(test, 4)];

    memset(at, 0, 20);
    put16(at, is_in ? far : near);
    put16(at + 2, is_in ? near : far);
    if (protocol == 6) {
        at[12] = 0x50;
        at[13] = flags[pick(test, G_N_ELEMENTS(flags))];
        return 20;
    }
    put16(at + 4, 8);
    return 8;
}

static guint put_echo(Test *test, guint8 *at, gboolean is_ip6)
{
    static const guint8 types[] = {8, 0, 13, 42}, types6[] = {128, 129, 135, 200};

    memset(at, 0, 8);
    at[0] = is_ip6 ? types6[pick(test, 4)] : types[pick(test, 4)];
    put16(at + 4, 1 + pick(test, 2));
    return 8;
}

static guint put_packet(Test *test, guint8 *at, gboolean is_ip6, gboolean is_in, guint depth);

static guint put_error(Test *test, guint8 *at, gboolean is_ip6, gboolean is_in, guint depth)
{
    memset(at, 0, 8);
    at[0] = is_ip6 ? 1 : 3;
    return 8 + put_packet(test, at + 8, is_ip6, !is_in, depth + 1);
}

static guint put_content(Test *test, guint8 *at, guint8 *protocol, gboolean is_ip6, gboolean is_in,
                         guint depth)
{
    static const guint8 protocols[] = {6, 17, 1, 1, 6, 17, 47};

    *protocol = protocols[pick(test, G_N_ELEMENTS(protocols))];
    if (*protocol == 47) {
        memset(at, 0, 4);
        return 4;
    }
    if (*protocol != 1)
        return put_transport(test, at, *protocol, is_in);
    *protocol = is_ip6 ? 58 : 1;
    if (depth == 0 && pick(test, 2) == 0)
        return put_error(test, at, is_ip6, is_in, depth);
    return put_echo(test, at, is_ip6);
}

static guint put_ip4(Test *test, guint8 *at, gboolean is_in, guint depth)
{
    const guint8 own[] = {10, 0, 0, 1};
    const guint8 far[] = {10, 0, 0, (guint8)(2 + pick(test, 2))};
    static const guint fragments[] = {0, 0, 0, 0, 0x2000, 0x0003};
    guint length;

    memset(at, 0, 20);
    at[0] = 0x45;
    put16(at + 4, 1 + pick(test, 2));
    if (depth == 0)
        put16(at + 6, fragments[pick(test, G_N_ELEMENTS(fragments))]);
    at[8] = 64;
    memcpy(at + 12, is_in ? far : own, 4);
    memcpy(at + 16, is_in ? own : far, 4);
    length = 20 + put_content(test, at + 20, at + 9, FALSE, is_in, depth);
    put16(at + 2, length);
    return length;
}

static guint put_ip6(Test *test, guint8 *at, gboolean is_in, guint depth)
{
    guint length;

    memset(at, 0, 40);
    at[0] = 0x60;
    at[7] = 64;
    at[8] = at[24] = 0xfd;
    at[23] = is_in ? (guint8)(2 + pick(test, 2)) : 1;
    at[39] = is_in ? 1 : (guint8)(2 + pick(test, 2));
    length = put_content(test, at + 40, at + 6, TRUE, is_in, depth);
    put16(at + 4, length);
    return 40 + length;
}

static guint put_packet(Test *test, guint8 *at, gboolean is_ip6, gboolean is_in, guint depth)
{
    return is_ip6 ? put_ip6(test, at, is_in, depth) : put_ip4(test, at, is_in, depth);
}

static guint put_frame(Test *test, guint8 *octets, gboolean is_in)
{
    const gboolean is_ip6 = pick(test, 3) == 0;
    static const guint8 own[] = {0x52, 0x54, 0, 0, 0, 1}, far[] = {0x52, 0x54, 0, 0, 0, 2};

    memcpy(octets, is_in ? own : far, 6);
    memcpy(octets + 6, is_in ? far : own, 6);
    put16(octets + 12, is_ip6 ? FACTS_ETH_IP6 : FACTS_ETH_IP4);
    return 14 + put_packet(test, octets + 14, is_ip6, is_in, 0);
}

/* ---- both sides ---- */

static void trace(const IrStep *step, guint failed, gpointer data)
{
    Test *test = data;

    for (guint i = 0; i < step->tests->len && i <= failed; i++)
        if (ir_step_test(step, i)->kind == TEST_OVER)
            test->touched |= 1ull << ir_step_test(step, i)->limit;
}

static IrVerdict reference(Test *test, guint way, const Frame *frame)
{
    const IrProgram *program = shape_program(test->bound.shape, way);
    const IrBinding *binding = test->bound.bindings[way];
    struct facts facts;
    IrVerdict verdict;
    IrFlow flow;

    frame_parse(frame, FACTS_WANT_ALL, &facts);
    flow = flow_table_look(test->flows, frame, &facts, program, binding);
    test->states[flow.state & 15]++;
    test->touched = 0;
    verdict = ir_decide(program, binding, frame, ENCAPSULATION_INSPECT, &flow, &flow, trace, test);
    flow_table_note(test->flows, frame, &facts, &flow, verdict.pass, test->touched);
    return verdict;
}

static void compare(Test *test)
{
    guint8 octets[256];
    const guint way = pick(test, 2);
    const Frame frame = {octets, put_frame(test, octets, way == PLAN_TO_VM), {0, 0}};
    const IrProgram *program = shape_program(test->bound.shape, way);
    IrVerdict expected = reference(test, way, &frame), found;
    g_autoptr(GError) error = NULL;

    judge_run(test->judge, way, &frame, NULL, NULL, &found, &error);
    g_assert_no_error(error);
    test->compared++;
    test->passed += found.pass ? 1 : 0;
    if (found.pass == expected.pass && found.reason == expected.reason &&
        (found.reason != REASON_RULE || found.origin == expected.origin))
        return;
    g_autofree char *e = ir_origin_format(program, expected.reason, expected.origin);
    g_autofree char *f = ir_origin_format(program, found.reason, found.origin);
    for (gsize i = 0; i < frame.length; i++)
        fprintf(stderr, "%02x", octets[i]);
    g_error(" (frame %u, way %u) expected %d by %s, found %d by %s", test->compared, way,
            expected.pass, e, found.pass, f);
}

static void try_filter(const char *text, guint seed)
{
    g_autoptr(Plan) plan = world_plan(&text, 1);
    g_autoptr(PlanValues) values = world_values(plan, 0);
    g_autoptr(GError) error = NULL;
    Test test = {.flows = flow_table_new(), .random = g_rand_new_with_seed(seed)};
    const guint every = stock_every();

    bound_init(&test.bound, plan, values, ENCAPSULATION_INSPECT);
    test.judge = judge_new(&error);
    g_assert_no_error(error);
    judge_bind(test.judge, test.bound.shape, test.bound.bindings[0], test.bound.bindings[1], FALSE,
               &error);
    g_assert_no_error(error);
    for (guint i = 0; i < FRAMES / every; i++)
        compare(&test);
    printf("%s: %u frames alike, %u pass; new %u, established %u, related %u, invalid %u\n",
           plan->name, test.compared, test.passed, test.states[1], test.states[2], test.states[4],
           test.states[8]);
    g_assert_cmpuint(test.passed, >, 200 / every);
    g_assert_cmpuint(test.compared - test.passed, >, 200 / every);
    g_assert_cmpuint(test.states[2], >, 100 / every);
    g_assert_cmpuint(test.states[4], >, 20 / every);
    judge_free(test.judge);
    flow_table_free(test.flows);
    bound_clear(&test.bound);
    g_rand_free(test.random);
}

int main(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        for (guint seed = 1; seed <= 2; seed++)
            try_filter(texts[i], seed);
    return 0;
}
