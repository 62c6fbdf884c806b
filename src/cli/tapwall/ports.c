/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/daemon.h"
#include "cli/tapwall/table.h"

static const char *const heads[] = {"PORT",        "VM",        "FILTER",     "STATE", "OUT PASSED",
                                    "OUT DROPPED", "IN PASSED", "IN DROPPED", "SINCE", "VARIABLES"};

static gint64 frames(JsonObject *port, const char *way, const char *what)
{
    JsonObject *both = json_object_get_object_member(port, "frames");

    return json_object_get_int_member(json_object_get_object_member(both, way), what);
}

/* "IP=10.0.0.1,10.0.0.2 MAC=52:54:00:00:00:01" */
static char *variables_text(JsonObject *port)
{
    JsonNode *node = json_object_get_member(port, "variables");
    GString *text = g_string_new(NULL);
    JsonObjectIter iter;
    const char *name;
    JsonNode *values;

    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return g_string_free(text, FALSE);
    json_object_iter_init(&iter, json_node_get_object(node));
    while (json_object_iter_next(&iter, &name, &values)) {
        JsonArray *list = json_node_get_array(values);

        g_string_append_printf(text, "%s%s=", text->len > 0 ? " " : "", name);
        for (guint i = 0; i < json_array_get_length(list); i++)
            g_string_append_printf(text, "%s%s", i > 0 ? "," : "",
                                   json_array_get_string_element(list, i));
    }
    return g_string_free(text, FALSE);
}

static void add_row(TextTable *table, JsonObject *port)
{
    g_autoptr(GDateTime) since =
        g_date_time_new_from_unix_local(json_object_get_int_member(port, "since") / 1000);
    g_autofree char *since_text = since ? g_date_time_format(since, "%F %T") : g_strdup("?");
    g_autofree char *variables = variables_text(port);

    text_table_add(table, json_object_get_string_member(port, "port"));
    text_table_add(table, json_object_get_string_member(port, "vmName"));
    text_table_add(table, json_object_get_string_member(port, "filter"));
    text_table_add(table, json_object_get_string_member(port, "state"));
    text_table_add_number(table, frames(port, "out", "passed"));
    text_table_add_number(table, frames(port, "out", "dropped"));
    text_table_add_number(table, frames(port, "in", "passed"));
    text_table_add_number(table, frames(port, "in", "dropped"));
    text_table_add(table, since_text);
    text_table_add(table, variables);
}

static void print_table(JsonArray *ports)
{
    g_autoptr(TextTable) table = text_table_new("llllrrrrll");

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
        text_table_add(table, heads[i]);
    for (guint i = 0; i < json_array_get_length(ports); i++)
        add_row(table, json_array_get_object_element(ports, i));
    text_table_print(table);
}

static int show_ports(const char *socket, char **names, gboolean as_json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Daemon) daemon = daemon_open(socket, &error);
    g_autoptr(JsonNode) ports = NULL;

    if (!daemon || !(ports = daemon_call(daemon, "Ports.list",
                                         *names ? daemon_texts("ports", names) : NULL, &error)))
        return command_trouble("%s", error->message);
    if (as_json)
        daemon_print_json(ports);
    else
        print_table(json_node_get_array(ports));
    return json_array_get_length(json_node_get_array(ports)) == 0 && *names ? STATUS_FOUND
                                                                            : STATUS_GOOD;
}

int command_ports(int argc, char **argv)
{
    g_autofree char *socket = NULL;
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print what tapwalld said, as JSON", NULL},
        {NULL},
    };
    GOptionContext *context =
        g_option_context_new("[PORT…] - list the ports of this host and what their filters did");

    g_option_context_add_main_entries(context, entries, NULL);
    daemon_option_add(&socket, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    return show_ports(socket, argv + 1, as_json);
}
