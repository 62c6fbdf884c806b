/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/capabilities.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/bridge.h"
#include "virt/filter.h"
#include "virt/host.h"

/* The levels whose VM.create and hotplugNic this agent understands: with 3.2 NICs got filters,
 * older ones have none. */
static const char *const cluster_levels[] = {"3.0", "3.1", "3.2", "3.3", "3.4", "3.5",
                                             "3.6", "4.0", "4.1", "4.2", "4.3", "4.4",
                                             "4.5", "4.6", "4.7", "4.8"};
static const char *const engine_versions[] = {"3.2", "3.6", "4.0", "4.1",
                                              "4.2", "4.3", "4.4", "4.5"};

static void set_number(JsonObject *object, const char *name, guint64 number)
{
    char text[24];

    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, number);
    json_object_set_string_member(object, name, text);
}

static void set_strings(JsonObject *object, const char *name, const char *const *strings,
                        guint count)
{
    JsonArray *array = json_array_sized_new(count);

    for (guint i = 0; i < count; i++)
        json_array_add_string_element(array, strings[i]);
    json_object_set_array_member(object, name, array);
}

/* The value of "key : value" in a file of such lines (/proc/cpuinfo), or NULL. */
static char *line_value(const char *file, const char *key, const char *separator)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL))
        return NULL;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *value = strstr(*line, separator);
        if (g_str_has_prefix(*line, key) && value)
            return g_strstrip(g_strdup(value + strlen(separator)));
    }
    return NULL;
}

static void cpu_write(JsonObject *object, const VirtHost *host)
{
    g_autofree char *model = line_value("/proc/cpuinfo", "model name", ":");
    g_autofree char *flags = line_value("/proc/cpuinfo", "flags", ":");

    set_number(object, "cpuCores", (guint64)host->cores * host->sockets);
    set_number(object, "cpuThreads", host->cpus);
    set_number(object, "cpuSockets", host->sockets);
    set_number(object, "onlineCpus", host->cpus);
    set_number(object, "cpuSpeed", host->mhz);
    json_object_set_string_member(object, "cpuModel", model ? model : host->cpu_model);
    json_object_set_string_member(object, "cpuFlags", flags ? g_strdelimit(flags, " ", ',') : "");
}

static void package_write(JsonObject *packages, const char *name, const char *version)
{
    JsonObject *package = json_object_new();

    json_object_set_string_member(package, "version", version ? version : "");
    json_object_set_string_member(package, "release", "");
    json_object_set_object_member(packages, name, package);
}

/* os-release(5) may quote values. */
static const char *unquote(char *value)
{
    return g_strstrip(g_strdelimit(value, "\"'", ' '));
}

static void software_write(JsonObject *object, const VirtHost *host)
{
    JsonObject *packages = json_object_new();
    JsonObject *system = json_object_new();
    g_autofree char *name = line_value("/etc/os-release", "ID=", "=");
    g_autofree char *version = line_value("/etc/os-release", "VERSION_ID=", "=");
    struct utsname kernel;

    if (uname(&kernel) == 0)
        package_write(packages, "kernel", kernel.release);
    package_write(packages, "libvirt", host->libvirt_version);
    package_write(packages, "qemu-kvm", host->hypervisor_version);
    package_write(packages, "vdsm", TAPWALL_VERSION);
    json_object_set_object_member(object, "packages2", packages);
    json_object_set_string_member(system, "name", name ? name : "");
    json_object_set_string_member(system, "version", version ? unquote(version) : "");
    json_object_set_string_member(system, "release", "");
    json_object_set_object_member(object, "operatingSystem", system);
    json_object_set_string_member(object, "software_version", TAPWALL_VERSION);
    json_object_set_string_member(object, "software_revision", "0");
    json_object_set_string_member(object, "version_name", "Tapwall");
}

static void networks_write(JsonObject *object)
{
    static const char *const empty[] = {"nics", "bondings", "vlans", "hooks"};
    g_autoptr(GPtrArray) names = bridge_names();
    JsonObject *networks = json_object_new();
    JsonObject *bridges = json_object_new();

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        JsonObject *network = json_object_new();
        json_object_set_string_member(network, "iface", name);
        json_object_set_string_member(network, "bridge", name);
        json_object_set_boolean_member(network, "bridged", TRUE);
        json_object_set_object_member(networks, name, network);
        json_object_set_object_member(bridges, name, json_object_new());
    }
    json_object_set_object_member(object, "networks", networks);
    json_object_set_object_member(object, "bridges", bridges);
    for (guint i = 0; i < G_N_ELEMENTS(empty); i++)
        json_object_set_object_member(object, empty[i], json_object_new());
}

/* A host without the nwfilter driver has no filters, which the list says by being empty. */
static void filters_write(JsonObject *object, Virt *virt)
{
    g_autoptr(GPtrArray) filters = virt_filters(virt, NULL);
    JsonArray *array = json_array_new();

    for (guint i = 0; filters && i < filters->len; i++) {
        const VirtFilter *filter = filters->pdata[i];
        JsonObject *one = json_object_new();
        json_object_set_string_member(one, "name", filter->name);
        json_object_set_string_member(one, "uuid", filter->uuid);
        json_array_add_object_element(array, one);
    }
    json_object_set_array_member(object, "nwfilters", array);
}

static void vms_write(JsonObject *object, const VirtHost *host)
{
    static const char *const types[] = {"kvm"};
    static const char *const machines[] = {"pc", "q35"};

    set_strings(object, "vmTypes", types, G_N_ELEMENTS(types));
    set_strings(object, "emulatedMachines", machines, G_N_ELEMENTS(machines));
    set_strings(object, "clusterLevels", cluster_levels, G_N_ELEMENTS(cluster_levels));
    set_strings(object, "supportedENGINEs", engine_versions, G_N_ELEMENTS(engine_versions));
    json_object_set_string_member(object, "kvmEnabled", host->has_kvm ? "true" : "false");
}

GBytes *capabilities_read(const Agent *agent, GError **error)
{
    g_autoptr(VirtHost) host = virt_host_read(agent->virt, error);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object;
    char *text;

    if (!host)
        return NULL;
    object = json_object_new();
    json_node_take_object(node, object);
    json_object_set_string_member(object, "uuid", host->uuid ? host->uuid : "");
    json_object_set_string_member(object, "hostName", host->hostname ? host->hostname : "");
    set_number(object, "memSize", host->memory / 1024);
    cpu_write(object, host);
    software_write(object, host);
    networks_write(object);
    vms_write(object, host);
    json_object_set_string_member(object, "enforcement",
                                  agent->settings.own_taps ? "tapwall" : "libvirt");
    filters_write(object, agent->filters);
    text = json_to_string(node, FALSE);
    return g_bytes_new_take(text, strlen(text));
}
