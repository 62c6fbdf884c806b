/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/binding.h"

#include "virt/private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNWFilterBinding, virNWFilterBindingFree)

GPtrArray *virt_bindings(Virt *virt, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    virNWFilterBindingPtr *bindings = NULL;
    GPtrArray *ports;
    int count;

    if (!connection)
        return NULL;
    count = virConnectListAllNWFilterBindings(connection, &bindings, 0);
    if (count < 0) {
        virt_error_take(error);
        return NULL;
    }
    ports = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < count; i++) {
        g_ptr_array_add(ports, g_strdup(virNWFilterBindingGetPortDev(bindings[i])));
        (void)virNWFilterBindingFree(bindings[i]); /* fails only for a NULL binding */
    }
    free(bindings);
    return ports;
}

char *virt_binding_xml(Virt *virt, const char *port, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(virNWFilterBinding) binding = NULL;
    char *xml;

    if (!connection)
        return NULL;
    binding = virNWFilterBindingLookupByPortDev(connection, port);
    xml = binding ? virNWFilterBindingGetXMLDesc(binding, 0) : NULL;
    if (!xml)
        virt_error_take(error);
    return xml;
}

gboolean virt_binding_create(Virt *virt, const char *xml, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(virNWFilterBinding) binding = NULL;

    if (!connection)
        return FALSE;
    binding = virNWFilterBindingCreateXML(connection, xml, 0);
    if (!binding)
        virt_error_take(error);
    return binding != NULL;
}

gboolean virt_binding_delete(Virt *virt, const char *port, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(virNWFilterBinding) binding = NULL;

    if (!connection)
        return FALSE;
    binding = virNWFilterBindingLookupByPortDev(connection, port);
    if (binding && virNWFilterBindingDelete(binding) == 0)
        return TRUE;
    virt_error_take(error);
    return FALSE;
}
