/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/definition.h"

#include <string.h>

#include "agent/metadata.h"
#include "agent/nic-xml.h"
#include "agent/xml.h"
#include "jsonrpc/rpc.h"

static void definition_clear(gpointer data)
{
    Definition *definition = data;

    g_free(definition->vm_id);
    g_free(definition->name);
    g_free(definition->xml);
    g_free(definition->hash);
    g_clear_pointer(&definition->nics, g_ptr_array_unref);
}

Definition *definition_ref(Definition *definition)
{
    return g_atomic_rc_box_acquire(definition);
}

void definition_unref(Definition *definition)
{
    g_atomic_rc_box_release_full(definition, definition_clear);
}

/* <memory unit='…'>: KiB where no unit is given (libvirt's domain format). */
static guint64 memory_read(xmlNodePtr domain)
{
    static const struct {
        const char *unit;
        guint64 per_mib_up, per_mib_down; /* MiB = value * up / down */
    } units[] = {
        {"KiB", 1, 1024}, {"k", 1, 1024}, {"MiB", 1, 1},         {"M", 1, 1},
        {"GiB", 1024, 1}, {"G", 1024, 1}, {"b", 1, 1024 * 1024}, {"bytes", 1, 1024 * 1024},
    };
    xmlNodePtr node = xml_first(domain, "memory");
    g_autofree char *unit = xml_get(node, "unit");
    g_autofree char *text = xml_text(node);
    guint64 value = text ? g_ascii_strtoull(text, NULL, 10) : 0;

    for (guint i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_strcmp0(unit ? unit : "KiB", units[i].unit) == 0)
            return value * units[i].per_mib_up / units[i].per_mib_down;
    return 0;
}

static gboolean nics_read(Definition *definition, xmlNodePtr domain, GError **error)
{
    xmlNodePtr node = xml_first(xml_first(domain, "devices"), "interface");

    definition->nics = g_ptr_array_new_with_free_func((GDestroyNotify)nic_free);
    for (; node; node = xml_next(node, "interface")) {
        Nic *nic = nic_from_xml(node, error);
        if (!nic)
            return FALSE;
        g_ptr_array_add(definition->nics, nic);
    }
    return TRUE;
}

static gboolean identity_read(Definition *definition, xmlNodePtr domain, GError **error)
{
    g_autofree char *uuid = xml_text(xml_first(domain, "uuid"));

    if (!uuid || !g_uuid_string_is_valid(uuid)) {
        g_set_error(error, RPC_ERROR, RPC_MISSING_PARAMETER, "vmId must be a valid UUID");
        return FALSE;
    }
    definition->vm_id = g_ascii_strdown(uuid, -1);
    definition->name = xml_text(xml_first(domain, "name"));
    if (definition->name)
        return TRUE;
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                "Invalid parameter: the domain XML has no name");
    return FALSE;
}

static gboolean domain_read(Definition *definition, xmlNodePtr domain, GError **error)
{
    g_autofree char *vcpus = xml_text(xml_first(domain, "vcpu"));

    if (!identity_read(definition, domain, error) || !nics_read(definition, domain, error))
        return FALSE;
    definition->memory_mib = memory_read(domain);
    definition->vcpus = vcpus ? (guint)g_ascii_strtoull(vcpus, NULL, 10) : 1;
    return metadata_read(domain, definition->nics, &definition->ours, error);
}

Definition *definition_parse(const char *what, const char *xml, GError **error)
{
    static const char *const roots[] = {"domain", NULL};
    g_autoptr(GError) reason = NULL;
    g_autoptr(xmlDoc) document = xml_parse(what, xml, strlen(xml), roots, &reason);
    g_autoptr(Definition) definition = NULL;

    if (!document) {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER, "Invalid parameter: %s",
                    reason->message);
        return NULL;
    }
    definition = g_atomic_rc_box_new0(Definition);
    if (!domain_read(definition, xmlDocGetRootElement(document), error))
        return NULL;
    definition->xml = g_strdup(xml);
    definition->hash = g_compute_checksum_for_string(G_CHECKSUM_SHA1, xml, -1);
    return g_steal_pointer(&definition);
}

const Nic *definition_nic(const Definition *definition, const char *alias, const char *mac)
{
    for (guint i = 0; i < definition->nics->len; i++) {
        const Nic *nic = definition->nics->pdata[i];
        if (alias ? g_strcmp0(nic->alias, alias) == 0 : mac && g_strcmp0(nic->mac, mac) == 0)
            return nic;
    }
    return NULL;
}

char *definition_metadata(const Definition *definition, const char *leave_out, const Nic *extra)
{
    g_autoptr(GPtrArray) nics = g_ptr_array_new();

    for (guint i = 0; i < definition->nics->len; i++) {
        const Nic *nic = definition->nics->pdata[i];
        if (!leave_out || g_strcmp0(nic->mac, leave_out) != 0)
            g_ptr_array_add(nics, (gpointer)nic);
    }
    if (extra)
        g_ptr_array_add(nics, (gpointer)extra);
    return metadata_format(nics);
}
