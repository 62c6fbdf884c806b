/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/mac.h"
#include "cli/tapwall/command.h"

void port_of_filter_clear(PortOfFilter *port)
{
    g_clear_pointer(&port->port, search_port_free);
    g_clear_pointer(&port->plan, plan_unref);
}

gboolean port_of_filter_read(const FilterOptions *given, const char *operand, PortOfFilter *port,
                             GError **error)
{
    g_auto(FilterOptions) options = {.directories = g_strdupv(given->directories),
                                     .assignments = g_strdupv(given->assignments)};
    Filter *filter = filter_options_read(&options, operand, NULL, error);
    g_autoptr(Variables) variables = NULL;
    g_autoptr(PlanValues) values = NULL;

    if (!filter || !(port->plan = filter_options_resolve(&options, filter, error)) ||
        !(variables = filter_options_variables(&options, error)) ||
        !(values = plan_bind(port->plan, variables, error)))
        return FALSE;
    port->port = search_port_new(port->plan, values, error);
    return port->port != NULL;
}

FilterOptions filter_options_with_mac(const FilterOptions *given, guint64 mac)
{
    g_autoptr(GStrvBuilder) assignments = g_strv_builder_new();
    char text[MAC_TEXT_SIZE];
    g_autofree char *own = g_strconcat("MAC=", mac_format(mac, text), NULL);

    if (given->assignments)
        g_strv_builder_addv(assignments, (const char **)given->assignments);
    g_strv_builder_add(assignments, own);
    return (FilterOptions){.directories = g_strdupv(given->directories),
                           .assignments = g_strv_builder_end(assignments)};
}

gboolean encapsulation_parse(const char *text, Encapsulation *encapsulation)
{
    *encapsulation = ENCAPSULATION_INSPECT;
    if (!text || strcmp(text, "inspect") == 0)
        return TRUE;
    *encapsulation = ENCAPSULATION_OPAQUE;
    if (strcmp(text, "opaque") == 0)
        return TRUE;
    (void)command_trouble("--encapsulation %s: expected inspect or opaque", text);
    return FALSE;
}

static gboolean number_parse(const char *text, gboolean is_mac, guint64 *number)
{
    struct in_addr address;

    if (is_mac)
        return mac_parse(text, number);
    if (inet_pton(AF_INET, text, &address) != 1)
        return FALSE;
    *number = g_ntohl(address.s_addr);
    return TRUE;
}

guint64 *variable_numbers(const FilterOptions *options, const char *name, gboolean is_mac,
                          guint *n_numbers, GError **error)
{
    g_autoptr(Variables) variables = filter_options_variables(options, error);
    const char *const *values = variables ? variables_lookup(variables, name) : NULL;
    guint n = values ? g_strv_length((char **)values) : 0;
    g_autofree guint64 *numbers = g_new0(guint64, n + 1);

    for (guint i = 0; i < n; i++) {
        if (!number_parse(values[i], is_mac, &numbers[i])) {
            g_set_error(error, NWFILTER_ERROR, NWFILTER_ERROR_VALUE, "--var %s=%s: expected %s",
                        name, values[i], is_mac ? "a MAC address" : "an IPv4 address");
            return NULL;
        }
    }
    *n_numbers = n;
    return variables ? g_steal_pointer(&numbers) : NULL;
}

void witness_print(const Witness *witness)
{
    printf("%s:", witness->way == PLAN_FROM_VM ? "out" : "in");
    for (guint i = 0; i < witness->octets->len; i++)
        printf("%02x", witness->octets->data[i]);
    printf("\n");
    if (*witness->beside != '\0')
        printf("with %s\n", witness->beside);
}

void verdict_print(const char *name, const SearchPort *port, guint way, IrVerdict verdict)
{
    g_autofree char *origin = ir_origin_format(port->programs[way], verdict.reason, verdict.origin);

    printf("%s\t%s\t%s\n", verdict.pass ? "pass" : "drop", name, origin);
}
