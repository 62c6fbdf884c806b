/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/throttle.h"

static guint tries_until_refused(Throttle *throttle, const char *user, const char *peer, gint64 now)
{
    guint wait, count = 0;

    while (throttle_take(throttle, user, peer, now, &wait))
        count++;
    g_assert_cmpuint(wait, >, 0);
    return count;
}

static void test_peer_budget(void)
{
    g_autoptr(Throttle) throttle = throttle_new(100);
    guint wait;

    g_assert_cmpuint(tries_until_refused(throttle, "u", "a", 0), ==, THROTTLE_PEER_TRIES);
    g_assert_false(throttle_take(throttle, "u", "a", THROTTLE_PEER_SECONDS - 1, &wait));
    g_assert_true(throttle_take(throttle, "u", "a", THROTTLE_PEER_SECONDS, &wait));
    g_assert_false(throttle_take(throttle, "u", "a", THROTTLE_PEER_SECONDS, &wait));
    g_assert_cmpuint(wait, <=, THROTTLE_PEER_SECONDS + 1);
    /* In the end the whole budget is back: nobody is locked out for ever. */
    g_assert_cmpuint(tries_until_refused(throttle, "u", "a", 100000), ==, THROTTLE_PEER_TRIES);
}

/* Many peers share the user's budget; the one the user came from before is not held up by them. */
static void test_user_budget(void)
{
    g_autoptr(Throttle) throttle = throttle_new(1000);
    guint wait, taken = 0;

    g_assert_true(throttle_take(throttle, "u", "home", 0, &wait));
    throttle_succeeded(throttle, "u", "home", 0);
    for (guint i = 0; i < 100; i++) {
        g_autofree char *peer = g_strdup_printf("peer%u", i);

        taken += throttle_take(throttle, "u", peer, 0, &wait);
    }
    g_assert_cmpuint(taken, ==, THROTTLE_USER_TRIES);
    g_assert_true(throttle_take(throttle, "u", "home", 0, &wait));
    g_assert_false(throttle_take(throttle, "u", "elsewhere", 0, &wait));
    g_assert_true(throttle_take(throttle, "u", "elsewhere", THROTTLE_USER_SECONDS, &wait));
}

static void test_right_passwords_cost_nothing(void)
{
    g_autoptr(Throttle) throttle = throttle_new(100);
    guint wait;

    for (guint i = 0; i < 100; i++) {
        g_assert_true(throttle_take(throttle, "u", "a", 0, &wait));
        throttle_succeeded(throttle, "u", "a", 0);
    }
    g_assert_cmpuint(tries_until_refused(throttle, "u", "a", 0), ==, THROTTLE_PEER_TRIES);
    throttle_give_back(throttle, "u", "a");
    g_assert_true(throttle_take(throttle, "u", "a", 0, &wait));
}

static void test_bounded(void)
{
    g_autoptr(Throttle) throttle = throttle_new(50);
    guint wait;

    for (guint i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);

        throttle_take(throttle, name, name, 0, &wait);
    }
    g_assert_cmpuint(throttle_size(throttle), <=, 50);
}

/* One peer that invents users cannot push the real one's entry out. */
static void test_invented_users(void)
{
    g_autoptr(Throttle) throttle = throttle_new(50);
    guint wait;

    for (guint i = 0; i < THROTTLE_USER_TRIES; i++) {
        g_autofree char *peer = g_strdup_printf("%u", i);

        g_assert_true(throttle_take(throttle, "admin", peer, 0, &wait));
    }
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("invented%u", i);

        throttle_take(throttle, name, "evil", 0, &wait);
    }
    g_assert_false(throttle_take(throttle, "admin", "other", 0, &wait));
}

static void test_peers(void)
{
    static const char *const rows[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:db8:1:2:ffff::1", "2001:db8:1:2::"},
        {"::1", "::"},
        {"local", "local"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *peer = throttle_peer(rows[i][0]);

        g_assert_cmpstr(peer, ==, rows[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/throttle/peer-budget", test_peer_budget);
    g_test_add_func("/throttle/user-budget", test_user_budget);
    g_test_add_func("/throttle/right-passwords", test_right_passwords_cost_nothing);
    g_test_add_func("/throttle/bounded", test_bounded);
    g_test_add_func("/throttle/invented-users", test_invented_users);
    g_test_add_func("/throttle/peers", test_peers);
    return g_test_run();
}
