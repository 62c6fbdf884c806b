/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/metadata.h"

#define X(text) ((const xmlChar *)(text))

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

void metadata_write(xmlNodePtr domain, GPtrArray *nics)
{
    xmlNodePtr vm = ours_find(domain);
    xmlNodePtr child;
    xmlNsPtr namespace;

    if (vm) {
        xmlUnlinkNode(vm);
        xmlFreeNode(vm);
    }
    vm = xml_child(xml_ensure(domain, "metadata"), "vm");
    namespace = xmlNewNs(vm, X(METADATA_URI), X(METADATA_PREFIX));
    xmlSetNs(vm, namespace);
    nics_write(vm, nics);
    for (child = xml_first(vm, NULL); child; child = xml_next(child, NULL))
        xmlSetNs(child, namespace);
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

gboolean metadata_read(xmlNodePtr domain, GPtrArray *nics)
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
    }
    return vm != NULL;
}

char *metadata_format(GPtrArray *nics)
{
    g_autoptr(xmlDoc) document = xml_document("vm");
    xmlNodePtr vm = xmlDocGetRootElement(document);

    nics_write(vm, nics);
    return xml_format(vm);
}
