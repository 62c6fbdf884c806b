/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/report.h"

#include "base/mac.h"

void nic_report_free(gpointer data)
{
    NicReport *nic = data;
    g_free(nic->mac);
    g_free(nic->device);
    g_free(nic->alias);
    g_free(nic->filter);
    g_free(nic->parameters);
    g_free(nic->enforcement);
    g_free(nic->network);
    g_free(nic);
}

void vm_report_free(gpointer data)
{
    VmReport *vm = data;
    g_free(vm->vm_id);
    g_free(vm->exit_message);
    g_ptr_array_unref(vm->nics);
    g_free(vm);
}

void host_report_free(HostReport *host)
{
    if (!host)
        return;
    g_free(host->os_version);
    g_free(host->libvirt_version);
    g_free(host->agent_version);
    g_free(host->filters);
    g_clear_pointer(&host->levels, g_ptr_array_unref);
    g_free(host);
}

/* ---- members of any object ---- */

static JsonNode *member(JsonObject *object, const char *key)
{
    return json_object_get_member(object, key);
}

static JsonObject *member_object(JsonObject *object, const char *key)
{
    JsonNode *node = member(object, key);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *member_array(JsonObject *object, const char *key)
{
    JsonNode *node = member(object, key);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static char *cut_text(const char *text)
{
    g_autofree char *cut = g_strndup(text, REPORT_MAX_TEXT);
    return g_utf8_make_valid(cut, -1);
}

static char *node_text(JsonNode *node)
{
    if (!node || !JSON_NODE_HOLDS_VALUE(node))
        return NULL;
    GType type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING)
        return cut_text(json_node_get_string(node));
    if (type == G_TYPE_INT64)
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    if (type == G_TYPE_BOOLEAN)
        return g_strdup(json_node_get_boolean(node) ? "true" : "false");
    return NULL;
}

/* NULL also for an empty text. */
static char *member_text(JsonObject *object, const char *key)
{
    char *text = node_text(member(object, key));
    if (text && !*text)
        g_clear_pointer(&text, g_free);
    return text;
}

/* ---- NICs ---- */

/* [{"name":"IP","value":"10.0.0.1"}] -> "IP=10.0.0.1" */
static char *parameters_text(JsonObject *object)
{
    JsonArray *array = member_array(object, "filterParameters");
    GString *text = g_string_new(NULL);
    for (guint i = 0; array && i < MIN(json_array_get_length(array), REPORT_MAX_WORDS); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        g_autofree char *name = member_text(json_node_get_object(node), "name");
        g_autofree char *value = member_text(json_node_get_object(node), "value");
        if (name && value)
            g_string_append_printf(text, "%s%s=%s", text->len ? " " : "", name, value);
    }
    return g_string_free(text, text->len == 0);
}

/* "filter", or the first of "filters". */
static void read_filter(NicReport *nic, JsonObject *object)
{
    JsonArray *filters = member_array(object, "filters");
    nic->has_filter = filters || member(object, "filter");
    nic->filter = member_text(object, "filter");
    if (!nic->filter && filters && json_array_get_length(filters))
        nic->filter = node_text(json_array_get_element(filters, 0));
    if (nic->filter)
        nic->parameters = parameters_text(object);
}

static gboolean read_count(JsonObject *object, const char *key, guint64 *count)
{
    g_autofree char *text = member_text(object, key);
    return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, count, NULL);
}

/* rx is what the guest received. A pair that is not there whole is not there. */
static void read_counts(NicCounts *counts, JsonObject *object)
{
    counts->has_traffic = read_count(object, "rx", &counts->rx_bytes) &&
                          read_count(object, "tx", &counts->tx_bytes) &&
                          read_count(object, "rxErrors", &counts->rx_errors) &&
                          read_count(object, "txErrors", &counts->tx_errors);
    counts->has_filter = read_count(object, "filterRxDropped", &counts->filter_rx) &&
                         read_count(object, "filterTxDropped", &counts->filter_tx);
}

static NicReport *read_nic(JsonObject *object)
{
    g_autofree char *text = member_text(object, "macAddr");
    guint64 mac;
    if (!text || !mac_parse(text, &mac))
        return NULL;
    NicReport *nic = g_new0(NicReport, 1);
    nic->mac = g_strdup(mac_format(mac, (char[MAC_TEXT_SIZE]){0}));
    nic->device = member_text(object, "name");
    if (nic->device &&
        mac_parse(nic->device, &mac)) /* a VM that is just starting has no taps yet */
        g_clear_pointer(&nic->device, g_free);
    nic->alias = member_text(object, "alias");
    read_filter(nic, object);
    nic->has_network = member(object, "network") != NULL;
    nic->network = member_text(object, "network");
    if (g_strcmp0(nic->network, ";vdsmdummy;") == 0) /* VDSM's bridge for NICs without a network */
        g_clear_pointer(&nic->network, g_free);
    g_autofree char *link = member_text(object, "linkActive");
    nic->has_link = link != NULL;
    nic->linked = g_strcmp0(link, "true") == 0;
    /* A host that tells more than VDSM's counters also tells filters: none said is none. */
    nic->has_filter |= nic->has_link;
    nic->enforcement = member_text(object, "enforcement");
    read_counts(&nic->counts, object);
    return nic;
}

static void add_nic(GPtrArray *nics, JsonNode *node)
{
    if (nics->len >= REPORT_MAX_NICS || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    NicReport *nic = read_nic(json_node_get_object(node));
    if (nic)
        g_ptr_array_add(nics, nic);
}

/* A device without "filter" in a full list has none: VDSM gives back the keys it was sent. */
static void read_devices(VmReport *vm, JsonArray *devices)
{
    vm->all_nics = TRUE;
    for (guint i = 0; i < json_array_get_length(devices); i++) {
        JsonNode *node = json_array_get_element(devices, i);
        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        g_autofree char *type = member_text(json_node_get_object(node), "type");
        if (g_strcmp0(type, "interface") != 0)
            continue;
        guint before = vm->nics->len;
        add_nic(vm->nics, node);
        if (vm->nics->len > before)
            ((NicReport *)vm->nics->pdata[before])->has_filter = TRUE;
    }
}

/* {"vnet0": {"macAddr", "name", ...}} */
static void read_network(VmReport *vm, JsonObject *network)
{
    g_autoptr(GList) nodes = json_object_get_values(network);
    for (GList *node = nodes; node; node = node->next)
        add_nic(vm->nics, node->data);
}

/* ---- VMs ---- */

static void read_status(VmReport *vm, JsonObject *object)
{
    static const struct {
        const char *word;
        VmStatus status;
    } words[] = {
        {"WaitForLaunch", VM_WAIT_FOR_LAUNCH},
        {"Powering up", VM_POWERING_UP},
        {"Up", VM_UP},
        {"Powering down", VM_POWERING_DOWN},
        {"Down", VM_DOWN},
        {"Paused", VM_PAUSED},
        {"RebootInProgress", VM_REBOOT_IN_PROGRESS},
        {"Migration Source", VM_UP},
        {"Migration Destination", VM_WAIT_FOR_LAUNCH},
        {"Restoring state", VM_POWERING_UP},
        {"Saving State", VM_POWERING_DOWN},
    };
    g_autofree char *word = member_text(object, "status");
    for (gsize i = 0; word && i < G_N_ELEMENTS(words); i++) {
        if (!g_str_equal(words[i].word, word))
            continue;
        vm->has_status = TRUE;
        vm->status = words[i].status;
    }
}

VmReport *report_vm(JsonNode *node, const char *id)
{
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    JsonObject *object = json_node_get_object(node);
    g_autofree char *vm_id = member_text(object, "vmId");
    if (!vm_id && !id)
        return NULL;
    VmReport *vm = g_new0(VmReport, 1);
    vm->vm_id = vm_id ? g_steal_pointer(&vm_id) : g_strdup(id);
    vm->nics = g_ptr_array_new_with_free_func(nic_report_free);
    read_status(vm, object);
    g_autofree char *exit_code = member_text(object, "exitCode");
    vm->failed = exit_code && !g_str_equal(exit_code, "0");
    vm->exit_message = member_text(object, "exitMessage");
    JsonArray *devices = member_array(object, "devices");
    JsonObject *network = member_object(object, "network");
    if (devices)
        read_devices(vm, devices);
    if (network)
        read_network(vm, network);
    return vm;
}

GPtrArray *report_vms(JsonNode *answer)
{
    if (!answer || !JSON_NODE_HOLDS_ARRAY(answer))
        return NULL;
    JsonArray *array = json_node_get_array(answer);
    GPtrArray *vms = g_ptr_array_new_with_free_func(vm_report_free);
    guint length = MIN(json_array_get_length(array), REPORT_MAX_VMS);
    for (guint i = 0; i < length; i++) {
        VmReport *vm = report_vm(json_array_get_element(array, i), NULL);
        if (vm)
            g_ptr_array_add(vms, vm);
    }
    return vms;
}

/* {"devices": [...]}, or a whole VM dictionary of older hosts, or its "vmList". */
NicReport *report_nic(JsonNode *answer, const char *mac)
{
    g_autoptr(VmReport) vm = report_vm(answer, "");
    for (guint i = 0; vm && i < vm->nics->len; i++)
        if (g_str_equal(((NicReport *)vm->nics->pdata[i])->mac, mac))
            return g_ptr_array_steal_index(vm->nics, i);
    if (!answer || !JSON_NODE_HOLDS_OBJECT(answer))
        return NULL;
    JsonArray *devices = member_array(json_node_get_object(answer), "devices");
    g_autoptr(GPtrArray) nics = g_ptr_array_new_with_free_func(nic_report_free);
    for (guint i = 0; devices && i < json_array_get_length(devices); i++)
        add_nic(nics, json_array_get_element(devices, i));
    for (guint i = 0; i < nics->len; i++)
        if (g_str_equal(((NicReport *)nics->pdata[i])->mac, mac))
            return g_ptr_array_steal_index(nics, i);
    return NULL;
}

/* ---- hosts ---- */

/* A list's member: a word, or an object with a "name". */
static char *element_word(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? member_text(json_node_get_object(node), "name")
                                        : node_text(node);
}

static char *words_text(JsonArray *array)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < MIN(json_array_get_length(array), REPORT_MAX_WORDS); i++) {
        g_autofree char *word = element_word(array, i);
        if (word)
            g_string_append_printf(text, "%s%s", text->len ? " " : "", word);
    }
    return g_string_free(text, FALSE);
}

static GPtrArray *words(JsonArray *array)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < MIN(json_array_get_length(array), REPORT_MAX_WORDS); i++) {
        char *word = element_word(array, i);
        if (word)
            g_ptr_array_add(list, word);
    }
    return list;
}

static char *system_text(JsonObject *system)
{
    g_autofree char *name = member_text(system, "name");
    g_autofree char *version = member_text(system, "version");
    return name && version ? g_strdup_printf("%s %s", name, version)
           : name          ? g_strdup(name)
                           : g_strdup(version);
}

static char *package_version(JsonObject *object, const char *package)
{
    JsonObject *packages = member_object(object, "packages2");
    JsonObject *entry = packages ? member_object(packages, package) : NULL;
    return entry ? member_text(entry, "version") : NULL;
}

HostReport *report_capabilities(JsonNode *answer)
{
    HostReport *host = g_new0(HostReport, 1);
    if (!answer || !JSON_NODE_HOLDS_OBJECT(answer))
        return host;
    JsonObject *object = json_node_get_object(answer);
    JsonObject *system = member_object(object, "operatingSystem");
    JsonArray *filters = member_array(object, "nwfilters");
    JsonArray *levels = member_array(object, "clusterLevels");
    host->os_version = system ? system_text(system) : NULL;
    host->libvirt_version = package_version(object, "libvirt");
    host->agent_version = member_text(object, "software_version");
    host->filters = filters ? words_text(filters) : NULL;
    host->levels = levels ? words(levels) : NULL;
    return host;
}
