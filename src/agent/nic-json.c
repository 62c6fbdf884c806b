/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/nic.h"
#include "agent/params.h"
#include "base/mac.h"
#include "jsonrpc/rpc.h"

static const Param nic_keys[] = {
    {"type", PARAM_NAME},          {"device", PARAM_NAME},        {"nicModel", PARAM_NAME},
    {"macAddr", PARAM_NAME, TRUE}, {"network", PARAM_NAME},       {"linkActive", PARAM_BOOL},
    {"bootOrder", PARAM_UINT},     {"deviceId", PARAM_NAME},      {"address", PARAM_OBJECT},
    {"specParams", PARAM_OBJECT},  {"portMirroring", PARAM_LIST}, {NULL},
};

static const Param filter_keys[] = {
    {"filter", PARAM_NAME},
    {"filters", PARAM_LIST},
    {"filterParameters", PARAM_LIST},
    {NULL},
};

/* oVirt's words and libvirt's. */
static const struct {
    const char *vdsm, *libvirt;
} models[] = {{"pv", "virtio"}, {"virtio", "virtio"}};

static gboolean invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sets RPC_INVALID_PARAMETER with VDSM's words in front; always FALSE. */
static gboolean invalid(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER, "Invalid parameter: %s", text);
    return FALSE;
}

char *nic_mac_read(const char *key, const char *text, GError **error)
{
    char canonical[MAC_TEXT_SIZE];
    guint64 mac;

    if (!mac_parse(text, &mac)) {
        (void)invalid(error, "%s '%.80s' is not a MAC address like 52:54:00:00:00:01", key, text);
        return NULL;
    }
    if (mac_is_group(mac) || mac == 0) {
        (void)invalid(error, "%s %s is not the address of one interface", key, text);
        return NULL;
    }
    return g_strdup(mac_format(mac, canonical));
}

static gboolean mac_read(Nic *nic, const char *text, GError **error)
{
    nic->mac = nic_mac_read("macAddr", text, error);
    return nic->mac != NULL;
}

static gboolean model_read(Nic *nic, const char *model, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_strcmp0(model, models[i].vdsm) == 0)
            model = models[i].libvirt;
    if (!name_is_plain(model))
        return invalid(error, "nicModel '%.80s' is not the name of a model", model);
    nic->model = g_strdup(model);
    return TRUE;
}

static gboolean network_read(Nic *nic, const char *network, GError **error)
{
    if (!network || network[0] == '\0') {
        nic->network = g_strdup("");
        nic->bridge = g_strdup(NIC_DUMMY_BRIDGE);
        nic->linked = FALSE;
        return TRUE;
    }
    if (!name_is_plain(network))
        return invalid(error, "network '%.80s' is not the name of a network", network);
    nic->network = g_strdup(network);
    nic->bridge = g_strdup(network);
    return TRUE;
}

static gboolean address_read(Nic *nic, JsonObject *address, GError **error)
{
    static const struct {
        const char *name;
        size_t offset;
        guint most;
    } parts[] = {
        {"domain", offsetof(PciAddress, domain), 0xffff},
        {"bus", offsetof(PciAddress, bus), 0xff},
        {"slot", offsetof(PciAddress, slot), 0x1f},
        {"function", offsetof(PciAddress, function), 7},
    };

    if (!address)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        JsonNode *node = json_object_get_member(address, parts[i].name);
        gboolean is_text = node && json_node_get_value_type(node) == G_TYPE_STRING;
        const char *text = is_text ? json_node_get_string(node) : "";
        guint64 value;
        if (!g_str_has_prefix(text, "0x") ||
            !g_ascii_string_to_unsigned(text + 2, 16, 0, parts[i].most, &value, NULL))
            return invalid(error, "address.%s of a NIC must be hexadecimal up to 0x%x, not '%.80s'",
                           parts[i].name, parts[i].most, text);
        *(guint *)(void *)((char *)&nic->address + parts[i].offset) = (guint)value;
    }
    nic->has_address = TRUE;
    return TRUE;
}

/* What a dictionary can ask for and this agent cannot do is refused, not forgotten. */
static gboolean unsupported_check(JsonObject *dict, GError **error)
{
    const char *type = dict_string(dict, "type");
    const char *device = dict_string(dict, "device");
    JsonObject *spec = dict_object(dict, "specParams");
    JsonArray *mirroring = dict_list(dict, "portMirroring");

    if (type && strcmp(type, "interface") != 0)
        return invalid(error, "the type of a NIC must be 'interface', not '%.80s'", type);
    if (device && strcmp(device, "bridge") != 0)
        return invalid(error, "the device of a NIC must be 'bridge', not '%.80s'", device);
    if (mirroring && json_array_get_length(mirroring) > 0)
        return invalid(error, "portMirroring is not supported");
    if (spec &&
        (json_object_has_member(spec, "inbound") || json_object_has_member(spec, "outbound")))
        return invalid(error, "specParams inbound and outbound are not supported");
    return TRUE;
}

static gboolean filter_take(char **filter, const char *name, GError **error)
{
    if (name[0] == '\0')
        return TRUE;
    if (!filter_name_check(name, error))
        return FALSE;
    if (*filter && strcmp(*filter, name) != 0)
        return invalid(error,
                       "a NIC can have one filter (libvirt supports one), not both %s and %s",
                       *filter, name);
    g_free(*filter);
    *filter = g_strdup(name);
    return TRUE;
}

gboolean nic_filter_from_json(JsonObject *dict, char **filter, gboolean *given, GError **error)
{
    g_autoptr(JsonObject) read = dict_read("NIC", filter_keys, dict, error);
    g_autofree char *found = NULL;
    JsonArray *list;

    if (!read)
        return FALSE;
    if (dict_string(read, "filter") && !filter_take(&found, dict_string(read, "filter"), error))
        return FALSE;
    list = dict_list(read, "filters");
    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonNode *node = json_array_get_element(list, i);
        if (json_node_get_value_type(node) != G_TYPE_STRING)
            return invalid(error, "filters must be a list of names");
        if (!filter_take(&found, json_node_get_string(node), error))
            return FALSE;
    }
    *given = json_object_has_member(read, "filter") || json_object_has_member(read, "filters");
    *filter = g_steal_pointer(&found);
    return TRUE;
}

/* One {"name", "value"}; VDSM passes over entries that lack one of them. */
static gboolean parameter_read(Nic *into, JsonNode *node, GError **error)
{
    static const Param keys[] = {{"name", PARAM_NAME}, {"value", PARAM_NAME}, {NULL}};
    g_autoptr(JsonObject) read = NULL;
    const char *name, *value;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return invalid(error, "filterParameters must be a list of {name, value}");
    read = dict_read("filterParameters", keys, json_node_get_object(node), error);
    if (!read)
        return FALSE;
    name = dict_string(read, "name");
    value = dict_string(read, "value");
    if (!name || !value)
        return TRUE;
    if (!filter_parameter_check(name, value, error))
        return FALSE;
    nic_add_parameter(into, name, value);
    return TRUE;
}

GPtrArray *nic_parameters_from_json(JsonObject *dict, GError **error)
{
    g_autoptr(JsonObject) read = dict_read("NIC", filter_keys, dict, error);
    g_autoptr(Nic) into = nic_new();
    JsonArray *list = read ? dict_list(read, "filterParameters") : NULL;

    if (!read)
        return NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        if (!parameter_read(into, json_array_get_element(list, i), error))
            return NULL;
    return g_ptr_array_ref(into->parameters);
}

static gboolean filter_read(Nic *nic, JsonObject *dict, GError **error)
{
    GPtrArray *parameters;
    gboolean given;

    if (!nic_filter_from_json(dict, &nic->filter, &given, error))
        return FALSE;
    parameters = nic_parameters_from_json(dict, error);
    if (!parameters)
        return FALSE;
    g_ptr_array_unref(nic->parameters);
    nic->parameters = parameters;
    return TRUE;
}

static gboolean device_id_read(Nic *nic, const char *device_id, GError **error)
{
    if (device_id && !name_is_plain(device_id))
        return invalid(error, "deviceId '%.80s' is not an identifier", device_id);
    nic->device_id = device_id ? g_strdup(device_id) : g_uuid_string_random();
    return TRUE;
}

Nic *nic_from_json(JsonObject *dict, GError **error)
{
    g_autoptr(JsonObject) read = dict_read("NIC", nic_keys, dict, error);
    g_autoptr(Nic) nic = nic_new();
    const char *model;

    if (!read || !unsupported_check(read, error))
        return NULL;
    model = dict_string(read, "nicModel");
    nic->type = g_strdup("bridge");
    nic->linked = dict_bool(read, "linkActive", TRUE);
    nic->boot_order = (guint)dict_uint(read, "bootOrder", 0);
    if (!mac_read(nic, dict_string(read, "macAddr"), error) ||
        !model_read(nic, model ? model : "pv", error) ||
        !network_read(nic, dict_string(read, "network"), error) ||
        !address_read(nic, dict_object(read, "address"), error) ||
        !device_id_read(nic, dict_string(read, "deviceId"), error) ||
        !filter_read(nic, dict, error))
        return NULL;
    return g_steal_pointer(&nic);
}

void nic_filter_to_json(const Nic *nic, JsonObject *into)
{
    JsonArray *parameters;

    if (!nic->filter)
        return;
    parameters = json_array_sized_new(nic->parameters->len);
    for (guint i = 0; i < nic->parameters->len; i++) {
        const FilterParameter *parameter = nic->parameters->pdata[i];
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", parameter->name);
        json_object_set_string_member(object, "value", parameter->value);
        json_array_add_object_element(parameters, object);
    }
    json_object_set_string_member(into, "filter", nic->filter);
    json_object_set_array_member(into, "filterParameters", parameters);
}

static JsonObject *address_to_json(const PciAddress *address)
{
    JsonObject *object = json_object_new();
    char text[16];

    json_object_set_string_member(object, "type", "pci");
    g_snprintf(text, sizeof text, "0x%04x", address->domain);
    json_object_set_string_member(object, "domain", text);
    g_snprintf(text, sizeof text, "0x%02x", address->bus);
    json_object_set_string_member(object, "bus", text);
    g_snprintf(text, sizeof text, "0x%02x", address->slot);
    json_object_set_string_member(object, "slot", text);
    g_snprintf(text, sizeof text, "0x%x", address->function);
    json_object_set_string_member(object, "function", text);
    return object;
}

JsonObject *nic_to_json(const Nic *nic)
{
    JsonObject *object = json_object_new();
    const struct {
        const char *key, *value;
    } texts[] = {
        {"type", "interface"},     {"device", nic->type},        {"macAddr", nic->mac},
        {"network", nic->network}, {"deviceId", nic->device_id}, {"alias", nic->alias},
        {"name", nic->device},
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i].value)
            json_object_set_string_member(object, texts[i].key, texts[i].value);
    if (nic->model)
        json_object_set_string_member(object, "nicModel",
                                      strcmp(nic->model, "virtio") == 0 ? "pv" : nic->model);
    json_object_set_boolean_member(object, "linkActive", nic->linked);
    if (nic->boot_order > 0)
        json_object_set_int_member(object, "bootOrder", nic->boot_order);
    if (nic->has_address)
        json_object_set_object_member(object, "address", address_to_json(&nic->address));
    nic_filter_to_json(nic, object);
    return object;
}
