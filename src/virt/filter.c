/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/filter.h"

#include "virt/private.h"

void virt_filter_free(VirtFilter *filter)
{
    g_free(filter->name);
    g_free(filter->uuid);
    g_free(filter);
}

static int filter_compare(gconstpointer a, gconstpointer b)
{
    const VirtFilter *const *first = a;
    const VirtFilter *const *second = b;

    return g_strcmp0((*first)->name, (*second)->name);
}

static void filter_collect(GPtrArray *all, virNWFilterPtr filter)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    VirtFilter *one;

    if (virNWFilterGetUUIDString(filter, uuid) < 0)
        return;
    one = g_new0(VirtFilter, 1);
    one->name = g_strdup(virNWFilterGetName(filter));
    one->uuid = g_strdup(uuid);
    g_ptr_array_add(all, one);
}

GPtrArray *virt_filters(Virt *virt, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    virNWFilterPtr *filters = NULL;
    GPtrArray *all;
    int count;

    if (!connection)
        return NULL;
    count = virConnectListAllNWFilters(connection, &filters, 0);
    if (count < 0) {
        virt_error_take(error);
        return NULL;
    }
    all = g_ptr_array_new_with_free_func((GDestroyNotify)virt_filter_free);
    for (int i = 0; i < count; i++) {
        filter_collect(all, filters[i]);
        (void)virNWFilterFree(filters[i]); /* fails only for a NULL filter */
    }
    free(filters);
    g_ptr_array_sort(all, filter_compare);
    return all;
}

char *virt_filter_xml(Virt *virt, const char *name, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(virNWFilter) filter = NULL;
    char *xml;

    if (!connection)
        return NULL;
    filter = virNWFilterLookupByName(connection, name);
    xml = filter ? virNWFilterGetXMLDesc(filter, 0) : NULL;
    if (!xml)
        virt_error_take(error);
    return xml;
}

gboolean virt_filter_define(Virt *virt, const char *xml, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(virNWFilter) filter = NULL;

    if (!connection)
        return FALSE;
    filter = virNWFilterDefineXML(connection, xml);
    if (!filter)
        virt_error_take(error);
    return filter != NULL;
}
