/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/daemon.h"
#include "cli/tapwall/table.h"

static void add_row(TextTable *table, JsonObject *row)
{
    const char *filter = json_object_get_string_member_with_default(row, "filter", NULL);
    g_autofree char *rule = filter ? g_strdup_printf("%s:%" G_GINT64_FORMAT, filter,
                                                     json_object_get_int_member(row, "line"))
                                   : g_strdup("-");

    text_table_add_number(table, json_object_get_int_member(row, "frames"));
    text_table_add(table, json_object_get_string_member(row, "direction"));
    text_table_add(table, json_object_get_string_member_with_default(row, "action", "-"));
    text_table_add(table, rule);
    text_table_add(table, json_object_get_string_member_with_default(row, "name", NULL));
}

static void print_table(JsonArray *rows)
{
    static const char *const heads[] = {"FRAMES", "WAY", "ACTION", "RULE", "COMMENT OR REASON"};
    g_autoptr(TextTable) table = text_table_new("rllll");

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
        text_table_add(table, heads[i]);
    for (guint i = 0; i < json_array_get_length(rows); i++)
        add_row(table, json_array_get_object_element(rows, i));
    text_table_print(table);
}

static int show_counters(const char *socket, const char *port, gboolean as_json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Daemon) daemon = daemon_open(socket, &error);
    g_autoptr(JsonNode) answer = NULL;

    if (!daemon ||
        !(answer = daemon_call(daemon, "Port.counters", daemon_text("port", port), &error)))
        return command_trouble("%s", error->message);
    if (as_json)
        daemon_print_json(answer);
    else
        print_table(json_object_get_array_member(json_node_get_object(answer), "counters"));
    return STATUS_GOOD;
}

int command_counters(int argc, char **argv)
{
    g_autofree char *socket = NULL;
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print what tapwalld said, as JSON", NULL},
        {NULL},
    };
    GOptionContext *context =
        g_option_context_new("PORT - show how many frames each rule of a port's filter decided");

    g_option_context_add_main_entries(context, entries, NULL);
    daemon_option_add(&socket, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc != 2)
        return command_trouble("counters: expected one PORT");
    return show_counters(socket, argv[1], as_json);
}
