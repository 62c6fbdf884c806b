/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every filter of one rule of the small world, and a share of those of two, as the kernel runs
 * them: for all frames, flows and lists of that world the verdict is the reference interpreter's,
 * with the rule or reason it names. The state of a flow is given, not kept. usage: oracle [STEP]:
 * every STEPth pair of rules; 1 tries all. Of all frames one in stock_every().
 */
#include <stdio.h>
#include <stdlib.h>

#include "datapath/judge.h"
#include "decide/test-world.h"
#include "stock.h"

typedef struct {
    Judge *judge;
    GPtrArray *frames;
    const Bound *bound;
    guint64 plans, verdicts;
    guint every, turn; /* frames tried: one in so many */
} Oracle;

/* BPF_PROG_TEST_RUN refuses an IP frame without its IP header. */
static gboolean can_run(const WorldFrame *frame)
{
    guint type = (guint)frame->octets[12] << 8 | frame->octets[13];
    gsize header = type == FACTS_ETH_IP4 ? 20 : type == FACTS_ETH_IP6 ? 40 : 0;

    return frame->length >= 14 + header;
}

static void compare(Oracle *oracle, guint way, const WorldFrame *row, const IrFlow *flow)
{
    const Frame frame = {row->octets, row->length, {0, 0}};
    const IrProgram *program = shape_program(oracle->bound->shape, way);
    IrVerdict expected = ir_decide(program, oracle->bound->bindings[way], &frame,
                                   ENCAPSULATION_INSPECT, flow, flow, NULL, NULL);
    IrVerdict found;
    g_autoptr(GError) error = NULL;

    judge_run(oracle->judge, way, &frame, flow, flow, &found, &error);
    g_assert_no_error(error);
    oracle->verdicts++;
    if (found.pass == expected.pass && found.reason == expected.reason &&
        found.is_unwrapped == expected.is_unwrapped &&
        (found.reason != REASON_RULE || found.origin == expected.origin))
        return;
    g_autofree char *e = ir_origin_format(program, expected.reason, expected.origin);
    g_autofree char *f = ir_origin_format(program, found.reason, found.origin);
    g_autofree char *listing = shape_format(oracle->bound->shape);
    g_error("frame '%s' way %u state %u: expected %d by %s, found %d by %s\n%s", row->name, way,
            flow->state, expected.pass, e, found.pass, f, listing);
}

static void compare_way(Oracle *oracle, guint way)
{
    guint n_flows;
    const IrFlow *flows = world_flows(&n_flows);

    if (!ir_program_has_flows(shape_program(oracle->bound->shape, way)))
        n_flows = 1;
    for (guint i = 0; i < oracle->frames->len; i++)
        for (guint flow = 0; flow < n_flows; flow++)
            if (oracle->turn++ % oracle->every == 0 &&
                can_run(g_ptr_array_index(oracle->frames, i)))
                compare(oracle, way, g_ptr_array_index(oracle->frames, i), &flows[flow]);
}

static void try_port(Oracle *oracle, const Plan *plan, guint port)
{
    g_autoptr(PlanValues) values = world_values(plan, port);
    g_autoptr(GError) error = NULL;
    Bound bound;

    bound_init(&bound, plan, values, ENCAPSULATION_INSPECT);
    oracle->bound = &bound;
    judge_bind(oracle->judge, bound.shape, bound.bindings[0], bound.bindings[1], TRUE, &error);
    g_assert_no_error(error);
    compare_way(oracle, PLAN_FROM_VM);
    compare_way(oracle, PLAN_TO_VM);
    bound_clear(&bound);
}

static void try_texts(Oracle *oracle, const char *const *texts, guint n, guint ports)
{
    g_autoptr(Plan) plan = world_plan(texts, n);

    oracle->plans++;
    for (guint port = 0; port < ports; port++)
        try_port(oracle, plan, port);
}

static void try_single(Oracle *oracle)
{
    for (guint rule = 0; rule < world_n_rules(); rule++) {
        g_autofree char *text = world_rule(rule, "a");

        try_texts(oracle, (const char *const *)&text, 1, WORLD_PORTS);
    }
}

static void try_pairs(Oracle *oracle, guint step)
{
    const guint n = world_n_rules();

    for (guint pair = 0; pair < n * n; pair += step) {
        g_autofree char *a = world_rule(pair / n, "a"), *b = world_rule(pair % n, "b");
        const char *texts[] = {a, b};

        try_texts(oracle, texts, 2, 1);
    }
}

int main(int argc, char **argv)
{
    Oracle oracle = {.frames = world_frames(), .every = stock_every()};
    guint step = argc > 1 ? (guint)strtoul(argv[1], NULL, 10) : 97;
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(step, >, 0);
    oracle.judge = judge_new(&error);
    g_assert_no_error(error);
    try_single(&oracle);
    try_pairs(&oracle, step);
    printf("%" G_GUINT64_FORMAT " filters, %u frames, %" G_GUINT64_FORMAT " verdicts alike\n",
           oracle.plans, oracle.frames->len, oracle.verdicts);
    g_assert_cmpuint(oracle.verdicts, >, 50000 / oracle.every);
    g_ptr_array_unref(oracle.frames);
    judge_free(oracle.judge);
    return 0;
}
