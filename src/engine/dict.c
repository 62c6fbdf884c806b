/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/dict.h"

/* How long a guest is given before VDSM's agent considers the shutdown as ignored, in s, and what
 * it is told: the values of oVirt's engine. */
#define SHUTDOWN_DELAY "30"
#define SHUTDOWN_MESSAGE                                                                           \
    "System Administrator has initiated shutdown of this Virtual Machine. "                        \
    "Virtual Machine is shutting down."

#define MIB (G_GUINT64_CONSTANT(1) << 20)

static void set_filter(JsonObject *object, const char *filter)
{
    JsonArray *filters = json_array_new();
    json_array_add_string_element(filters, filter);
    json_object_set_string_member(object, "filter", filter);
    json_object_set_array_member(object, "filters", filters);
}

JsonObject *dict_nic(const Nic *nic, const char *bridge, const char *filter)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "type", "interface");
    json_object_set_string_member(object, "device", "bridge");
    json_object_set_string_member(object, "nicModel",
                                  g_str_equal(nic->model, "virtio") ? "pv" : nic->model);
    json_object_set_string_member(object, "macAddr", nic->mac);
    json_object_set_string_member(object, "network", bridge ? bridge : "");
    json_object_set_boolean_member(object, "linkActive", bridge && nic->linked);
    json_object_set_string_member(object, "deviceId", nic->id);
    if (nic->alias)
        json_object_set_string_member(object, "alias", nic->alias);
    if (filter)
        set_filter(object, filter);
    return object;
}

static JsonNode *object_node(JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static JsonObject *vm_object(const char *vm_id)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "vmID", vm_id);
    return object;
}

static void set_text(JsonObject *object, const char *key, const char *value)
{
    if (value)
        json_object_set_string_member(object, key, value);
}

static JsonObject *dict_disk(const Vm *vm)
{
    JsonObject *disk = json_object_new();
    json_object_set_string_member(disk, "type", "disk");
    json_object_set_string_member(disk, "device", "disk");
    json_object_set_string_member(disk, "iface", "virtio");
    json_object_set_string_member(disk, "path", vm->disk);
    json_object_set_string_member(disk, "format", "raw");
    return disk;
}

JsonNode *dict_vm_create(const Vm *vm, JsonArray *nics)
{
    JsonObject *params = json_object_new();
    json_object_set_string_member(params, "vmId", vm->id);
    json_object_set_string_member(params, "vmName", vm->name);
    json_object_set_int_member(params, "memSize", (gint64)(vm->memory / MIB));
    json_object_set_int_member(params, "smp", vm->vcpus);
    set_text(params, "kernel", vm->kernel);
    set_text(params, "initrd", vm->initrd);
    set_text(params, "kernelArgs", vm->cmdline);
    set_text(params, "serialLog", vm->serial_log);
    if (vm->disk)
        json_array_add_object_element(nics, dict_disk(vm));
    json_object_set_array_member(params, "devices", nics);
    JsonObject *object = vm_object(vm->id);
    json_object_set_object_member(object, "vmParams", params);
    return object_node(object);
}

JsonNode *dict_vm(const Vm *vm)
{
    return object_node(vm_object(vm->id));
}

JsonNode *dict_vm_shutdown(const Vm *vm)
{
    JsonObject *object = vm_object(vm->id);
    json_object_set_string_member(object, "delay", SHUTDOWN_DELAY);
    json_object_set_string_member(object, "message", SHUTDOWN_MESSAGE);
    return object_node(object);
}

JsonNode *dict_nic_plug(const char *vm_id, JsonObject *nic)
{
    JsonObject *params = json_object_new();
    json_object_set_string_member(params, "vmId", vm_id);
    json_object_set_object_member(params, "nic", nic);
    JsonObject *object = vm_object(vm_id);
    json_object_set_object_member(object, "params", params);
    return object_node(object);
}

JsonNode *dict_nic_update(const Nic *nic, const char *bridge, gboolean with_filter,
                          const char *filter)
{
    JsonObject *params = json_object_new();
    json_object_set_string_member(params, "deviceType", "interface");
    json_object_set_string_member(params, "macAddr", nic->mac);
    json_object_set_string_member(params, "network", bridge ? bridge : "");
    json_object_set_boolean_member(params, "linkActive", bridge && nic->linked);
    set_text(params, "alias", nic->alias);
    if (with_filter && filter)
        set_filter(params, filter);
    else if (with_filter)
        json_object_set_string_member(params, "filter", "");
    JsonObject *object = vm_object(nic->vm_id);
    json_object_set_object_member(object, "params", params);
    return object_node(object);
}
