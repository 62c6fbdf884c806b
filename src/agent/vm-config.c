/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vm-config.h"

#include <string.h>

#include "agent/nic.h"
#include "agent/params.h"
#include "jsonrpc/rpc.h"

/* What one VM can have at most: 16 TiB, libvirt's own limit of processors for pc machines, and as
 * many PCI devices as such a machine has slots for. */
enum { MEMORY_MIB_MOST = 16 << 20, VCPUS_MOST = 255, DEVICES_MOST = 28 };

static const Param vm_keys[] = {
    {"vmId", PARAM_NAME},         {"vmName", PARAM_NAME},          {"memSize", PARAM_UINT, TRUE},
    {"smp", PARAM_UINT},          {"kernel", PARAM_STRING},        {"initrd", PARAM_STRING},
    {"kernelArgs", PARAM_STRING}, {"emulatedMachine", PARAM_NAME}, {"serialLog", PARAM_STRING},
    {"drives", PARAM_LIST},       {"devices", PARAM_LIST},         {NULL},
};

static const Param xml_keys[] = {{"vmId", PARAM_NAME}, {"xml", PARAM_TEXT, TRUE}, {NULL}};

static const Param disk_keys[] = {
    {"path", PARAM_STRING, TRUE}, {"format", PARAM_NAME},   {"iface", PARAM_NAME},
    {"device", PARAM_NAME},       {"readonly", PARAM_BOOL}, {NULL},
};

static gboolean invalid(GError **error, const char *key, const char *value, const char *expected)
{
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER, "Invalid parameter: %s '%.80s' is not %s",
                key, value, expected);
    return FALSE;
}

static void disk_free(gpointer data)
{
    Disk *disk = data;

    g_free(disk->path);
    g_free(disk->format);
    g_free(disk->bus);
    g_free(disk->device);
    g_free(disk);
}

static VmConfig *vm_config_new(const char *vm_id)
{
    VmConfig *config = g_new0(VmConfig, 1);

    config->vm_id = g_strdup(vm_id);
    config->disks = g_ptr_array_new_with_free_func(disk_free);
    config->nics = g_ptr_array_new_with_free_func((GDestroyNotify)nic_free);
    return config;
}

void vm_config_free(VmConfig *config)
{
    g_free(config->vm_id);
    g_free(config->name);
    g_free(config->machine);
    g_free(config->kernel);
    g_free(config->initrd);
    g_free(config->cmdline);
    g_free(config->serial_log);
    g_free(config->xml);
    g_ptr_array_unref(config->disks);
    g_ptr_array_unref(config->nics);
    g_free(config);
}

/* Copies an optional path, which must be absolute. */
static gboolean path_read(char **into, JsonObject *dict, const char *key, GError **error)
{
    const char *path = dict_string(dict, key);

    if (!path || path[0] == '\0')
        return TRUE;
    if (!g_path_is_absolute(path))
        return invalid(error, key, path, "an absolute path");
    *into = g_strdup(path);
    return TRUE;
}

/* Copies one of the words allowed, the first of which is the default. */
static gboolean word_read(char **into, JsonObject *dict, const char *key,
                          const char *const *allowed, GError **error)
{
    const char *word = dict_string(dict, key);
    g_autofree char *expected = NULL;

    if (!word || g_strv_contains(allowed, word)) {
        *into = g_strdup(word ? word : allowed[0]);
        return TRUE;
    }
    expected = g_strjoinv(", ", (char **)allowed);
    return invalid(error, key, word, expected);
}

static gboolean disk_read(VmConfig *config, JsonObject *dict, GError **error)
{
    static const char *const formats[] = {"raw", "qcow2", "cow", NULL};
    static const char *const buses[] = {"virtio", "ide", "scsi", "sata", NULL};
    static const char *const devices[] = {"disk", "cdrom", NULL};
    g_autoptr(JsonObject) read = dict_read("disk", disk_keys, dict, error);
    Disk *disk;

    if (!read)
        return FALSE;
    disk = g_new0(Disk, 1);
    g_ptr_array_add(config->disks, disk);
    disk->readonly = dict_bool(read, "readonly", FALSE);
    if (!path_read(&disk->path, read, "path", error) ||
        !word_read(&disk->format, read, "format", formats, error) ||
        !word_read(&disk->bus, read, "iface", buses, error) ||
        !word_read(&disk->device, read, "device", devices, error))
        return FALSE;
    return disk->path || invalid(error, "path", "", "an absolute path");
}

static gboolean interface_read(VmConfig *config, JsonObject *dict, GError **error)
{
    Nic *nic = nic_from_json(dict, error);

    if (nic)
        g_ptr_array_add(config->nics, nic);
    return nic != NULL;
}

/* Every VM has a console on its serial line, so asking for one adds nothing. */
static gboolean console_read(VmConfig *config, JsonObject *dict, GError **error)
{
    return TRUE;
}

static const struct {
    const char *type;
    gboolean (*read)(VmConfig *config, JsonObject *dict, GError **error);
} device_types[] = {{"interface", interface_read}, {"disk", disk_read}, {"console", console_read}};

static gboolean device_read(VmConfig *config, JsonNode *node, const char *assumed, GError **error)
{
    static const Param keys[] = {{"type", PARAM_NAME}, {NULL}};
    g_autoptr(JsonObject) read = NULL;
    const char *type;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return invalid(error, "a member of", "devices", "an object");
    read = dict_read("device", keys, json_node_get_object(node), error);
    if (!read)
        return FALSE;
    type = dict_string(read, "type");
    for (guint i = 0; i < G_N_ELEMENTS(device_types); i++)
        if (g_strcmp0(type ? type : assumed, device_types[i].type) == 0)
            return device_types[i].read(config, json_node_get_object(node), error);
    return invalid(error, "device type", type ? type : "", "interface, disk or console");
}

static gboolean devices_read(VmConfig *config, JsonArray *list, const char *assumed, GError **error)
{
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        if (!device_read(config, json_array_get_element(list, i), assumed, error))
            return FALSE;
    if (config->nics->len + config->disks->len <= DEVICES_MOST)
        return TRUE;
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                "Invalid parameter: a VM can have %d NICs and disks, not %u", DEVICES_MOST,
                config->nics->len + config->disks->len);
    return FALSE;
}

static gboolean identity_read(VmConfig *config, JsonObject *read, GError **error)
{
    const char *inner = dict_string(read, "vmId");

    if (!g_uuid_string_is_valid(config->vm_id)) {
        g_set_error(error, RPC_ERROR, RPC_MISSING_PARAMETER, "vmId must be a valid UUID");
        return FALSE;
    }
    return !inner || g_ascii_strcasecmp(inner, config->vm_id) == 0 ||
           invalid(error, "vmParams.vmId", inner, "the vmID of the call");
}

static gboolean size_read(VmConfig *config, JsonObject *read, GError **error)
{
    config->memory_mib = dict_uint(read, "memSize", 0);
    config->vcpus = (guint)dict_uint(read, "smp", 1);
    if (config->memory_mib == 0) {
        g_set_error(error, RPC_ERROR, RPC_MISSING_PARAMETER, "Must specify nonzero memSize");
        return FALSE;
    }
    if (config->memory_mib <= MEMORY_MIB_MOST && config->vcpus > 0 && config->vcpus <= VCPUS_MOST)
        return TRUE;
    g_set_error(
        error, RPC_ERROR, RPC_INVALID_PARAMETER,
        "Invalid parameter: memSize can be up to %d MiB and smp 1 to %d, not %" G_GUINT64_FORMAT
        " and %u",
        MEMORY_MIB_MOST, VCPUS_MOST, config->memory_mib, config->vcpus);
    return FALSE;
}

static gboolean name_read(VmConfig *config, JsonObject *read, GError **error)
{
    const char *name = dict_string(read, "vmName");
    const char *machine = dict_string(read, "emulatedMachine");

    config->name = name ? g_strdup(name) : g_strdup_printf("n%s", config->vm_id);
    config->machine = g_strdup(machine ? machine : "pc");
    if (!name_is_plain(config->name))
        return invalid(error, "vmName", config->name,
                       "a name of letters, digits, '_', '.' and '-'");
    return name_is_plain(config->machine) ||
           invalid(error, "emulatedMachine", config->machine, "the name of a machine");
}

static gboolean dictionary_read(VmConfig *config, JsonObject *params, GError **error)
{
    g_autoptr(JsonObject) read = dict_read("vmParams", vm_keys, params, error);

    if (!read || !identity_read(config, read, error) || !size_read(config, read, error) ||
        !name_read(config, read, error) || !path_read(&config->kernel, read, "kernel", error) ||
        !path_read(&config->initrd, read, "initrd", error) ||
        !path_read(&config->serial_log, read, "serialLog", error))
        return FALSE;
    config->cmdline = g_strdup(dict_string(read, "kernelArgs"));
    return devices_read(config, dict_list(read, "drives"), "disk", error) &&
           devices_read(config, dict_list(read, "devices"), NULL, error);
}

static gboolean xml_read(VmConfig *config, JsonObject *params, GError **error)
{
    g_autoptr(JsonObject) read = dict_read("vmParams", xml_keys, params, error);

    if (!read || !identity_read(config, read, error))
        return FALSE;
    config->xml = g_strdup(dict_string(read, "xml"));
    return TRUE;
}

VmConfig *vm_config_from_json(const char *vm_id, JsonObject *params, GError **error)
{
    g_autoptr(VmConfig) config = vm_config_new(vm_id);
    JsonNode *xml = json_object_get_member(params, "xml");
    gboolean whole = xml && !JSON_NODE_HOLDS_NULL(xml);

    return (whole ? xml_read : dictionary_read)(config, params, error) ? g_steal_pointer(&config)
                                                                       : NULL;
}
