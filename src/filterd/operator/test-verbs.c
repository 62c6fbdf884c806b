/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/operator/operator-private.h"
#include "jsonrpc/json-text.h"
#include "jsonrpc/rpc.h"

/* The verbs before a daemon of this file's: what is asked is decoded, what is answered is JSON of
 * the shapes in docs/operator.md. */

static Binding bindings[] = {
    {.port = (char *)"p1",
     .owner_name = (char *)"we\"b",
     .owner_uuid = (char *)"u1",
     .mac = 0x525400000001,
     .filter = (char *)"f"},
    {.port = (char *)"p2",
     .owner_name = (char *)"db",
     .owner_uuid = (char *)"u2",
     .mac = 0x525400000002,
     .filter = (char *)"f"},
};

static void port_fill(FilterdPort *port, guint number)
{
    *port = (FilterdPort){.binding = &bindings[number],
                          .state = number == 0 ? FILTERD_LEAVING : FILTERD_WAITING,
                          .since = 1790000000123456,
                          .frames = {.passed = {3, 0}, .dropped = {2, G_MAXINT64}}};
    if (number > 0)
        return;
    port->ifindex = 12;
    port->variables = variables_new();
    g_assert_true(variables_add(port->variables, "IP", "10.0.0.1", NULL));
    g_assert_true(variables_add(port->variables, "IP", "10.0.0.2", NULL));
}

void filterd_port_clear(FilterdPort *port)
{
    g_clear_pointer(&port->variables, variables_free);
}

static void clear_port(gpointer port)
{
    filterd_port_clear(port);
}

GArray *filterd_ports(const Filterd *filterd)
{
    GArray *ports = g_array_new(FALSE, TRUE, sizeof(FilterdPort));

    g_array_set_clear_func(ports, clear_port);
    for (guint i = 0; i < G_N_ELEMENTS(bindings); i++) {
        FilterdPort port;

        port_fill(&port, i);
        g_array_append_val(ports, port);
    }
    return ports;
}

gboolean filterd_port_lookup(const Filterd *filterd, const char *name, FilterdPort *found,
                             GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(bindings); i++)
        if (strcmp(bindings[i].port, name) == 0) {
            port_fill(found, i);
            return TRUE;
        }
    g_set_error_literal(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING, name);
    return FALSE;
}

GArray *filterd_counters(const Filterd *filterd, const char *port, GError **error)
{
    const FilterdCounter rows[] = {{"f", 4, NULL, "drop", PLAN_FROM_VM, 7},
                                   {NULL, 0, "default", "accept", PLAN_TO_VM, 0}};
    GArray *counters = g_array_new(FALSE, TRUE, sizeof(FilterdCounter));

    return g_array_append_vals(counters, rows, G_N_ELEMENTS(rows));
}

GPtrArray *filterd_problems(Filterd *filterd)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(lines, g_strdup("a\nb"));
    return lines;
}

/* ---- the tests ---- */

#define P2                                                                                         \
    "{\"port\":\"p2\",\"vmName\":\"db\",\"vmId\":\"u2\",\"mac\":\"52:54:00:00:00:02\","            \
    "\"filter\":\"f\",\"parameters\":null,\"state\":\"waiting\",\"since\":1790000000123,"          \
    "\"ifindex\":0,\"encapsulation\":\"inspect\",\"variables\":null,\"frames\":{\"out\":{"         \
    "\"passed\":3,\"dropped\":2},\"in\":{\"passed\":0,\"dropped\":9223372036854775807}}}"

static const struct {
    const char *method, *params; /* NULL: none */
    const char *result;          /* NULL: an error, */
    int code;                    /* which, */
    const char *message;         /* that begins so */
} rows[] = {
    {"Ports.list", "{\"ports\":[\"p2\",\"nobody\"]}", "[" P2 "]", 0, NULL},
    {"Ports.list", "{\"ports\":[]}", "[]", 0, NULL},
    {"Ports.list", "{\"ports\":\"p2\"}", NULL, RPC_INVALID_PARAMETER,
     "parameter 'ports': expected a list of names"},
    {"Ports.list", "{\"ports\":[5]}", NULL, RPC_INVALID_PARAMETER, "parameter 'ports'"},
    {"Ports.list", "{\"port\":[\"p2\"]}", NULL, RPC_INVALID_PARAMETER,
     "parameter 'port': expected ports"},
    {"Ports.list", "[\"p2\"]", NULL, RPC_INVALID_PARAMETER,
     "parameter 'params': expected an object"},
    {"Port.counters", "{\"port\":\"p1\"}",
     "{\"port\":\"p1\",\"filter\":\"f\",\"counters\":[{\"direction\":\"out\",\"filter\":\"f\","
     "\"line\":4,\"name\":null,\"action\":\"drop\",\"frames\":7},{\"direction\":\"in\","
     "\"filter\":null,\"line\":0,\"name\":\"default\",\"action\":\"accept\",\"frames\":0}]}",
     0, NULL},
    {"Port.counters", "{\"port\":\"nobody\"}", NULL, FILTERD_ERROR_NO_BINDING, "nobody"},
    {"Port.counters", "{\"port\":null}", NULL, RPC_INVALID_PARAMETER, "parameter 'port'"},
    {"Port.counters", NULL, NULL, RPC_INVALID_PARAMETER, "parameter 'port': expected a name"},
    {"Daemon.version", "{\"x\":1}", NULL, RPC_INVALID_PARAMETER, "parameter 'x': expected none"},
    {"Host.ping", NULL, NULL, RPC_METHOD_NOT_FOUND, "The method does not exist"},
};

static GString *ask(const char *method, const char *params, GError **error)
{
    static const FilterdSettings settings = {
        .filters = "/f", .state = "/s", .datapath = {.pins = "/p"}};
    const OperatorContext context = {NULL, &settings, 5000};
    g_autoptr(JsonNode) node = params ? json_from_string(params, NULL) : NULL;

    return operator_verb_run(&context, method, node, error);
}

static void test_rows(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) json = ask(rows[i].method, rows[i].params, &error);

        g_assert_cmpstr(json ? json->str : NULL, ==, rows[i].result);
        if (rows[i].result)
            continue;
        g_assert_cmpint(error->code, ==, rows[i].code);
        g_assert_true(g_str_has_prefix(error->message, rows[i].message));
    }
}

/* All ports, and what a program makes of the text. */
static void test_all(void)
{
    g_autoptr(GString) json = ask("Ports.list", NULL, NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(json->str, json->len);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_text_parse(bytes, &error);
    JsonObject *port;

    g_assert_no_error(error);
    g_assert_true(g_str_has_suffix(json->str, "," P2 "]"));
    port = json_array_get_object_element(json_node_get_array(node), 0);
    g_assert_cmpstr(json_object_get_string_member(port, "vmName"), ==, "we\"b");
    g_assert_cmpstr(json_object_get_string_member(port, "state"), ==, "leaving");
    g_assert_nonnull(strstr(json->str, "\"variables\":{\"IP\":[\"10.0.0.1\",\"10.0.0.2\"]}"));
}

static void test_doctor(void)
{
    g_autoptr(GString) json = ask("Daemon.doctor", "{}", NULL);

    g_assert_true(g_str_has_prefix(
        json->str,
        "{\"problems\":[\"a\\u000ab\"],\"ports\":[{\"port\":\"p1\",\"ifindex\":12,\"state\":"
        "\"leaving\"},{\"port\":\"p2\",\"ifindex\":0,\"state\":\"waiting\"}],\"pins\":\"/p\","
        "\"filters\":\"/f\",\"state\":\"/s\",\"network\":"));
}

static void test_drop(void)
{
    const guint8 octets[] = {0x52, 0x54, 0, 0xff};
    const DatapathDrop frame = {.time = 0,
                                .way = PLAN_TO_VM,
                                .suppressed = 4,
                                .length = 60,
                                .tag_type = 0x8100,
                                .tag_tci = 5,
                                .sample = octets,
                                .sample_length = sizeof octets};
    const FilterdDrop drop = {.port = "p1", .drop = &frame, .filter = NULL, .reason = "malformed"};
    g_autoptr(JsonNode) node = drop_event(&drop);
    g_autofree char *text = json_text_format(node);

    g_assert_true(g_str_has_prefix(text, "{\"port\":\"p1\",\"time\":"));
    g_assert_true(g_str_has_suffix(
        text, "\"direction\":\"in\",\"filter\":null,\"line\":0,\"reason\":\"malformed\","
              "\"suppressed\":4,\"length\":60,\"tagType\":33024,\"tagTci\":5,\"frame\":"
              "\"525400ff\"}"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/operator/rows", test_rows);
    g_test_add_func("/operator/all", test_all);
    g_test_add_func("/operator/doctor", test_doctor);
    g_test_add_func("/operator/drop", test_drop);
    return g_test_run();
}
