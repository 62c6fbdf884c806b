/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/bdd.h"

/* Every function of three variables, by its truth table of eight bits. */
#define N_VARIABLES 3

static Bdd of_table(BddStore *store, guint table)
{
    Bdd set = BDD_FALSE;

    for (guint row = 0; row < 8; row++) {
        Bdd cube = BDD_TRUE;

        for (guint i = 0; i < N_VARIABLES; i++) {
            Bdd variable = bdd_variable(store, i);
            cube = bdd_and(store, cube, row >> i & 1 ? variable : bdd_not(store, variable));
        }
        if (table >> row & 1)
            set = bdd_or(store, set, cube);
    }
    return set;
}

/* Equal functions are equal numbers, whatever way they were made. */
static void test_operations(void)
{
    g_autoptr(BddStore) store = bdd_new(100000);
    Bdd sets[256];

    for (guint table = 0; table < 256; table++)
        sets[table] = of_table(store, table);
    for (guint a = 0; a < 256; a++) {
        g_assert_cmpuint(bdd_not(store, sets[a]), ==, sets[a ^ 255]);
        for (guint b = 0; b < 256; b++) {
            g_assert_cmpuint(bdd_and(store, sets[a], sets[b]), ==, sets[a & b]);
            g_assert_cmpuint(bdd_or(store, sets[a], sets[b]), ==, sets[a | b]);
            g_assert_cmpuint(bdd_xor(store, sets[a], sets[b]), ==, sets[a ^ b]);
            g_assert_cmpuint(bdd_minus(store, sets[a], sets[b]), ==, sets[a & ~b & 255]);
            g_assert_cmpuint(bdd_ite(store, sets[a], sets[b], sets[a ^ b]), ==,
                             sets[(a & b) | (~a & 255 & (a ^ b))]);
        }
    }
    g_assert_false(bdd_is_full(store));
    g_assert_cmpuint(sets[0], ==, BDD_FALSE);
    g_assert_cmpuint(sets[255], ==, BDD_TRUE);
}

static void test_pick(void)
{
    g_autoptr(BddStore) store = bdd_new(100000);

    for (guint table = 1; table < 256; table++) {
        gboolean values[N_VARIABLES] = {FALSE};

        bdd_pick(store, of_table(store, table), values, N_VARIABLES);
        g_assert_true(table >> (values[0] + 2 * values[1] + 4 * values[2]) & 1);
    }
}

/* x0 = x8, x1 = x9, ...: in this order of variables its size doubles with each pair. */
static void test_limit(void)
{
    g_autoptr(BddStore) store = bdd_new(1000);
    Bdd equal = BDD_TRUE;

    for (guint i = 0; i < 16; i++) {
        Bdd differ = bdd_xor(store, bdd_variable(store, i), bdd_variable(store, i + 16));
        equal = bdd_minus(store, equal, differ);
    }
    g_assert_true(bdd_is_full(store));
    g_assert_cmpuint(bdd_size(store), <=, 1000);
    g_assert_cmpuint(bdd_or(store, BDD_TRUE, equal), ==, BDD_FALSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/bdd/operations", test_operations);
    g_test_add_func("/decide/bdd/pick", test_pick);
    g_test_add_func("/decide/bdd/limit", test_limit);
    return g_test_run();
}
