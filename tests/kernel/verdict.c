/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs in the kernel and the reference interpreter give the same verdict and name the same
 * rule or reason: all stock filters and VDSM's, both ways, both encapsulations, for honest and
 * forged frames, for each of them with every octet moved to its neighbours, and for ones with
 * octets changed at random by a fixed seed; of them all, one in stock_every(). And a list of many
 * addresses, for each of these and those between. usage: verdict STOCK OWN
 */
#include <stdio.h>

#include "datapath/judge.h"
#include "stock.h"
#include "wire.h"

#define ETHERNET 14
#define LISTS_TO 3
#define MANY_TO 3000 /* addresses 10.1.0.0 and on, of which the list has every second one */
#define RANDOM_ROUNDS 15
#define NEIGHBOURS_TO 62 /* octets from the start: through the addresses and ports of IPv4 */

typedef struct {
    Judge *judge;
    GPtrArray *frames;
    GRand *random;
    guint every, turn; /* frames tried: one in so many */
    guint compared, passed;
    /* of the filter at hand */
    const Bound *bound;
    Encapsulation encapsulation;
    guint way;
} Test;

/* BPF_PROG_TEST_RUN refuses an IP frame without its IP header (the hooks do not). */
static gboolean can_run(const GByteArray *frame)
{
    guint type = (guint)frame->data[12] << 8 | frame->data[13];
    gsize header = type == FACTS_ETH_IP4 ? 20 : type == FACTS_ETH_IP6 ? 40 : 0;

    return frame->len >= ETHERNET + header;
}

static void print_frame(const GByteArray *octets)
{
    for (guint i = 0; i < octets->len; i++)
        fprintf(stderr, "%02x", octets->data[i]);
    fputc('\n', stderr);
}

static void compare(Test *test, const GByteArray *octets)
{
    const IrFlow flow = {0};
    const Frame frame = {octets->data, octets->len, {0, 0}};
    const IrProgram *program = shape_program(test->bound->shape, test->way);
    IrVerdict expected, found;
    g_autoptr(GError) error = NULL;

    if (test->turn++ % test->every != 0 || !can_run(octets))
        return;
    expected = ir_decide(program, test->bound->bindings[test->way], &frame, test->encapsulation,
                         &flow, &flow, NULL, NULL);
    judge_run(test->judge, test->way, &frame, NULL, NULL, &found, &error);
    g_assert_no_error(error);
    test->compared++;
    test->passed += expected.pass ? 1 : 0;
    if (found.pass == expected.pass && found.reason == expected.reason &&
        found.is_unwrapped == expected.is_unwrapped &&
        (found.reason != REASON_RULE || found.origin == expected.origin))
        return;
    print_frame(octets);
    g_autofree char *e = ir_origin_format(program, expected.reason, expected.origin);
    g_autofree char *f = ir_origin_format(program, found.reason, found.origin);
    g_autofree char *listing = shape_format(test->bound->shape);
    g_error("%s way %u: expected %d by %s, found %d by %s\n%s", program->name, test->way,
            expected.pass, e, found.pass, f, listing);
}

static void compare_neighbours(Test *test, const GByteArray *octets)
{
    for (guint at = 0; at < MIN(octets->len, NEIGHBOURS_TO); at++)
        for (guint add = 1; add <= 255; add += 254) {
            g_autoptr(GByteArray) copy = g_byte_array_new();

            g_byte_array_append(copy, octets->data, octets->len);
            copy->data[at] = (guint8)(copy->data[at] + add);
            compare(test, copy);
        }
}

static void compare_random(Test *test, const GByteArray *octets)
{
    for (guint round = 0; round < RANDOM_ROUNDS; round++) {
        g_autoptr(GByteArray) copy = g_byte_array_new();

        g_byte_array_append(copy, octets->data, octets->len);
        for (int changes = g_rand_int_range(test->random, 1, 6); changes > 0; changes--)
            copy->data[g_rand_int_range(test->random, 0, (gint32)copy->len)] =
                (guint8)g_rand_int(test->random);
        g_byte_array_set_size(
            copy, (guint)g_rand_int_range(test->random, ETHERNET, (gint32)octets->len + 1));
        compare(test, copy);
    }
}

static void compare_way(Test *test, gboolean is_thorough)
{
    for (guint i = 0; i < test->frames->len; i++) {
        compare(test, g_ptr_array_index(test->frames, i));
        if (is_thorough)
            compare_neighbours(test, g_ptr_array_index(test->frames, i));
        compare_random(test, g_ptr_array_index(test->frames, i));
    }
}

static void compare_filter(Test *test, const Plan *plan, guint n, Encapsulation encapsulation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Variables) variables = stock_variables(plan->name, n);
    g_autoptr(PlanValues) values = plan_bind(plan, variables, &error);
    Bound bound;

    g_assert_no_error(error);
    bound_init(&bound, plan, values, encapsulation);
    test->bound = &bound;
    test->encapsulation = encapsulation;
    judge_bind(test->judge, bound.shape, bound.bindings[0], bound.bindings[1], FALSE, &error);
    g_assert_no_error(error);
    for (test->way = 0; test->way < 2; test->way++)
        compare_way(test, n == 1 && encapsulation == ENCAPSULATION_INSPECT);
    bound_clear(&bound);
}

/* An IPv4 frame from the port's MAC and each address around those in its list. */
static void compare_addresses(Test *test)
{
    g_autoptr(GByteArray) frame = wire_octets("525400000009 525400000001 0800"
                                              "4500 0014 0001 0000 40 fd 0000 0a010000 0a000009");
    const guint before = test->passed;

    for (guint i = 0; i < MANY_TO; i++) {
        frame->data[ETHERNET + 14] = (guint8)(i >> 8);
        frame->data[ETHERNET + 15] = (guint8)i;
        compare(test, frame);
    }
    if (test->every == 1)
        g_assert_cmpuint(test->passed - before, ==, MANY_TO / 2);
}

static void compare_long_list(Test *test, const Plan *plan)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Variables) variables = stock_variables(plan->name, 1);
    Bound bound;

    for (guint i = 0; i < MANY_TO; i += 2) {
        g_autofree char *address = g_strdup_printf("10.1.%u.%u", i >> 8, i & 255);
        g_assert_true(variables_add(variables, "IP", address, NULL));
    }
    g_autoptr(PlanValues) values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    bound_init(&bound, plan, values, ENCAPSULATION_INSPECT);
    test->bound = &bound;
    test->encapsulation = ENCAPSULATION_INSPECT;
    test->way = 0;
    judge_bind(test->judge, bound.shape, bound.bindings[0], bound.bindings[1], FALSE, &error);
    g_assert_no_error(error);
    compare_addresses(test);
    bound_clear(&bound);
}

int main(int argc, char **argv)
{
    Test test = {
        .frames = stock_frames(), .random = g_rand_new_with_seed(1), .every = stock_every()};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(argc, ==, 3);
    test.judge = judge_new(&error);
    g_assert_no_error(error);
    g_autoptr(Catalogue) filters = stock_filters(argv[1], argv[2]);
    g_autofree const char **names = catalogue_names(filters);
    guint n_filters = 0;
    for (; names[n_filters]; n_filters++) {
        g_autoptr(Plan) plan = catalogue_resolve(filters, names[n_filters], &error);
        g_assert_no_error(error);
        for (guint n = 1; n <= LISTS_TO; n++)
            compare_filter(&test, plan, n, ENCAPSULATION_INSPECT);
        compare_filter(&test, plan, LISTS_TO, ENCAPSULATION_OPAQUE);
    }
    g_autoptr(Plan) clean = catalogue_resolve(filters, "clean-traffic", &error);
    g_assert_no_error(error);
    compare_long_list(&test, clean);
    g_assert_cmpuint(n_filters, >=, 25);
    g_assert_cmpuint(test.passed, >, 10000 / test.every);
    g_assert_cmpuint(test.compared - test.passed, >, 10000 / test.every);
    printf("%u filters, %u verdicts alike, %u of them pass\n", n_filters, test.compared,
           test.passed);
    g_ptr_array_unref(test.frames);
    g_rand_free(test.random);
    judge_free(test.judge);
    return 0;
}
