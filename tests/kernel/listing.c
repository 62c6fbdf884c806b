/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated programs as text. usage: listing GOLDEN STOCK OWN compares filters with
 * GOLDEN/NAME.bpf; with a fourth argument "write" it writes those files. Needs no root.
 */
#include <string.h>

#include "stock.h"

static const char *golden, *stock, *own;
static gboolean is_writing;

#define FILTERS 25 /* the 24 of libvirt-daemon-config-nwfilter, and ours */

static char *listings(const Plan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint n = 1; n <= 2; n++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Variables) variables = stock_variables(plan->name, n);
        g_autoptr(PlanValues) values = plan_bind(plan, variables, &error);
        Bound bound;

        g_assert_no_error(error);
        bound_init(&bound, plan, values, ENCAPSULATION_INSPECT);
        g_autofree char *listing = shape_format(bound.shape);
        g_string_append_printf(text, "## lists of %u\n%s", n, listing);
        bound_clear(&bound);
    }
    return g_string_free(text, FALSE);
}

static void check(Catalogue *filters, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = catalogue_resolve(filters, name, &error);
    g_assert_no_error(error);
    g_autofree char *text = listings(plan), *expected = NULL;
    g_autofree char *path = g_strdup_printf("%s/%s.bpf", golden, name);

    if (is_writing)
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void test_golden(void)
{
    g_autoptr(Catalogue) filters = stock_filters(stock, own);
    g_autofree const char **names = catalogue_names(filters);

    g_assert_cmpuint(g_strv_length((char **)names), ==, FILTERS);
    for (gsize i = 0; i < FILTERS; i++)
        check(filters, names[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, >=, 4);
    golden = argv[1];
    stock = argv[2];
    own = argv[3];
    is_writing = argc > 4 && strcmp(argv[4], "write") == 0;
    g_test_add_func("/datapath/golden", test_golden);
    return g_test_run();
}
