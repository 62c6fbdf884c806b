/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/port.h"

#include <string.h>

#include "base/mac.h"

/* A parameter of the binding, not of the filter's: no filter of libvirt's has it. */
#define ENCAPSULATION_PARAMETER "TAPWALL_ENCAPSULATION"

static gboolean encapsulation_read(const Variables *parameters, Encapsulation *encapsulation,
                                   GError **error)
{
    const char *const *given = variables_lookup(parameters, ENCAPSULATION_PARAMETER);

    if (!given)
        return TRUE;
    if (!given[1] && strcmp(given[0], "inspect") == 0) {
        *encapsulation = ENCAPSULATION_INSPECT;
        return TRUE;
    }
    if (!given[1] && strcmp(given[0], "opaque") == 0) {
        *encapsulation = ENCAPSULATION_OPAQUE;
        return TRUE;
    }
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_INVALID_ARG,
                "parameter " ENCAPSULATION_PARAMETER " is '%s': expected inspect or opaque, once",
                given[0]);
    return FALSE;
}

Port *port_new(Binding *binding, Encapsulation fallback, GError **error)
{
    Encapsulation encapsulation = fallback;
    Port *port;

    if (!encapsulation_read(binding->parameters, &encapsulation, error))
        return NULL;
    port = g_new0(Port, 1);
    port->binding = binding_ref(binding);
    port->encapsulation = encapsulation;
    port->addresses = addresses_new();
    port_set_state(port, FILTERD_WAITING);
    return port;
}

void port_free(Port *port)
{
    binding_unref(port->binding);
    g_clear_pointer(&port->shape, shape_unref);
    g_free(port->called);
    g_free(port->problem);
    addresses_free(port->addresses);
    g_free(port);
}

void port_set_state(Port *port, FilterdPortState state)
{
    port->state = state;
    port->since = g_get_real_time();
}

void port_set_problem(Port *port, char *problem)
{
    g_free(port->problem);
    port->problem = problem;
}

gboolean port_is_bound(const Port *port)
{
    return port->state != FILTERD_LEAVING;
}

FilterdPortState port_judged_state(const Port *port)
{
    return port->learning == LEARNING_OFF ? FILTERD_FILTERED : FILTERD_LEARNING;
}

Variables *port_variables(const Port *port, GError **error)
{
    g_autoptr(Variables) variables =
        variables_for_port(port->binding->parameters, port->binding->mac, error);

    if (!variables || variables_lookup(variables, LEARNING_ADDRESS))
        return g_steal_pointer(&variables);
    for (guint i = 0; i < addresses_size(port->addresses); i++) {
        g_autofree char *address = address_format(addresses_get(port->addresses, i));

        if (!variables_add(variables, LEARNING_ADDRESS, address, error))
            return NULL;
    }
    return g_steal_pointer(&variables);
}

char *port_owner(const Port *port)
{
    char mac[MAC_TEXT_SIZE];

    return g_strdup_printf("%s/%s/%s", port->binding->owner_uuid,
                           mac_format(port->binding->mac, mac),
                           learning_has_leases(port->binding) ? "dhcp" : "any");
}
