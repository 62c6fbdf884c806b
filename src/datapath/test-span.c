/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/span.h"

static void test_first_fit(void)
{
    g_autoptr(Spans) spans = spans_new(10, 10);
    guint at;

    g_assert_true(spans_take(spans, 4, &at));
    g_assert_cmpuint(at, ==, 10);
    g_assert_true(spans_take(spans, 6, &at));
    g_assert_cmpuint(at, ==, 14);
    g_assert_false(spans_take(spans, 1, &at));
    spans_give_back(spans, 10, 4);
    g_assert_false(spans_take(spans, 5, &at));
    spans_give_back(spans, 16, 4);
    spans_give_back(spans, 14, 2); /* closes the gap: one span again */
    g_assert_true(spans_take(spans, 10, &at));
    g_assert_cmpuint(at, ==, 10);
}

static void test_take_at(void)
{
    g_autoptr(Spans) spans = spans_new(0, 10);
    guint at;

    g_assert_true(spans_take_at(spans, 4, 2));
    g_assert_false(spans_take_at(spans, 5, 1));
    g_assert_false(spans_take_at(spans, 3, 2));
    g_assert_false(spans_take_at(spans, 9, 2));
    g_assert_true(spans_take_at(spans, 0, 0)); /* nothing, wherever: takes nothing */
    g_assert_true(spans_take_at(spans, 5, 0));
    g_assert_true(spans_take_at(spans, 0, 4));
    g_assert_true(spans_take(spans, 4, &at));
    g_assert_cmpuint(at, ==, 6);
    g_assert_false(spans_take(spans, 1, &at));
}

/* Whatever is taken and given back at random, nothing is given twice and nothing is lost. */
static void test_random(void)
{
    g_autoptr(Spans) spans = spans_new(0, 100);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    guint8 taken[100] = {0};
    guint lengths[100] = {0}, at;

    for (guint round = 0; round < 5000; round++) {
        guint length = (guint)g_rand_int_range(random, 1, 9);

        if (g_rand_boolean(random) && spans_take(spans, length, &at)) {
            lengths[at] = length;
            for (guint i = at; i < at + length; i++) {
                g_assert_cmpuint(taken[i], ==, 0);
                taken[i] = 1;
            }
        }
        at = (guint)g_rand_int_range(random, 0, 100);
        if (lengths[at] > 0) {
            spans_give_back(spans, at, lengths[at]);
            for (guint i = at; i < at + lengths[at]; i++)
                taken[i] = 0;
            lengths[at] = 0;
        }
    }
    for (at = 0; at < 100; at++)
        if (lengths[at] > 0)
            spans_give_back(spans, at, lengths[at]);
    g_assert_true(spans_take(spans, 100, &at));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datapath/span/first-fit", test_first_fit);
    g_test_add_func("/datapath/span/take-at", test_take_at);
    g_test_add_func("/datapath/span/random", test_random);
    return g_test_run();
}
