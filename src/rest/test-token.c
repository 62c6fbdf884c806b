/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rest/password.h"
#include "rest/token.h"

static void test_idle(void)
{
    g_autoptr(TokenTable) table = token_table_new(10, 100);
    g_autofree char *token = token_table_issue(table, "u", 0);

    g_assert_cmpuint(strlen(token), ==, 43); /* 256 bits in base64url */
    g_assert_cmpstr(token_table_use(table, token, 100), ==, "u");
    g_assert_cmpstr(token_table_use(table, token, 200), ==, "u");
    g_assert_null(token_table_use(table, token, 301));
    g_assert_cmpuint(token_table_size(table), ==, 0);
}

static void test_revoke(void)
{
    g_autoptr(TokenTable) table = token_table_new(10, 100);
    g_autofree char *token = token_table_issue(table, "u", 0);

    g_assert_null(token_table_use(table, "", 0));
    g_assert_null(token_table_use(table, "other", 0));
    g_assert_true(token_table_revoke(table, token));
    g_assert_false(token_table_revoke(table, token));
    g_assert_null(token_table_use(table, token, 0));
}

/* Over the limit the one unused for longest makes room. */
static void test_limit(void)
{
    g_autoptr(TokenTable) table = token_table_new(3, 100);
    g_autofree char *first = token_table_issue(table, "first", 0);
    g_autofree char *second = token_table_issue(table, "second", 1);
    g_autofree char *third = token_table_issue(table, "third", 2);
    g_autofree char *fourth = NULL;

    g_assert_nonnull(token_table_use(table, first, 3));
    fourth = token_table_issue(table, "fourth", 4);
    g_assert_null(token_table_use(table, second, 5));
    g_assert_cmpstr(token_table_use(table, first, 5), ==, "first");
    g_assert_cmpstr(token_table_use(table, third, 5), ==, "third");
    g_assert_cmpstr(token_table_use(table, fourth, 5), ==, "fourth");
    g_assert_cmpuint(token_table_size(table), ==, 3);
}

static void test_password(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *password = password_random();
    g_autofree char *other = password_random();
    g_autofree char *hash = password_hash(password, &error);
    g_autofree char *again = password_hash(password, &error);
    g_autofree char *huge = g_strnfill(100000, 'x');
    g_autofree char *none = password_hash(huge, NULL);

    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(hash, "$y$"));
    g_assert_cmpstr(hash, !=, again); /* salted */
    g_assert_true(password_verify(password, hash));
    g_assert_true(password_verify(password, again));
    g_assert_false(password_verify(other, hash));
    g_assert_false(password_verify("", hash));
    g_assert_false(password_verify(password, ""));
    g_assert_false(password_verify(password, "*0"));
    g_assert_false(password_verify(password, "not a hash"));
    g_assert_false(password_verify(password, password_decoy()));
    g_assert_null(none);
    g_assert_false(password_verify(huge, hash));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/idle", test_idle);
    g_test_add_func("/token/revoke", test_revoke);
    g_test_add_func("/token/limit", test_limit);
    g_test_add_func("/token/password", test_password);
    return g_test_run();
}
