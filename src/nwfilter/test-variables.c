/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mac.h"
#include "nwfilter/bounds.h"
#include "nwfilter/error.h"
#include "nwfilter/variables.h"

static const struct {
    const char *text;
    const char *printed; /* NULL: refused */
} accesses[] = {
    {"IP", "$IP"},
    {"IP[@0]", "$IP"},
    {"a_9[@7]", "$a_9[@7]"},
    {"IP[ @ 7 ]", "$IP[@7]"},
    {"IP[@1000]", "$IP[@1000]"},
    {"IP[0]", "$IP[0]"},
    {"IP[ 12 ]", "$IP[12]"},
    {"IP[4294967295]", "$IP[4294967295]"},
    {"", NULL},
    {"[1]", NULL},
    {"IP[@1001]", NULL},
    {"IP[4294967296]", NULL},
    {"IP[99999999999999999999]", NULL},
    {"IP[-1]", NULL},
    {"IP[+1]", NULL},
    {"IP[]", NULL},
    {"IP[@]", NULL},
    {"IP[1", NULL},
    {"IP[1]x", NULL},
    {"IP [1]", NULL},
    {"I-P", NULL},
};

static void test_access(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(accesses); i++) {
        g_autoptr(GError) error = NULL;
        VariableAccess access;

        if (!accesses[i].printed) {
            g_assert_false(variable_access_parse(accesses[i].text, &access, &error));
            g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_VALUE);
            continue;
        }
        g_assert_true(variable_access_parse(accesses[i].text, &access, &error));
        g_autofree char *printed = variable_access_format(&access);
        g_assert_cmpstr(printed, ==, accesses[i].printed);
        g_free(access.name);
    }
}

static void test_lists(void)
{
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(Variables) copy = NULL;

    g_assert_true(variables_add(variables, "IP", "10.0.0.2", NULL));
    g_assert_true(variables_add(variables, "A", "x:y.z_9", NULL));
    g_assert_true(variables_add(variables, "IP", "10.0.0.1", NULL));
    g_assert_true(variables_add(variables, "IP", "10.0.0.2", NULL));
    g_autofree const char **names = variables_names(variables);
    g_assert_cmpstr(names[0], ==, "A");
    g_assert_cmpstr(names[1], ==, "IP");
    g_assert_null(names[2]);
    const char *const expected[] = {"10.0.0.2", "10.0.0.1", "10.0.0.2", NULL};
    g_assert_cmpstrv(variables_lookup(variables, "IP"), expected);
    g_assert_null(variables_lookup(variables, "ip"));

    copy = variables_copy(variables);
    g_assert_true(variables_equal(copy, variables));
    g_assert_true(variables_add(copy, "B", "1", NULL));
    g_assert_false(variables_equal(copy, variables));
    g_assert_true(variables_add(variables, "B", "2", NULL));
    g_assert_false(variables_equal(copy, variables));
}

static void test_refused(void)
{
    static const char *const pairs[][2] = {{"", "1"},   {"a-b", "1"},     {"a b", "1"},
                                           {"a", ""},   {"a", "1/8"},     {"a", "x y"},
                                           {"a", "$b"}, {"\xc3\xa4", "1"}};
    g_autoptr(Variables) variables = variables_new();

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(variables_add(variables, pairs[i][0], pairs[i][1], &error));
        g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_VALUE);
    }
    g_autofree const char **names = variables_names(variables);
    g_assert_null(names[0]);
}

static void test_limits(void)
{
    g_autoptr(Variables) variables = variables_new();
    g_autofree char *most = g_strnfill(VARIABLE_TEXT_MAX, 'a');
    g_autofree char *more = g_strnfill(VARIABLE_TEXT_MAX + 1, 'a');
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < LIST_MAX; i++)
        g_assert_true(variables_add(variables, "list", "1", NULL));
    g_assert_false(variables_add(variables, "list", "1", &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_true(variables_add(variables, most, most, NULL));
    g_assert_false(variables_add(variables, most, more, &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
    g_clear_error(&error);
    for (guint i = 2; i < VARIABLES_MAX; i++) {
        g_autofree char *name = g_strdup_printf("v%u", i);
        g_assert_true(variables_add(variables, name, "1", NULL));
    }
    g_assert_false(variables_add(variables, "one_more", "1", &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
    g_assert_true(variables_add(variables, "v2", "1", NULL));
}

static void test_port(void)
{
    const guint64 mac = G_GUINT64_CONSTANT(0x525400000001);
    const char *const own[] = {"52:54:00:00:00:01", NULL};
    g_autoptr(Variables) given = variables_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Variables) bare = variables_for_port(NULL, mac, &error);

    g_assert_no_error(error);
    g_assert_cmpstrv(variables_lookup(bare, "MAC"), own);
    g_assert_true(variables_add(given, "MAC", "52:54:00:00:00:01", NULL));
    g_autoptr(Variables) same = variables_for_port(given, mac, &error);
    g_assert_no_error(error);
    g_assert_cmpstrv(variables_lookup(same, "MAC"), own);
    g_assert_true(variables_add(given, "MAC", "52:54:00:00:00:02", NULL));
    g_assert_null(variables_for_port(given, mac, &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_VALUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/variables/access", test_access);
    g_test_add_func("/variables/lists", test_lists);
    g_test_add_func("/variables/refused", test_refused);
    g_test_add_func("/variables/limits", test_limits);
    g_test_add_func("/variables/port", test_port);
    return g_test_run();
}
