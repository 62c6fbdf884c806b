/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/nic-xml.h"

#include <string.h>

#include "agent/tap.h"
#include "base/mac.h"
#include "jsonrpc/rpc.h"

static xmlNodePtr filter_make(xmlNodePtr parent, const char *filter, GPtrArray *parameters)
{
    xmlNodePtr node = xml_child(parent, "filterref");

    xml_set(node, "filter", filter);
    for (guint i = 0; parameters && i < parameters->len; i++) {
        const FilterParameter *parameter = parameters->pdata[i];
        xmlNodePtr child = xml_child(node, "parameter");
        xml_set(child, "name", parameter->name);
        xml_set(child, "value", parameter->value);
    }
    return node;
}

static void address_make(xmlNodePtr parent, const PciAddress *address)
{
    xmlNodePtr node = xml_child(parent, "address");

    xml_set(node, "type", "pci");
    xml_set_printf(node, "domain", "0x%04x", address->domain);
    xml_set_printf(node, "bus", "0x%02x", address->bus);
    xml_set_printf(node, "slot", "0x%02x", address->slot);
    xml_set_printf(node, "function", "0x%x", address->function);
}

/* What libvirt is told about a tap that it neither makes nor removes. */
static void tap_set(xmlNodePtr interface, const char *device)
{
    xmlNodePtr target;

    xml_set(interface, "type", "ethernet");
    target = xml_ensure(interface, "target");
    xml_set(target, "dev", device);
    xml_set(target, "managed", "no");
}

static gboolean tap_name_take(Nic *nic, GError **error)
{
    if (!nic->mac) {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: an interface needs a mac where tapwalld enforces filters");
        return FALSE;
    }
    g_free(nic->device);
    nic->device = tap_name(nic->mac);
    nic->own_tap = TRUE;
    return TRUE;
}

gboolean nic_take_tap(Nic *nic, xmlNodePtr interface, GError **error)
{
    if (g_strcmp0(nic->type, "bridge") != 0 || !nic->bridge)
        return TRUE;
    if (!tap_name_take(nic, error))
        return FALSE;
    xml_remove(interface, "source");
    xml_remove(interface, "filterref");
    tap_set(interface, nic->device);
    return TRUE;
}

xmlNodePtr nic_to_xml(const Nic *nic, xmlNodePtr parent)
{
    xmlNodePtr node = xml_child(parent, "interface");

    xml_set(node, "type", nic->type);
    if (nic->has_address)
        address_make(node, &nic->address);
    xml_set(xml_child(node, "mac"), "address", nic->mac);
    xml_set(xml_child(node, "model"), "type", nic->model);
    xml_set(xml_child(node, "source"), "bridge", nic->bridge);
    if (nic->filter)
        filter_make(node, nic->filter, nic->parameters);
    if (!nic->linked)
        xml_set(xml_child(node, "link"), "state", "down");
    if (nic->boot_order > 0)
        xml_set_printf(xml_child(node, "boot"), "order", "%u", nic->boot_order);
    return node;
}

void nic_xml_set_filter(xmlNodePtr interface, const char *filter, GPtrArray *parameters)
{
    xml_remove(interface, "filterref");
    if (filter) {
        xmlNodePtr node = filter_make(interface, filter, parameters);
        xmlNodePtr source = xml_first(interface, "source");
        if (source)
            xmlAddNextSibling(source, node);
    }
}

void nic_xml_set_bridge(xmlNodePtr interface, const char *bridge)
{
    xml_set(xml_ensure(interface, "source"), "bridge", bridge);
}

void nic_xml_set_link(xmlNodePtr interface, gboolean linked)
{
    xml_set(xml_ensure(interface, "link"), "state", linked ? "up" : "down");
}

static gboolean mac_read(Nic *nic, xmlNodePtr interface, GError **error)
{
    g_autofree char *text = xml_get(xml_first(interface, "mac"), "address");
    char canonical[MAC_TEXT_SIZE];
    guint64 mac;

    if (!text)
        return TRUE;
    if (!mac_parse(text, &mac) || mac_is_group(mac)) {
        g_set_error(
            error, RPC_ERROR, RPC_INVALID_PARAMETER,
            "Invalid parameter: mac address='%.80s' is not the MAC address of one interface", text);
        return FALSE;
    }
    nic->mac = g_strdup(mac_format(mac, canonical));
    return TRUE;
}

static gboolean parameters_read(Nic *nic, xmlNodePtr reference, GError **error)
{
    xmlNodePtr node = xml_first(reference, "parameter");

    for (; node; node = xml_next(node, "parameter")) {
        g_autofree char *name = xml_get(node, "name");
        g_autofree char *value = xml_get(node, "value");
        if (!filter_parameter_check(name ? name : "", value ? value : "", error))
            return FALSE;
        nic_add_parameter(nic, name, value);
    }
    return TRUE;
}

gboolean nic_xml_read_filter(Nic *nic, xmlNodePtr interface, GError **error)
{
    xmlNodePtr reference = xml_first(interface, "filterref");

    if (!reference)
        return TRUE;
    if (xml_next(reference, "filterref")) {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: a NIC can have one filter (libvirt supports one)");
        return FALSE;
    }
    nic->filter = xml_get(reference, "filter");
    return filter_name_check(nic->filter ? nic->filter : "", error) &&
           parameters_read(nic, reference, error);
}

static void address_read(Nic *nic, xmlNodePtr interface)
{
    xmlNodePtr node = xml_first(interface, "address");
    g_autofree char *type = xml_get(node, "type");
    const struct {
        const char *name;
        guint *value;
    } parts[] = {
        {"domain", &nic->address.domain},
        {"bus", &nic->address.bus},
        {"slot", &nic->address.slot},
        {"function", &nic->address.function},
    };

    if (g_strcmp0(type, "pci") != 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *text = xml_get(node, parts[i].name);
        *parts[i].value = text ? (guint)g_ascii_strtoull(text, NULL, 0) : 0;
    }
    nic->has_address = TRUE;
}

static void source_read(Nic *nic, xmlNodePtr interface)
{
    xmlNodePtr source = xml_first(interface, "source");

    nic->bridge = xml_get(source, "bridge");
    nic->network = nic->bridge ? g_strdup(nic->bridge) : xml_get(source, "network");
    if (!nic->network || strcmp(nic->network, NIC_DUMMY_BRIDGE) == 0) {
        g_free(nic->network);
        nic->network = g_strdup("");
    }
}

Nic *nic_from_xml(xmlNodePtr interface, GError **error)
{
    g_autoptr(Nic) nic = nic_new();
    g_autofree char *link = xml_get(xml_first(interface, "link"), "state");
    g_autofree char *boot = xml_get(xml_first(interface, "boot"), "order");

    nic->type = xml_get(interface, "type");
    nic->model = xml_get(xml_first(interface, "model"), "type");
    nic->device = xml_get(xml_first(interface, "target"), "dev");
    nic->alias = xml_get(xml_first(interface, "alias"), "name");
    nic->linked = g_strcmp0(link, "down") != 0;
    nic->boot_order = boot ? (guint)g_ascii_strtoull(boot, NULL, 10) : 0;
    source_read(nic, interface);
    address_read(nic, interface);
    if (!mac_read(nic, interface, error) || !nic_xml_read_filter(nic, interface, error))
        return NULL;
    return g_steal_pointer(&nic);
}

xmlDocPtr nic_xml_parse(const char *text, xmlNodePtr *interface, GError **error)
{
    static const char *const roots[] = {"interface", "hotplug", NULL};
    g_autoptr(GError) reason = NULL;
    g_autoptr(xmlDoc) document = xml_parse("xml", text, strlen(text), roots, &reason);
    xmlNodePtr node;

    if (!document) {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER, "Invalid parameter: %s",
                    reason->message);
        return NULL;
    }
    node = xmlDocGetRootElement(document);
    if (xml_is(node, "hotplug"))
        node = xml_first(xml_first(node, "devices"), NULL);
    if (!node || !xml_is(node, "interface") ||
        (node->parent != (xmlNodePtr)document && xml_next(node, NULL))) {
        g_set_error_literal(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                            "Invalid parameter: xml must hold exactly one interface");
        return NULL;
    }
    *interface = node;
    return g_steal_pointer(&document);
}
