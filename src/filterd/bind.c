/* SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <string.h>

#include "filterd/filterd-private.h"

/* ---- looking ---- */

Port *filterd_find(const Filterd *filterd, const char *name)
{
    return g_hash_table_lookup(filterd->ports, name);
}

gpointer filterd_no_binding(const char *name, GError **error)
{
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING,
                "no nwfilter binding for port dev '%s'", name);
    return NULL;
}

static int compare_bindings(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Binding *const *)a)->port, (*(const Binding *const *)b)->port);
}

GPtrArray *filterd_bindings(const Filterd *filterd)
{
    GPtrArray *bindings = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer port;

    g_hash_table_iter_init(&iterator, filterd->ports);
    while (g_hash_table_iter_next(&iterator, NULL, &port))
        g_ptr_array_add(bindings, ((Port *)port)->binding);
    g_ptr_array_sort(bindings, compare_bindings);
    return bindings;
}

const Binding *filterd_binding_lookup(const Filterd *filterd, const char *name, GError **error)
{
    const Port *port = filterd_find(filterd, name);

    return port ? port->binding : filterd_no_binding(name, error);
}

char *filterd_binding_xml(const Filterd *filterd, const Binding *binding)
{
    const Port *port = filterd_find(filterd, binding->port);
    g_autoptr(Variables) variables =
        port && port->state != FILTERD_WAITING ? port_variables(port, NULL) : NULL;

    return binding_format(binding, variables);
}

/* ---- changing ---- */

static gboolean put_in_force(Filterd *filterd, Port *port, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    DatapathChange *change;

    g_ptr_array_add(one, port);
    change = filterd_prepare(filterd, filterd->ruleset, one, error);
    if (!change || !datapath_commit(change, error))
        return FALSE;
    if (datapath_attach(filterd->datapath, port->ifindex, error)) {
        port_set_state(port, FILTERD_FILTERED);
        return TRUE;
    }
    (void)datapath_detach(filterd->datapath, port->ifindex, NULL); /* as far as it had come; */
    (void)datapath_unbind(filterd->datapath, port->ifindex, NULL); /* the first error counts */
    return FALSE;
}

const Binding *filterd_binding_create(Filterd *filterd, const char *xml, gsize length,
                                      GError **error)
{
    g_autoptr(Binding) binding = binding_parse(xml, length, error);
    g_autoptr(Port) port = NULL;

    if (!binding)
        return NULL;
    if (filterd_find(filterd, binding->port)) {
        g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_OPERATION_FAILED,
                    "binding '%s' already exists", binding->port);
        return NULL;
    }
    port = port_new(binding, filterd->encapsulation, error);
    if (!port)
        return NULL;
    port->ifindex = if_nametoindex(binding->port);
    if (port->ifindex > 0 && !put_in_force(filterd, port, error))
        return NULL;
    g_hash_table_insert(filterd->ports, binding->port, port);
    return g_steal_pointer(&port)->binding;
}

gboolean filterd_binding_delete(Filterd *filterd, const char *name, GError **error)
{
    Port *port = filterd_find(filterd, name);

    if (!port) {
        filterd_no_binding(name, error);
        return FALSE;
    }
    if (port->ifindex > 0 && (!datapath_detach(filterd->datapath, port->ifindex, error) ||
                              !datapath_unbind(filterd->datapath, port->ifindex, error)))
        return FALSE;
    return g_hash_table_remove(filterd->ports, name);
}
