/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/test-host.h"

#include <string.h>

#include "base/listen.h"

static const char *const all_filters[] = {"clean-traffic", "vdsm-no-mac-spoofing", NULL};
static const char *const all_levels[] = {"3.0", "3.1", "3.2", "4.7", "4.8", NULL};

static JsonObject *vm_lookup(TestHost *host, const char *id)
{
    return g_hash_table_lookup(host->vms, id);
}

static JsonNode *object_node(JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static JsonNode *array_node(JsonArray *array)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, array);
    return node;
}

/* ---- verbs about the host ---- */

static JsonArray *strings(const char *const *words)
{
    JsonArray *array = json_array_new();
    for (; *words; words++)
        json_array_add_string_element(array, *words);
    return array;
}

static void get_capabilities(TestHost *host, RpcCall *call, JsonObject *params)
{
    JsonObject *object = json_object_new();
    JsonObject *packages = json_object_new(), *libvirt = json_object_new();
    json_object_set_string_member(libvirt, "version", "9.0.0");
    json_object_set_object_member(packages, "libvirt", libvirt);
    json_object_set_object_member(object, "packages2", packages);
    json_object_set_string_member(object, "software_version", "0.1");
    json_object_set_array_member(object, "nwfilters", strings(host->filters));
    json_object_set_array_member(object, "clusterLevels", strings(host->levels));
    rpc_call_return(call, object_node(object));
}

static void get_vms(TestHost *host, RpcCall *call, JsonObject *params)
{
    JsonArray *array = json_array_new();
    GHashTableIter iter;
    gpointer vm;
    g_hash_table_iter_init(&iter, host->vms);
    while (g_hash_table_iter_next(&iter, NULL, &vm))
        json_array_add_object_element(array, json_object_ref(vm));
    JsonNode *node = array_node(array);
    rpc_call_return(call, json_node_copy(node)); /* as it is now, whatever happens to it later */
    json_node_unref(node);
}

/* ---- verbs about VMs ---- */

static void create(TestHost *host, RpcCall *call, JsonObject *params)
{
    JsonObject *vm = json_object_get_object_member(params, "vmParams");
    const char *id = json_object_get_string_member(vm, "vmId");
    if (host->refuses_create) {
        rpc_call_fail(call, RPC_CREATE_FAILED, "Error creating the requested VM: no room");
        return;
    }
    if (vm_lookup(host, id)) {
        rpc_call_fail(call, RPC_VM_EXISTS, "Virtual machine already exists");
        return;
    }
    json_object_set_string_member(vm, "status", "WaitForLaunch");
    g_hash_table_insert(host->vms, g_strdup(id), json_object_ref(vm));
    rpc_call_return(call, NULL);
    if (host->lacks_filter)
        test_host_vm(host, id, "Down", "internal error: referenced filter 'x' is missing");
}

static void destroy(TestHost *host, RpcCall *call, JsonObject *params)
{
    if (g_hash_table_remove(host->vms, json_object_get_string_member(params, "vmID")))
        rpc_call_return(call, NULL);
    else
        rpc_call_fail(call, RPC_NO_SUCH_VM, "Virtual machine does not exist");
}

static void shut_down(TestHost *host, RpcCall *call, JsonObject *params)
{
    rpc_call_return(call, NULL);
    test_host_vm(host, json_object_get_string_member(params, "vmID"), "Powering down", NULL);
}

static JsonArray *devices(JsonObject *params)
{
    return json_object_get_array_member(params, "devices");
}

static int nic_index(JsonObject *vm, const char *mac)
{
    for (guint i = 0; i < json_array_get_length(devices(vm)); i++) {
        JsonObject *nic = json_array_get_object_element(devices(vm), i);
        if (g_strcmp0(json_object_get_string_member_with_default(nic, "macAddr", NULL), mac) == 0)
            return (int)i;
    }
    return -1;
}

static void plug(TestHost *host, RpcCall *call, JsonObject *params)
{
    JsonObject *vm = vm_lookup(host, json_object_get_string_member(params, "vmID"));
    JsonObject *nic =
        json_object_get_object_member(json_object_get_object_member(params, "params"), "nic");
    const char *mac = json_object_get_string_member(nic, "macAddr");
    if (!vm || host->refuses_plug || nic_index(vm, mac) >= 0) {
        rpc_call_fail(call, RPC_HOTPLUG_NIC_FAILED, "Failed to hotplug NIC: no slot");
        return;
    }
    json_object_set_string_member(nic, "alias", "net7");
    json_object_set_string_member(nic, "name", "vnet7");
    json_array_add_object_element(devices(vm), json_object_ref(nic));
    rpc_call_return(call, object_node(json_object_ref(vm)));
}

static void unplug(TestHost *host, RpcCall *call, JsonObject *params)
{
    JsonObject *vm = vm_lookup(host, json_object_get_string_member(params, "vmID"));
    JsonObject *nic =
        json_object_get_object_member(json_object_get_object_member(params, "params"), "nic");
    int index = vm ? nic_index(vm, json_object_get_string_member(nic, "macAddr")) : -1;
    if (index < 0) {
        rpc_call_fail(call, RPC_HOTUNPLUG_NIC_FAILED, "NIC not found");
        return;
    }
    json_array_remove_element(devices(vm), (guint)index);
    rpc_call_return(call, object_node(json_object_new()));
}

static void update(TestHost *host, RpcCall *call, JsonObject *params)
{
    static const char *const keys[] = {"network", "linkActive", "filter"};
    JsonObject *wish = json_object_get_object_member(params, "params");
    JsonObject *nic =
        test_host_nic(host, json_object_get_string_member(params, "vmID"),
                      json_object_get_string_member_with_default(wish, "macAddr", NULL));
    if (!nic) {
        rpc_call_fail(call, RPC_UPDATE_DEVICE_FAILED, "Failed to update device");
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (json_object_has_member(wish, keys[i]))
            json_object_set_member(nic, keys[i], json_object_dup_member(wish, keys[i]));
    rpc_call_return(call, object_node(json_object_new()));
}

/* ---- dispatch ---- */

typedef void (*Verb)(TestHost *host, RpcCall *call, JsonObject *params);

static const struct {
    const char *method;
    Verb verb;
    gboolean about_vm, can_be_held;
} verbs[] = {
    {"Host.getCapabilities", get_capabilities},
    {"Host.getVMFullList", get_vms},
    {"Host.getAllVmStats", get_vms},
    {"VM.create", create, TRUE},
    {"VM.destroy", destroy, TRUE},
    {"VM.shutdown", shut_down, TRUE},
    {"VM.hotplugNic", plug, TRUE, TRUE},
    {"VM.hotunplugNic", unplug, TRUE, TRUE},
    {"VM.updateDevice", update, TRUE, TRUE},
};

typedef struct {
    RpcCall *call;
    Verb verb;
    JsonObject *params;
} Held;

static void held_free(gpointer data)
{
    Held *held = data;
    json_object_unref(held->params);
    g_free(held);
}

static void handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    TestHost *host = data;
    gsize i = 0;
    g_string_append_printf(host->log, "%s;", method);
    while (i < G_N_ELEMENTS(verbs) && !g_str_equal(verbs[i].method, method))
        i++;
    g_assert_cmpuint(i, <, G_N_ELEMENTS(verbs));
    if (host->silent) {
        g_ptr_array_add(host->unanswered, call);
        return;
    }
    if (host->recovering) {
        rpc_call_fail(call, RPC_RECOVERING, "Recovering from crash or Initializing");
        return;
    }
    if (verbs[i].about_vm)
        g_ptr_array_add(host->sent, json_node_copy(params));
    g_autoptr(JsonNode) own = params ? json_node_copy(params) : object_node(json_object_new());
    JsonObject *object = json_node_get_object(own);
    gboolean held_back =
        verbs[i].verb == destroy ? host->holds_destroy : host->holds && verbs[i].can_be_held;
    if (!held_back) {
        verbs[i].verb(host, call, object);
        return;
    }
    Held *held = g_new0(Held, 1);
    *held = (Held){call, verbs[i].verb, json_object_ref(object)};
    g_ptr_array_add(host->held, held);
}

void test_host_release(TestHost *host)
{
    g_autoptr(GPtrArray) held = g_steal_pointer(&host->held);
    host->held = g_ptr_array_new_with_free_func(held_free);
    for (guint i = 0; i < held->len; i++) {
        Held *one = held->pdata[i];
        one->verb(host, one->call, one->params);
    }
}

/* ---- what a test looks at ---- */

JsonObject *test_host_nic(TestHost *host, const char *vm_id, const char *mac)
{
    JsonObject *vm = vm_lookup(host, vm_id);
    int index = vm ? nic_index(vm, mac) : -1;
    return index < 0 ? NULL : json_array_get_object_element(devices(vm), (guint)index);
}

guint test_host_calls(const TestHost *host, const char *method)
{
    g_auto(GStrv) calls = g_strsplit(host->log->str, ";", -1);
    guint count = 0;
    for (guint i = 0; calls[i]; i++)
        count += g_str_equal(calls[i], method);
    return count;
}

void test_host_vm(TestHost *host, const char *id, const char *status, const char *message)
{
    g_autofree char *method = g_strdup_printf("|virt|VM_status|%s", id);
    JsonObject *vm = vm_lookup(host, id);
    JsonObject *record = json_object_new(), *params = json_object_new();
    json_object_set_string_member(record, "status", status);
    if (message) {
        json_object_set_int_member(record, "exitCode", 1);
        json_object_set_string_member(record, "exitMessage", message);
    }
    if (vm)
        json_object_set_string_member(vm, "status", status);
    if (vm && message) {
        json_object_set_int_member(vm, "exitCode", 1);
        json_object_set_string_member(vm, "exitMessage", message);
    }
    json_object_set_object_member(params, id, record);
    json_object_set_int_member(params, "notify_time", 1);
    rpc_server_notify(host->server, "jms.queue.events", method, object_node(params));
}

/* ---- life ---- */

void test_host_listen(TestHost *host)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", host->port, &error);
    g_assert_no_error(error);
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);
    host->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    host->server = rpc_server_new(NULL, handle, host);
    g_assert_true(rpc_server_add_socket(host->server, socket, &error));
}

void test_host_stop(TestHost *host)
{
    g_clear_pointer(&host->server, rpc_server_free);
    for (guint i = 0; i < host->held->len; i++)
        g_ptr_array_add(host->unanswered, ((Held *)host->held->pdata[i])->call);
    g_ptr_array_set_size(host->held, 0);
    for (guint i = 0; i < host->unanswered->len; i++)
        rpc_call_fail(host->unanswered->pdata[i], RPC_GENERAL, "nobody hears this");
    g_ptr_array_set_size(host->unanswered, 0);
}

void test_host_set_up(TestHost *host)
{
    *host = (TestHost){.filters = all_filters, .levels = all_levels};
    host->vms =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_object_unref);
    host->log = g_string_new(NULL);
    host->sent = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    host->held = g_ptr_array_new_with_free_func(held_free);
    host->unanswered = g_ptr_array_new();
    test_host_listen(host);
}

void test_host_tear_down(TestHost *host)
{
    test_host_stop(host);
    g_hash_table_unref(host->vms);
    g_ptr_array_unref(host->sent);
    g_ptr_array_unref(host->held);
    g_ptr_array_unref(host->unanswered);
    g_string_free(host->log, TRUE);
}
