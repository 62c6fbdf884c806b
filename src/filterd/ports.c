/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/ports.h"

#include <string.h>

struct Ports {
    GHashTable *by_name;   /* the binding's name -> Port, owned */
    GHashTable *by_device; /* ifindex -> Port */
};

static void free_port(gpointer port)
{
    port_free(port);
}

Ports *ports_new(void)
{
    Ports *ports = g_new0(Ports, 1);

    ports->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_port);
    ports->by_device = g_hash_table_new(NULL, NULL);
    return ports;
}

void ports_free(Ports *ports)
{
    g_hash_table_unref(ports->by_device);
    g_hash_table_unref(ports->by_name);
    g_free(ports);
}

Port *ports_lookup(const Ports *ports, const char *name)
{
    return g_hash_table_lookup(ports->by_name, name);
}

Port *ports_lookup_device(const Ports *ports, guint ifindex)
{
    return g_hash_table_lookup(ports->by_device, GUINT_TO_POINTER(ifindex));
}

void ports_add(Ports *ports, Port *port)
{
    g_assert(!ports_lookup(ports, port->binding->port));
    g_hash_table_insert(ports->by_name, port->binding->port, port);
}

void ports_remove(Ports *ports, Port *port)
{
    ports_set_device(ports, port, 0);
    g_hash_table_remove(ports->by_name, port->binding->port);
}

void ports_set_device(Ports *ports, Port *port, guint ifindex)
{
    if (port->ifindex > 0)
        g_hash_table_remove(ports->by_device, GUINT_TO_POINTER(port->ifindex));
    port->ifindex = ifindex;
    g_clear_pointer(&port->called, g_free);
    if (ifindex == 0)
        return;
    g_assert(!ports_lookup_device(ports, ifindex));
    g_hash_table_insert(ports->by_device, GUINT_TO_POINTER(ifindex), port);
}

guint ports_size(const Ports *ports)
{
    return g_hash_table_size(ports->by_name);
}

GPtrArray *ports_all(const Ports *ports)
{
    GPtrArray *all = g_ptr_array_sized_new(ports_size(ports));
    GHashTableIter iterator;
    gpointer port;

    g_hash_table_iter_init(&iterator, ports->by_name);
    while (g_hash_table_iter_next(&iterator, NULL, &port))
        g_ptr_array_add(all, port);
    return all;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const Port *port_a = *(const Port *const *)a, *port_b = *(const Port *const *)b;

    return strcmp(port_a->binding->port, port_b->binding->port);
}

GPtrArray *ports_sorted(const Ports *ports)
{
    GPtrArray *all = ports_all(ports);

    g_ptr_array_sort(all, compare_names);
    return all;
}
