/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/bucket.h"

static gboolean has(const struct bucket *buckets, guint n, guint64 number)
{
    for (guint which = 0; which < 2; which++)
        for (guint i = 0; i < BUCKET_CELLS; i++)
            if (buckets[bucket_of(number, which, n)].cells[i] == number)
                return TRUE;
    return FALSE;
}

/* All of them are found and others are not; gives how many buckets it took. */
static guint check(const guint64 *numbers, guint n, guint64 absent)
{
    g_autoptr(GArray) buckets = g_array_new(FALSE, FALSE, sizeof(struct bucket));
    const struct bucket *own;
    guint size;

    g_array_set_size(buckets, 3); /* of another list */
    size = buckets_append(buckets, numbers, n);
    g_assert_cmpuint(buckets->len, ==, 3 + size);
    g_assert_cmpuint(size & (size - 1), ==, 0);
    own = &g_array_index(buckets, struct bucket, 3);
    for (guint i = 0; i < n; i++)
        g_assert_true(has(own, size, numbers[i]));
    g_assert_false(has(own, size, absent));
    return size;
}

static void test_none(void)
{
    g_assert_cmpuint(check(NULL, 0, 0), ==, 1);
}

static void test_same(void)
{
    guint64 numbers[100];

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        numbers[i] = 0x525400000001;
    g_assert_cmpuint(check(numbers, G_N_ELEMENTS(numbers), 0x525400000002), <=, 64);
}

/* Addresses in a row, and every 256th: at most twice what they need. */
static void test_addresses(void)
{
    guint64 numbers[10000];

    for (guint step = 1; step <= 256; step *= 256)
        for (guint n = 1; n <= G_N_ELEMENTS(numbers); n += n < 70 ? 1 : 331) {
            for (guint i = 0; i < n; i++)
                numbers[i] = 0x0a000000 + (guint64)i * step;
            g_assert_cmpuint(check(numbers, n, 0x0b000000) * BUCKET_CELLS, <=, MAX(4, 3 * n));
        }
}

static void test_random(void)
{
    guint64 numbers[3000];

    for (guint round = 0; round < 50; round++) {
        const guint n = (guint)g_test_rand_int_range(1, G_N_ELEMENTS(numbers));

        for (guint i = 0; i < n; i++)
            numbers[i] = (guint64)g_test_rand_int() << 16 | 1;
        g_assert_cmpuint(check(numbers, n, 2) * BUCKET_CELLS, <=, MAX(4, 3 * n));
    }
}

/* The bits that make a difference for both buckets are the lower ones: with none of them all
 * numbers have one second bucket, and the first has to do. */
static void test_high_bits(void)
{
    guint64 numbers[64];

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        numbers[i] = (guint64)i << 42;
    g_assert_cmpuint(check(numbers, G_N_ELEMENTS(numbers), 1), <=, 4096);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bucket/none", test_none);
    g_test_add_func("/bucket/same", test_same);
    g_test_add_func("/bucket/addresses", test_addresses);
    g_test_add_func("/bucket/random", test_random);
    g_test_add_func("/bucket/high-bits", test_high_bits);
    return g_test_run();
}
