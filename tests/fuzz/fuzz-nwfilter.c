/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a filter. What is read can be printed, read again and printed alike; it resolves by
 * itself, keeps its shape over that round, and expands for some port without going beyond any list.
 * Input: the XML.
 */
#include <string.h>

#include "nwfilter/resolve.h"

static const char *const port_values[] = {"10.0.0.1", "52:54:00:00:00:01", "::1", "24",
                                          "ff:ff:ff:00:00:00"};

/* Only the filter itself is there, so a reference to it is a loop. */
static Filter *lookup(gpointer data, const char *name)
{
    Filter *filter = data;

    return strcmp(filter->name, name) == 0 ? filter : NULL;
}

/* The same list for every variable the plan has: right for some slots, refused for the others. */
static Variables *port_of(const Plan *plan, const char *value)
{
    Variables *port = variables_new();

    for (guint i = 0; i < plan->n_slots; i++) {
        for (guint j = 0; j < 3; j++)
            (void)variables_add(port, plan->slots[i].name, value, NULL); /* up to its limits */
    }
    return port;
}

static void check_expansion(const Plan *plan)
{
    for (guint i = 0; i < G_N_ELEMENTS(port_values); i++) {
        g_autoptr(Variables) port = port_of(plan, port_values[i]);
        g_autoptr(PlanValues) values = plan_bind(plan, port, NULL);
        g_autofree char *text = values ? plan_format(plan, values) : NULL;

        g_assert_true(!values || text);
    }
}

static char *check_plan(Filter *filter)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_resolve(filter, lookup, filter, &error);

    g_assert_true((plan == NULL) == (error != NULL));
    if (!plan)
        return NULL;
    g_autofree char *text = plan_format(plan, NULL);
    g_assert_nonnull(text);
    check_expansion(plan);
    return plan_shape(plan);
}

static void check_round(Filter *filter)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = filter_format(filter, NULL);
    g_autoptr(Filter) again = filter_parse(text, strlen(text), NULL, NULL, &error);

    g_assert_no_error(error);
    g_autofree char *same = filter_format(again, NULL);
    g_assert_cmpstr(same, ==, text);
    g_autofree char *shape = check_plan(filter);
    g_autofree char *same_shape = check_plan(again);
    g_assert_cmpstr(same_shape, ==, shape);
}

static void check_problems(const GPtrArray *problems)
{
    g_assert_cmpuint(problems->len, >, 0);
    for (guint i = 0; i < problems->len; i++) {
        g_autofree char *text = nwfilter_error_format(problems->pdata[i]);
        g_assert_true(g_utf8_validate(text, -1, NULL));
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter = filter_parse((const char *)data, size, "f", &problems, &error);

    g_assert_true((filter == NULL) == (error != NULL));
    if (filter)
        check_round(filter);
    else
        check_problems(problems);
    return 0;
}
