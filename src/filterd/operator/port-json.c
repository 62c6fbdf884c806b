/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mac.h"
#include "filterd/operator/operator-private.h"
#include "jsonrpc/json-text.h"

/* Text is written without a tree of nodes between: a host has up to tens of thousands of ports, and
 * nothing else is served meanwhile. */

void json_add(GString *json, const char *name)
{
    const char last = json->len > 0 ? json->str[json->len - 1] : '[';

    if (last != '[' && last != '{' && last != ':')
        g_string_append_c(json, ',');
    if (!name)
        return;
    json_text_append_string(json, name);
    g_string_append_c(json, ':');
}

void json_add_text(GString *json, const char *name, const char *text)
{
    json_add(json, name);
    if (text)
        json_text_append_string(json, text);
    else
        g_string_append(json, "null");
}

void json_add_number(GString *json, const char *name, guint64 number)
{
    json_add(json, name);
    g_string_append_printf(json, "%" G_GUINT64_FORMAT, number);
}

const char *port_state_word(FilterdPortState state)
{
    static const char *const words[] = {
        [FILTERD_WAITING] = "waiting",   [FILTERD_LEARNING] = "learning",
        [FILTERD_FILTERED] = "filtered", [FILTERD_LEAVING] = "leaving",
        [FILTERD_GONE] = "gone",
    };

    return words[state];
}

const char *way_word(guint way)
{
    return way == PLAN_FROM_VM ? "out" : "in";
}

static void add_variables(GString *json, const char *name, const Variables *variables)
{
    g_autofree const char **names = variables ? variables_names(variables) : NULL;

    json_add(json, name);
    if (!variables) {
        g_string_append(json, "null");
        return;
    }
    g_string_append_c(json, '{');
    for (guint i = 0; names[i]; i++) {
        json_add(json, names[i]);
        g_string_append_c(json, '[');
        for (const char *const *value = variables_lookup(variables, names[i]); *value; value++)
            json_add_text(json, NULL, *value);
        g_string_append_c(json, ']');
    }
    g_string_append_c(json, '}');
}

static void add_frames(GString *json, const FilterdPort *port)
{
    json_add(json, "frames");
    g_string_append_c(json, '{');
    for (guint way = 0; way < 2; way++) {
        json_add(json, way_word(way));
        g_string_append_c(json, '{');
        json_add_number(json, "passed", port->frames.passed[way]);
        json_add_number(json, "dropped", port->frames.dropped[way]);
        g_string_append_c(json, '}');
    }
    g_string_append_c(json, '}');
}

void json_add_port(GString *json, const FilterdPort *port)
{
    const Binding *binding = port->binding;
    char mac[MAC_TEXT_SIZE];

    json_add(json, NULL);
    g_string_append_c(json, '{');
    json_add_text(json, "port", binding->port);
    json_add_text(json, "vmName", binding->owner_name);
    json_add_text(json, "vmId", binding->owner_uuid);
    json_add_text(json, "mac", mac_format(binding->mac, mac));
    json_add_text(json, "filter", binding->filter);
    add_variables(json, "parameters", binding->parameters);
    json_add_text(json, "state", port_state_word(port->state));
    json_add_number(json, "since", (guint64)port->since / 1000);
    json_add_number(json, "ifindex", port->ifindex);
    json_add_text(json, "encapsulation", port->is_opaque ? "opaque" : "inspect");
    add_variables(json, "variables", port->variables);
    add_frames(json, port);
    g_string_append_c(json, '}');
}

void json_add_counter(GString *json, const FilterdCounter *counter)
{
    json_add(json, NULL);
    g_string_append_c(json, '{');
    json_add_text(json, "direction", way_word(counter->way));
    json_add_text(json, "filter", counter->filter);
    json_add_number(json, "line", counter->line);
    json_add_text(json, "name", counter->name);
    json_add_text(json, "action", counter->action);
    json_add_number(json, "frames", counter->frames);
    g_string_append_c(json, '}');
}
