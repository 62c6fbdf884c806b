/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters just within and just beyond what the data path can take: an error that says so, when
 * they are compiled and not when a port is bound. Needs no root.
 */
#include <string.h>

#include "datapath/error.h"
#include "datapath/shape.h"
#include "decide/build.h"
#include "decide/test-world.h"

#define OPEN "<filter name='a' chain='root'>\n"
#define CLOSE "</filter>"

/* One rule for each number from 0; the caller frees. */
static char *many_rules(const char *format, guint n)
{
    GString *text = g_string_new(OPEN);

    for (guint i = 0; i < n; i++) {
        g_string_append_printf(text, "<rule action='drop' direction='in'>");
        for (const char *at = format; *at; at++) {
            if (*at == '#')
                g_string_append_printf(text, "%u", i);
            else
                g_string_append_c(text, *at);
        }
        g_string_append(text, "</rule>\n");
    }
    g_string_append(text, CLOSE);
    return g_string_free(text, FALSE);
}

static PlanValues *bind_all(const Plan *plan)
{
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(GError) error = NULL;
    PlanValues *values;

    for (guint i = 0; i < plan->n_slots; i++) {
        g_autofree char *mac = g_strdup_printf("52:54:00:00:01:%02x", i);
        g_assert_true(variables_add(variables, plan->slots[i].name, mac, NULL));
    }
    values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    return values;
}

/* As they are built: the passes would make less of them. */
static Shape *compile(char *text, GError **error)
{
    g_autofree char *owned = text;
    const char *texts[] = {owned};
    g_autoptr(Plan) plan = world_plan(texts, 1);
    g_autoptr(PlanValues) values = bind_all(plan);
    g_autoptr(IrProgram) out = ir_build(plan, PLAN_FROM_VM, values, error);
    g_autoptr(IrProgram) in = out ? ir_build(plan, PLAN_TO_VM, values, error) : NULL;

    return in ? shape_new(out, in, ENCAPSULATION_INSPECT, error) : NULL;
}

static void assert_limit(char *text, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Shape) shape = compile(text, &error);

    g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
    g_assert_null(shape);
    g_assert_nonnull(strstr(error->message, "filter "));
    g_assert_nonnull(strstr(error->message, words));
}

static void assert_fits(char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Shape) shape = compile(text, &error);

    g_assert_no_error(error);
    g_assert_nonnull(shape);
}

/* When the filter is defined, without any port's values. */
static gboolean check(char *text, GError **error)
{
    g_autofree char *owned = text;
    const char *texts[] = {owned};
    g_autoptr(Plan) plan = world_plan(texts, 1);

    return shape_check(plan, error);
}

static void assert_check_fails(char *text, const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(check(text, &error));
    g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
    g_assert_nonnull(strstr(error->message, "filter "));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_define(void)
{
    const char *connlimit = "<tcp dstportstart='#' connlimit-above='2'/>";
    const char *words = "<mac srcmacaddr='$M#[0]'/>";
    const char *ports = "<ip srcipaddr='$A' dstipaddr='$B' protocol='udp' srcportstart='1' "
                        "dstportstart='#'/>";
    const char *options = "<tcp option='$A' srcmacaddr='$B' dstportstart='#'/>";
    g_autoptr(GError) error = NULL;

    g_assert_true(check(many_rules(connlimit, 8), &error));
    assert_check_fails(many_rules(connlimit, 9), "connlimit-above");
    g_assert_true(check(many_rules(words, 24), &error));
    assert_check_fails(many_rules(words, 250), "numbers");
    g_assert_true(check(many_rules(ports, 900), &error));
    assert_check_fails(many_rules(ports, 3900), "branches");
    g_assert_true(check(many_rules(options, 20), &error)); /* no set can hold them */
    g_assert_no_error(error);
}

static void test_connlimit(void)
{
    const char *rule = "<tcp dstportstart='#' connlimit-above='2'/>";

    assert_fits(many_rules(rule, 8));
    assert_limit(many_rules(rule, 9), "connlimit-above");
}

static void test_words(void)
{
    const char *rule = "<mac srcmacaddr='$M#[0]'/>";

    assert_fits(many_rules(rule, 32));
    assert_limit(many_rules(rule, 33), "numbers of each port");
}

static void test_instructions(void)
{
    const char *rule = "<ip srcipaddr='10.1.2.3' dstipaddr='10.1.2.4' protocol='udp' "
                       "srcportstart='1' dstportstart='#'/>";

    assert_fits(many_rules(rule, 900));
    assert_limit(many_rules(rule, 1990), "branches");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datapath/limits/define", test_define);
    g_test_add_func("/datapath/limits/connlimit", test_connlimit);
    g_test_add_func("/datapath/limits/words", test_words);
    g_test_add_func("/datapath/limits/instructions", test_instructions);
    return g_test_run();
}
