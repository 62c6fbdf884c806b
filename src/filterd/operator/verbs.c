/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filterd/operator/operator-private.h"
#include "jsonrpc/rpc.h"

/* ---- parameters ---- */

static GError *bad_parameter(const char *name, const char *expected)
{
    return g_error_new(RPC_ERROR, RPC_INVALID_PARAMETER, "parameter '%s': expected %s", name,
                       expected);
}

/* Every member must be one the method knows: `known`, or none. */
static gboolean check_names(JsonObject *params, const char *known, GError **error)
{
    g_autoptr(GList) names = params ? json_object_get_members(params) : NULL;

    for (GList *at = names; at; at = at->next)
        if (g_strcmp0(at->data, known) != 0) {
            g_propagate_error(error, bad_parameter(at->data, known ? known : "none"));
            return FALSE;
        }
    return TRUE;
}

static const char *text_of(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

/* ---- methods ---- */

static gboolean add_named(Filterd *filterd, GString *json, JsonNode *names, GError **error)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(names) ? json_node_get_array(names) : NULL;

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        const char *name = text_of(json_array_get_element(array, i));
        g_auto(FilterdPort) port = {0};

        if (!name) {
            array = NULL;
            break;
        }
        if (filterd_port_lookup(filterd, name, &port, NULL)) /* else it is left out */
            json_add_port(json, &port);
    }
    if (!array)
        g_propagate_error(error, bad_parameter("ports", "a list of names"));
    return array != NULL;
}

static gboolean ports_list(const OperatorContext *context, JsonObject *params, GString *json,
                           GError **error)
{
    JsonNode *names = params ? json_object_get_member(params, "ports") : NULL;

    g_string_append_c(json, '[');
    if (names && !add_named(context->filterd, json, names, error))
        return FALSE;
    if (!names) {
        g_autoptr(GArray) ports = filterd_ports(context->filterd);

        for (guint i = 0; i < ports->len; i++)
            json_add_port(json, &g_array_index(ports, FilterdPort, i));
    }
    g_string_append_c(json, ']');
    return TRUE;
}

static gboolean port_counters(const OperatorContext *context, JsonObject *params, GString *json,
                              GError **error)
{
    const char *name = text_of(params ? json_object_get_member(params, "port") : NULL);
    g_autoptr(GArray) counters = NULL;
    g_auto(FilterdPort) port = {0};

    if (!name) {
        g_propagate_error(error, bad_parameter("port", "a name"));
        return FALSE;
    }
    if (!filterd_port_lookup(context->filterd, name, &port, error) ||
        !(counters = filterd_counters(context->filterd, name, error)))
        return FALSE;
    g_string_append_c(json, '{');
    json_add_text(json, "port", name);
    json_add_text(json, "filter", port.binding->filter);
    json_add(json, "counters");
    g_string_append_c(json, '[');
    for (guint i = 0; i < counters->len; i++)
        json_add_counter(json, &g_array_index(counters, FilterdCounter, i));
    g_string_append(json, "]}");
    return TRUE;
}

static void add_wanted(Filterd *filterd, GString *json)
{
    g_autoptr(GArray) ports = filterd_ports(filterd);

    json_add(json, "ports");
    g_string_append_c(json, '[');
    for (guint i = 0; i < ports->len; i++) {
        const FilterdPort *port = &g_array_index(ports, FilterdPort, i);

        json_add(json, NULL);
        g_string_append_c(json, '{');
        json_add_text(json, "port", port->binding->port);
        json_add_number(json, "ifindex", port->ifindex);
        json_add_text(json, "state", port_state_word(port->state));
        g_string_append_c(json, '}');
    }
    g_string_append_c(json, ']');
}

static gboolean daemon_doctor(const OperatorContext *context, JsonObject *params, GString *json,
                              GError **error)
{
    g_autoptr(GPtrArray) problems = filterd_problems(context->filterd);
    struct stat network = {0};

    g_string_append_c(json, '{');
    json_add(json, "problems");
    g_string_append_c(json, '[');
    for (guint i = 0; i < problems->len; i++)
        json_add_text(json, NULL, problems->pdata[i]);
    g_string_append_c(json, ']');
    add_wanted(context->filterd, json);
    json_add_text(json, "pins", context->settings->datapath.pins);
    json_add_text(json, "filters", context->settings->filters);
    json_add_text(json, "state", context->settings->state);
    (void)stat("/proc/self/ns/net", &network); /* without /proc: 0, which is no namespace */
    json_add_number(json, "network", network.st_ino);
    g_string_append_c(json, '}');
    return TRUE;
}

static gboolean daemon_version(const OperatorContext *context, JsonObject *params, GString *json,
                               GError **error)
{
    g_string_append_c(json, '{');
    json_add_text(json, "version", TAPWALL_VERSION);
    json_add_number(json, "pid", (guint64)getpid());
    json_add_number(json, "started", (guint64)context->started / 1000);
    g_string_append_c(json, '}');
    return TRUE;
}

static const struct {
    const char *name;
    const char *parameter; /* the one it may have, or NULL */
    gboolean (*run)(const OperatorContext *context, JsonObject *params, GString *json,
                    GError **error);
} verbs[] = {
    {"Daemon.doctor", NULL, daemon_doctor},
    {"Daemon.version", NULL, daemon_version},
    {"Port.counters", "port", port_counters},
    {"Ports.list", "ports", ports_list},
};

GString *operator_verb_run(const OperatorContext *context, const char *method, JsonNode *params,
                           GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_autoptr(GString) json = NULL;
        JsonObject *object =
            params && JSON_NODE_HOLDS_OBJECT(params) ? json_node_get_object(params) : NULL;

        if (strcmp(method, verbs[i].name) != 0)
            continue;
        if (params && !object) {
            g_propagate_error(error, bad_parameter("params", "an object"));
            return NULL;
        }
        json = g_string_new(NULL);
        if (!check_names(object, verbs[i].parameter, error) ||
            !verbs[i].run(context, object, json, error))
            return NULL;
        return g_steal_pointer(&json);
    }
    g_autofree char *text =
        rpc_message("The method does not exist or is not available", "method", method, NULL);
    g_set_error_literal(error, RPC_ERROR, RPC_METHOD_NOT_FOUND, text);
    return NULL;
}
