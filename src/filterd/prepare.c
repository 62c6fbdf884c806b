/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/filterd-private.h"

static gboolean rules_of(Ruleset *ruleset, const Port *port, PortRules *rules, GError **error)
{
    g_autoptr(Variables) variables = port_variables(port, error);

    return variables && ruleset_prepare(ruleset, port->binding->filter, variables,
                                        port->encapsulation, rules, error);
}

static void rules_clear(gpointer rules)
{
    port_rules_clear(rules);
}

DatapathChange *filterd_prepare(Filterd *filterd, Ruleset *ruleset, const GPtrArray *ports,
                                GError **error)
{
    g_autoptr(GArray) all = g_array_sized_new(FALSE, TRUE, sizeof(PortRules), ports->len);
    g_autoptr(GArray) rows = g_array_sized_new(FALSE, TRUE, sizeof(DatapathPort), ports->len);

    g_array_set_clear_func(all, rules_clear);
    for (guint i = 0; i < ports->len; i++) {
        const Port *port = ports->pdata[i];
        PortRules rules = {0};

        if (!rules_of(ruleset, port, &rules, error)) {
            if (ports->len > 1)
                g_prefix_error(error, "port %s: ", port->binding->port);
            return NULL;
        }
        const DatapathPort row = {
            port->ifindex, rules.shape, {rules.bindings[0], rules.bindings[1]}};
        g_array_append_val(all, rules);
        g_array_append_val(rows, row);
    }
    return datapath_prepare(filterd->datapath, (const DatapathPort *)(gpointer)rows->data,
                            rows->len, error);
}
