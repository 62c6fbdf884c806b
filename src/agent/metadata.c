/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/metadata.h"

#include "agent/nic-xml.h"

#define X(text) ((const xmlChar *)(text))

/* bridge also says that the tap is the agent's own. */
static void wanted_write(xmlNodePtr node, const Nic *nic)
{
    xml_set(node, "bridge", nic->bridge);
    if (nic->filter)
        nic_xml_set_filter(node, nic->filter, nic->parameters);
}

static void nics_write(xmlNodePtr vm, GPtrArray *nics)
{
    for (guint i = 0; i < nics->len; i++) {
        const Nic *nic = nics->pdata[i];
        xmlNodePtr node;
        if (!nic->mac)
            continue;
        node = xml_child(vm, "nic");
        xml_set(node, "mac", nic->mac);
        xml_set(node, "network", nic->network);
        if (nic->device_id)
            xml_set(node, "deviceId", nic->device_id);
        if (nic->own_tap)
            wanted_write(node, nic);
    }
}

static gboolean is_ours(xmlNodePtr node)
{
    return node->ns && xmlStrcmp(node->ns->href, X(METADATA_URI)) == 0;
}

static xmlNodePtr ours_find(xmlNodePtr domain)
{
    xmlNodePtr node = xml_first(xml_first(domain, "metadata"), NULL);

    while (node && !is_ours(node))
        node = xml_next(node, NULL);
    return node;
}

static void namespace_set(xmlNodePtr node, xmlNsPtr namespace)
{
    xmlSetNs(node, namespace);
    for (xmlNodePtr child = xml_first(node, NULL); child; child = xml_next(child, NULL))
        namespace_set(child, namespace);
}

void metadata_write(xmlNodePtr domain, GPtrArray *nics)
{
    xmlNodePtr vm = ours_find(domain);
    xmlNsPtr namespace;

    if (vm) {
        xmlUnlinkNode(vm);
        xmlFreeNode(vm);
    }
    vm = xml_child(xml_ensure(domain, "metadata"), "vm");
    namespace = xmlNewNs(vm, X(METADATA_URI), X(METADATA_PREFIX));
    nics_write(vm, nics);
    namespace_set(vm, namespace);
}

static Nic *nic_lookup(GPtrArray *nics, const char *mac)
{
    for (guint i = 0; i < nics->len; i++) {
        Nic *nic = nics->pdata[i];
        if (g_strcmp0(nic->mac, mac) == 0)
            return nic;
    }
    return NULL;
}

/* A NIC on a tap of ours is to libvirt one that leads nowhere. */
static gboolean wanted_read(Nic *nic, xmlNodePtr node, GError **error)
{
    char *bridge = xml_get(node, "bridge");

    if (!bridge)
        return TRUE;
    g_free(nic->bridge);
    nic->bridge = bridge;
    g_free(nic->type);
    nic->type = g_strdup("bridge");
    nic->own_tap = TRUE;
    return nic_xml_read_filter(nic, node, error);
}

gboolean metadata_read(xmlNodePtr domain, GPtrArray *nics, gboolean *found, GError **error)
{
    xmlNodePtr vm = ours_find(domain);
    xmlNodePtr node = xml_first(vm, "nic");

    for (; node; node = xml_next(node, "nic")) {
        g_autofree char *mac = xml_get(node, "mac");
        Nic *nic = nic_lookup(nics, mac);
        char *network = xml_get(node, "network");
        if (!nic || !network) {
            g_free(network); /* of a NIC that has been unplugged since */
            continue;
        }
        g_free(nic->network);
        nic->network = network;
        g_free(nic->device_id);
        nic->device_id = xml_get(node, "deviceId");
        if (!wanted_read(nic, node, error))
            return FALSE;
    }
    *found = vm != NULL;
    return TRUE;
}

char *metadata_format(GPtrArray *nics)
{
    g_autoptr(xmlDoc) document = xml_document("vm");
    xmlNodePtr vm = xmlDocGetRootElement(document);

    nics_write(vm, nics);
    return xml_format(vm);
}
