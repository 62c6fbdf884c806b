/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/port.h"

/* Rules that can never decide, as "FILTER:LINE: ..." */
static gboolean lint_dead(const PortOfFilter *port, gboolean *found, GError **error)
{
    g_autoptr(GArray) dead = search_dead_rules(port->plan, port->port, error);

    for (guint i = 0; dead && i < dead->len; i++) {
        const PlanRule *rule = &port->plan->rules[g_array_index(dead, guint, i)];

        printf("%s:%u: this %s rule never decides about any frame\n", rule->filter, rule->line,
               rule_action_format(rule->action));
        *found = TRUE;
    }
    return dead != NULL;
}

static gboolean lint_around(const PortOfFilter *port, guint way, gboolean *found, GError **error)
{
    g_autoptr(Witness) witness = NULL;

    if (!search_walkaround(port->port, way, &witness, error))
        return FALSE;
    if (!witness)
        return TRUE;
    *found = TRUE;
    printf("%s: a tag or SNAP walks around it under encapsulation=opaque: what this frame carries "
           "is dropped when it comes bare\n",
           port->port->name);
    witness_print(witness);
    verdict_print("opaque", port->port, way, witness->first);
    verdict_print("inspect", port->port, way, witness->second);
    return TRUE;
}

/* For the MAC that was given, or one that no VM has. */
static gboolean read_port(const FilterOptions *options, const char *operand, PortOfFilter *port,
                          GError **error)
{
    g_auto(FilterOptions) with = filter_options_with_mac(options, MAC_OF_NOBODY);
    guint n_macs;
    g_autofree guint64 *macs = variable_numbers(options, "MAC", TRUE, &n_macs, error);

    return macs && port_of_filter_read(n_macs > 0 ? options : &with, operand, port, error);
}

static int lint(const FilterOptions *options, const char *operand)
{
    g_auto(PortOfFilter) port = {0};
    g_autoptr(GError) error = NULL;
    gboolean found = FALSE;

    if (read_port(options, operand, &port, &error) && lint_dead(&port, &found, &error) &&
        lint_around(&port, PLAN_FROM_VM, &found, &error) &&
        lint_around(&port, PLAN_TO_VM, &found, &error))
        return found ? STATUS_FOUND : STATUS_GOOD;
    command_report(error);
    return STATUS_TROUBLE;
}

int command_lint(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    GOptionContext *context =
        g_option_context_new("FILTER - find rules that never decide, and ways around the filter");

    filter_options_add(&options, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc != 2)
        return command_trouble("lint: expected one filter, by its name or its file");
    return lint(&options, argv[1]);
}
