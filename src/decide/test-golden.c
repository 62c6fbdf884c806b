/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of the stock filters, of VDSM's, and of some that show each case, as text: usage
 * test-golden GOLDEN STOCK OWN CASES compares them with GOLDEN/NAME.ir; with a fifth argument
 * "write" it writes those files.
 */
#include <stdio.h>
#include <string.h>

#include "decide/build.h"
#include "decide/check.h"
#include "decide/pass.h"
#include "decide/text.h"
#include "nwfilter/catalogue-dir.h"

static const char *golden, *stock, *own, *cases;
static gboolean is_writing;

/* One address where a port has one, two where it has more: both shapes of each filter. */
static Variables *port_variables(const Plan *plan, guint n)
{
    const gboolean is_ip6 = strstr(plan->name, "v6") != NULL;
    const char *const rows[][3] = {
        {"MAC", "52:54:00:00:00:01", NULL},
        {"IP", "10.0.0.1", "10.0.0.2"},
        {"IPV6", "fd00::1", "fd00::2"},
        {"GATEWAY_MAC", "52:54:00:00:00:fe", NULL},
        {"DHCPSERVER", is_ip6 ? "fe80::fe" : "10.0.0.254", is_ip6 ? "fe80::fd" : "10.0.0.253"},
    };
    Variables *variables = variables_new();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        for (guint value = 1; value <= n && rows[i][value]; value++)
            g_assert_true(variables_add(variables, rows[i][0], rows[i][value], NULL));
    return variables;
}

static void assert_holds(char *broken)
{
    g_assert_cmpstr(broken, ==, NULL);
    g_free(broken);
}

/* Built, and after all passes; both honor what they must. */
static void append_way(GString *text, const Plan *plan, guint way, const PlanValues *values)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IrProgram) program = ir_build(plan, way, values, &error);
    g_assert_no_error(error);
    g_autofree guint *lengths = ir_lengths(program, values);
    g_autofree char *built = ir_program_format(program), *optimized = NULL;

    assert_holds(ir_check(program));
    g_assert_true(ir_optimize(program, lengths, &error));
    g_assert_no_error(error);
    assert_holds(ir_check(program));
    assert_holds(ir_check_settled(program));
    assert_holds(ir_check_folded(program));
    assert_holds(ir_check_pruned(program));
    assert_holds(ir_check_shared(program));
    assert_holds(ir_check_tidy(program));
    optimized = ir_program_format(program);
    g_string_append_printf(text, "# built\n%s# optimized\n%s", built, optimized);
}

static char *programs_of(const Plan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint n = 1; n <= 2; n++) {
        g_autoptr(Variables) variables = port_variables(plan, n);
        g_autoptr(GError) error = NULL;
        g_autoptr(PlanValues) values = plan_bind(plan, variables, &error);

        g_assert_no_error(error);
        g_string_append_printf(text, "## lists of %u\n", n);
        append_way(text, plan, PLAN_FROM_VM, values);
        append_way(text, plan, PLAN_TO_VM, values);
    }
    return g_string_free(text, FALSE);
}

static Catalogue *catalogue(void)
{
    Catalogue *filters = catalogue_new();
    g_autoptr(GPtrArray) problems = NULL, own_problems = NULL, case_problems = NULL;

    g_assert_true(catalogue_load(filters, stock, CATALOGUE_LOAD_NONE, &problems, NULL));
    g_assert_true(catalogue_load(filters, own, CATALOGUE_LOAD_KEEP, &own_problems, NULL));
    g_assert_true(catalogue_load(filters, cases, CATALOGUE_LOAD_KEEP, &case_problems, NULL));
    g_assert_cmpuint(case_problems->len, ==, 0);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpuint(own_problems->len, ==, 0);
    return filters;
}

static void test_golden(void)
{
    g_autoptr(Catalogue) filters = catalogue();
    g_autofree const char **names = catalogue_names(filters);

    g_assert_cmpuint(g_strv_length((char **)names), ==, 28);
    for (guint i = 0; names[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = catalogue_resolve(filters, names[i], &error);
        g_assert_no_error(error);
        g_autofree char *text = programs_of(plan), *expected = NULL;
        g_autofree char *path = g_strdup_printf("%s/%s.ir", golden, names[i]);

        if (is_writing)
            g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
        g_assert_cmpstr(text, ==, expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, >=, 5);
    golden = argv[1];
    stock = argv[2];
    own = argv[3];
    cases = argv[4];
    is_writing = argc > 5 && strcmp(argv[5], "write") == 0;
    g_test_add_func("/decide/golden", test_golden);
    return g_test_run();
}
