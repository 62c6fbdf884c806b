/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a NIC. Beyond oVirt's elements it shows the filter that is really on the NIC, as the
 * host reports it: <network_filter>, <network_filter_parameters> and, who enforces it there,
 * <network_filter_enforcement>; all are missing while there is none, and none can be set here:
 * which filter a NIC gets is decided, not asked for.
 */
#include <string.h>

#include "base/mac.h"
#include "rest/form.h"

static void write_filter(Element *root, const void *entity)
{
    const Nic *nic = entity;

    if (nic->reported && nic->reported_filter)
        element_add_text(element_add(root, "network_filter"), "name", nic->reported_filter);
}

static void write_enforcement(Element *root, const void *entity)
{
    const Nic *nic = entity;

    if (nic->reported && nic->reported_filter)
        element_add_text(root, "network_filter_enforcement", nic->reported_enforcement);
}

static void write_parameters(Element *root, const void *entity)
{
    const Nic *nic = entity;
    gboolean any = nic->reported && nic->reported_parameters && *nic->reported_parameters;
    g_auto(GStrv) pairs = any ? g_strsplit(nic->reported_parameters, " ", 0) : NULL;
    Element *list = any ? element_add(root, "network_filter_parameters") : NULL;

    for (guint i = 0; pairs && pairs[i]; i++) {
        Element *parameter = element_add_repeated(list, "network_filter_parameter");
        g_auto(GStrv) sides = g_strsplit(pairs[i], "=", 2);

        element_add_text(parameter, "name", sides[0] ? sides[0] : "");
        element_add_text(parameter, "value", sides[0] && sides[1] ? sides[1] : "");
    }
}

/* A client that sends back what it got changes nothing; one that wishes for another filter must not
 * believe it got it. */
static gboolean read_filter(const Element *element, void *entity, GError **error)
{
    const Nic *nic = entity;
    const char *name = element_value(element, "name");

    if (element_is_empty(element) || !g_strcmp0(name, nic->reported_filter))
        return TRUE;
    g_set_error(
        error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT,
        "network_filter '%s': a NIC's filter cannot be set here, it follows from its cluster "
        "and the option EnableMACAntiSpoofingFilterRules",
        name ? name : "");
    return FALSE;
}

static gboolean read_mac(const Element *element, void *entity, GError **error)
{
    Nic *nic = entity;
    const char *text = element->text ? element->text : "";
    char canonical[MAC_TEXT_SIZE];
    guint64 mac;

    if (!mac_parse(text, &mac)) {
        g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT,
                    "mac/address is '%s': six pairs of hex digits are expected", text);
        return FALSE;
    }
    g_free(nic->mac);
    nic->mac = g_strdup(mac_format(mac, canonical));
    return TRUE;
}

static void write_mac(Element *root, const void *entity)
{
    const Nic *nic = entity;

    element_add_text(element_add(root, "mac"), "address", nic->mac);
}

static void write_vm(Element *root, const void *entity)
{
    form_add_reference(root, "vm", "vms", ((const Nic *)entity)->vm_id);
}

static const Field fields[] = {
    {"name", FIELD_TEXT, offsetof(Nic, name)},
    {"interface", FIELD_TEXT, offsetof(Nic, model)},
    {"linked", FIELD_BOOL, offsetof(Nic, linked)},
    {"mac/address", FIELD_CUSTOM, .write = write_mac, .read = read_mac},
    {"network", FIELD_REFERENCE, offsetof(Nic, network_id), .kind = "network", .optional = TRUE},
    {"plugged", FIELD_BOOL, offsetof(Nic, plugged)},
    {"synced", FIELD_IGNORED}, /* written by the resource: the engine knows */
    {"network_filter", FIELD_CUSTOM, .write = write_filter, .read = read_filter},
    {"network_filter_parameters", FIELD_CUSTOM, .write = write_parameters},
    {"network_filter_enforcement", FIELD_CUSTOM, .write = write_enforcement},
    {"vm", FIELD_CUSTOM, .write = write_vm},
    {NULL},
};

const Form nic_form = {
    .element = "nic",
    .collection = "nics",
    .type = "Nic",
    .fields = fields,
    .actions = (const char *const[]){"activate", "deactivate", NULL},
    .links = (const char *const[]){"reporteddevices", "statistics", NULL},
    .required = (const char *const[]){"name", NULL},
};
