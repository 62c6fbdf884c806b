/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/binding-xml.h"

#include <string.h>

#include "agent/nic-xml.h"

char *binding_xml(const char *vm_id, const char *vm_name, const Nic *nic)
{
    g_autoptr(xmlDoc) document = xml_document("filterbinding");
    xmlNodePtr binding = xmlDocGetRootElement(document);
    xmlNodePtr owner = xml_child(binding, "owner");

    xml_child_text(owner, "name", vm_name);
    xml_child_text(owner, "uuid", vm_id);
    xml_set(xml_child(binding, "portdev"), "name", nic->device);
    xml_set(xml_child(binding, "mac"), "address", nic->mac);
    nic_xml_set_filter(binding, nic->filter, nic->parameters);
    return xml_format(binding);
}

/* Whether the values of that name, in their order, are the same in both. */
static gboolean values_equal(GPtrArray *a, GPtrArray *b, const char *name)
{
    guint j = 0;

    for (guint i = 0; i < a->len; i++) {
        const FilterParameter *one = a->pdata[i];
        const FilterParameter *other = NULL;
        if (strcmp(one->name, name) != 0)
            continue;
        while (j < b->len && strcmp((other = b->pdata[j])->name, name) != 0)
            j++;
        if (j++ >= b->len || strcmp(one->value, other->value) != 0)
            return FALSE;
    }
    while (j < b->len && strcmp(((FilterParameter *)b->pdata[j])->name, name) != 0)
        j++;
    return j >= b->len;
}

static gboolean names_it(GPtrArray *parameters, const char *name)
{
    for (guint i = 0; i < parameters->len; i++)
        if (strcmp(((FilterParameter *)parameters->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_added(const char *name)
{
    return strcmp(name, "MAC") == 0 || strcmp(name, "IP") == 0;
}

static gboolean parameters_match(GPtrArray *wanted, GPtrArray *dumped)
{
    for (guint i = 0; i < wanted->len; i++)
        if (!values_equal(wanted, dumped, ((FilterParameter *)wanted->pdata[i])->name))
            return FALSE;
    for (guint i = 0; i < dumped->len; i++) {
        const char *name = ((FilterParameter *)dumped->pdata[i])->name;
        if (!names_it(wanted, name) && !is_added(name))
            return FALSE;
    }
    return TRUE;
}

gboolean binding_xml_is(const char *xml, const Nic *nic)
{
    static const char *const roots[] = {"filterbinding", NULL};
    g_autoptr(xmlDoc) document = xml_parse("the binding", xml, strlen(xml), roots, NULL);
    xmlNodePtr binding = document ? xmlDocGetRootElement(document) : NULL;
    g_autofree char *mac = xml_get(xml_first(binding, "mac"), "address");
    g_autoptr(Nic) read = nic_new();

    return binding && nic_xml_read_filter(read, binding, NULL) &&
           g_strcmp0(read->filter, nic->filter) == 0 && g_strcmp0(mac, nic->mac) == 0 &&
           parameters_match(nic->parameters, read->parameters);
}
