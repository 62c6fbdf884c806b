/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/search.h"

typedef struct {
    EntityKind kind;
    const char *text;
    const char *expected; /* how show() writes it, or what the error says after '!' */
} Row;

static const Row rows[] = {
    {ENTITY_VM, "", ""},
    {ENTITY_VM, "   ", ""},
    {ENTITY_VM, "name=vm1", "vm_name = vm1"},
    {ENTITY_VM, "name = vm1", "vm_name = vm1"},
    {ENTITY_VM, "NAME=vm1 AND Cluster=C", "vm_name = vm1 & cluster_id.name = C"},
    {ENTITY_VM, "Vms: name=vm1", "vm_name = vm1"},
    {ENTITY_VM, "vm : name=vm1", "vm_name = vm1"},
    {ENTITY_VM, "name=\"a b\" or name=c", "vm_name = a b | vm_name = c"},
    {ENTITY_VM, "name=vm* and status=up", "vm_name ~ vm* & status = 3"},
    {ENTITY_VM, "name!=vm* status=up", "!'and', 'or', 'sortby' or 'page'"},
    {ENTITY_VM, "status!=DOWN", "status != 0"},
    {ENTITY_VM, "name!=x*", "vm_name !~ x*"},
    {ENTITY_VM, "host=h1 sortby name desc page 2", "run_on_vds.name = h1 < vm_name desc @100+100"},
    {ENTITY_VM, "sortby name", " < vm_name"},
    {ENTITY_VM, "sortby name asc page 1", " < vm_name @100+0"},
    {ENTITY_VM, "page 3", " @100+200"},
    {ENTITY_VM, "id=0-1", "vm_guid = 0-1"},
    {ENTITY_VM, "name=pagey", "vm_name = pagey"},
    {ENTITY_HOST, "name=h and status=non_responsive", "vds_name = h & status = 4"},
    {ENTITY_NETWORK, "datacenter=Default", "data_center_id.name = Default"},
    {ENTITY_EVENT, "type=119 and severity=error", "log_type = 119 & severity = 2"},
    {ENTITY_EVENT, "id > 5", "audit_log_id > 5"},
    {ENTITY_VM, "name", "!an operator"},
    {ENTITY_VM, "vm1", "!a key"},
    {ENTITY_VM, "name=", "!a value"},
    {ENTITY_VM, "name=\"x", "!closing"},
    {ENTITY_VM, "name=a and", "!a key"},
    {ENTITY_VM, "name=a or or name=b", "!a key"},
    {ENTITY_VM, "(name=a)", "!a key"},
    {ENTITY_VM, "name=a)", "!'and', 'or'"},
    {ENTITY_VM, "colour=red", "!a key"},
    {ENTITY_VM, "status=sideways", "!sideways"},
    {ENTITY_VM, "name>a", "!before a text"},
    {ENTITY_VM, "page 0", "!page"},
    {ENTITY_VM, "page x", "!page"},
    {ENTITY_VM, "sortby colour", "!a key"},
    {ENTITY_VM, "vms: hosts: name=a", "!a key"},
    {ENTITY_VM, "name=a\x80", "!UTF-8"},
    {ENTITY_CLUSTER, "status=up", "!a key"},
    {ENTITY_VM, "name='; DROP TABLE vm", "!'and'"},
};

static char *show(const StoreQuery *query)
{
    static const char *const operators[] = {
        [MATCH_EQUAL] = "=",     [MATCH_NOT_EQUAL] = "!=",   [MATCH_LIKE] = "~",
        [MATCH_NOT_LIKE] = "!~", [MATCH_LESS] = "<",         [MATCH_GREATER] = ">",
        [MATCH_NOT_LESS] = ">=", [MATCH_NOT_GREATER] = "<=",
    };
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < query->n_conditions; i++) {
        const StoreCondition *c = &query->conditions[i];
        g_string_append_printf(text, "%s%s%s %s ",
                               i == 0       ? ""
                               : c->or_else ? " | "
                                            : " & ",
                               c->column, c->by_name ? ".name" : "", operators[c->match]);
        if (c->text)
            g_string_append(text, c->text);
        else
            g_string_append_printf(text, "%" G_GINT64_FORMAT, c->number);
    }
    if (query->order_by)
        g_string_append_printf(text, " < %s%s", query->order_by, query->descending ? " desc" : "");
    if (query->limit)
        g_string_append_printf(text, " @%" G_GINT64_FORMAT "+%" G_GINT64_FORMAT, query->limit,
                               query->offset);
    return g_string_free(text, FALSE);
}

static void test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        ListQuery list = {.search = rows[i].text, .max = -1};
        g_autoptr(Search) search = search_parse(rows[i].kind, &list, &error);
        if (rows[i].expected[0] == '!') {
            g_assert_null(search);
            g_assert_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT);
            if (!strstr(error->message, rows[i].expected + 1))
                g_error("'%s' gives '%s', not '%s'", rows[i].text, error->message,
                        rows[i].expected);
            continue;
        }
        g_assert_no_error(error);
        g_autofree char *shown = show(search_query(search));
        g_assert_cmpstr(shown, ==, rows[i].expected);
    }
}

static void test_max_and_from(void)
{
    g_autoptr(GError) error = NULL;
    ListQuery list = {.search = "type=1 page 3", .max = 7, .from = 40};
    g_autoptr(Search) search = search_parse(ENTITY_EVENT, &list, &error);
    g_assert_no_error(error);
    g_autofree char *shown = show(search_query(search));
    g_assert_cmpstr(shown, ==, "log_type = 1 & audit_log_id > 40 @7+14");
    ListQuery either = {.search = "type=1 or type=2", .from = 40};
    g_assert_null(search_parse(ENTITY_EVENT, &either, &error));
    g_assert_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT);
}

static void test_limits(void)
{
    g_autoptr(GString) text = g_string_new("name=a");
    for (int i = 1; i < STORE_MAX_CONDITIONS; i++)
        g_string_append(text, " or name=a");
    ListQuery list = {.search = text->str};
    g_autoptr(GError) error = NULL;
    g_autoptr(Search) search = search_parse(ENTITY_VM, &list, &error);
    g_assert_nonnull(search);
    g_string_append(text, " or name=a");
    list.search = text->str;
    g_assert_null(search_parse(ENTITY_VM, &list, &error));
    g_assert_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT);
    g_clear_error(&error);
    g_autofree char *value = g_strnfill(5000, 'x');
    g_autofree char *huge = g_strconcat("name=", value, NULL);
    list.search = huge;
    g_assert_null(search_parse(ENTITY_VM, &list, &error));
    g_assert_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/search/rows", test_rows);
    g_test_add_func("/engine/search/max-and-from", test_max_and_from);
    g_test_add_func("/engine/search/limits", test_limits);
    return g_test_run();
}
