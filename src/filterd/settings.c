/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/settings.h"

#include <string.h>

#define GROUP "tapwalld"

const ConfigKey filterd_config_keys[] = {
    {GROUP, "filters", CONFIG_STRING, "/etc/libvirt/nwfilter",
     "Folder of filters, a file each, as libvirt keeps them and shared with it."},
    {GROUP, "state", CONFIG_STRING, "/run/tapwall",
     "Folder of bindings and leases. It must not outlive a boot."},
    {GROUP, "pins", CONFIG_STRING, DATAPATH_PINS,
     "Folder on a bpf file system for what stays in the kernel while the daemon is away."},
    {GROUP, "socket", CONFIG_STRING, "/run/libvirt/virtnwfilterd-sock",
     "Where libvirt's clients connect. A socket handed over by the service manager is used "
     "instead."},
    {GROUP, "socket_ro", CONFIG_STRING, "/run/libvirt/virtnwfilterd-sock-ro",
     "The same for clients that may only read."},
    {GROUP, "socket_group", CONFIG_STRING, "",
     "A group whose members may use both sockets, as root may. Who can change filters decides "
     "what\n"
     "guests can send. Empty: root alone."},
    {GROUP, "readers", CONFIG_STRING, "root",
     "all makes the read-only socket one for every user of this host, root for those of the "
     "other.\n"
     "A socket handed over by the service manager has the mode that its unit says."},
    {GROUP, "operator_socket", CONFIG_STRING, "/run/tapwall/tapwalld.sock",
     "Where the tool tapwall connects."},
    {GROUP, "encapsulation", CONFIG_STRING, "inspect",
     "Frames within VLAN tags and LLC/SNAP: inspect also judges what is inside, opaque only what\n"
     "libvirt's rules see. A binding's parameter TAPWALL_ENCAPSULATION overrides it."},
    {GROUP, "grace_seconds", CONFIG_UINT, "5",
     "How long a port keeps its filter after its binding was deleted, and its binding after the\n"
     "device vanished, 0 to 3600."},
    {GROUP, "ports", CONFIG_UINT, "16384",
     "Ports that can be bound at a time, 1 to 65536. Counts when nothing is pinned yet."},
    {GROUP, "flows", CONFIG_UINT, "1024", "Connections that one port can have open, 1 to 1048576."},
    {GROUP, "hook", CONFIG_STRING, "any",
     "any takes tcx where the kernel has it, else clsact; clsact never takes tcx."},
    {GROUP, "metrics", CONFIG_STRING, "",
     "ADDRESS:PORT, or the path of a socket, for Prometheus to read figures from. Empty: off."},
    {NULL},
};

static gboolean number_read(guint *number, const Config *config, const char *key, guint least,
                            guint most, GError **error)
{
    guint64 value = config_uint(config, GROUP, key);

    if (value < least || value > most) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[" GROUP "] %s must be %u to %u, not %" G_GUINT64_FORMAT, key, least, most,
                    value);
        return FALSE;
    }
    *number = (guint)value;
    return TRUE;
}

/* Which of two words it is: *is_second. */
static gboolean word_read(gboolean *is_second, const Config *config, const char *key,
                          const char *first, const char *second, GError **error)
{
    const char *value = config_string(config, GROUP, key);

    *is_second = strcmp(value, second) == 0;
    if (*is_second || strcmp(value, first) == 0)
        return TRUE;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                "[" GROUP "] %s must be %s or %s, not '%s'", key, first, second, value);
    return FALSE;
}

static gboolean path_read(const char **path, const Config *config, const char *key, GError **error)
{
    *path = config_string(config, GROUP, key);
    if (g_path_is_absolute(*path))
        return TRUE;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                "[" GROUP "] %s must be an absolute path, not '%s'", key, *path);
    return FALSE;
}

static gboolean paths_read(DaemonSettings *settings, const Config *config, GError **error)
{
    return path_read(&settings->core.filters, config, "filters", error) &&
           path_read(&settings->core.state, config, "state", error) &&
           path_read(&settings->core.datapath.pins, config, "pins", error) &&
           path_read(&settings->socket, config, "socket", error) &&
           path_read(&settings->socket_ro, config, "socket_ro", error) &&
           path_read(&settings->operator_socket, config, "operator_socket", error);
}

gboolean daemon_settings_read(DaemonSettings *settings, const Config *config, GError **error)
{
    DaemonSettings read = {.metrics = config_string(config, GROUP, "metrics"),
                           .socket_group = config_string(config, GROUP, "socket_group")};
    gboolean is_clsact;
    guint grace;

    if (!paths_read(&read, config, error) ||
        !word_read(&read.core.opaque, config, "encapsulation", "inspect", "opaque", error) ||
        !word_read(&read.all_read, config, "readers", "root", "all", error) ||
        !word_read(&is_clsact, config, "hook", "any", "clsact", error) ||
        !number_read(&grace, config, "grace_seconds", 0, 3600, error) ||
        !number_read(&read.core.datapath.ports, config, "ports", 1, 65536, error) ||
        !number_read(&read.core.datapath.flows, config, "flows", 1, 1048576, error))
        return FALSE;
    read.core.grace_ms = grace * 1000;
    read.core.datapath.hook = is_clsact ? DATAPATH_HOOK_CLSACT : DATAPATH_HOOK_ANY;
    *settings = read;
    return TRUE;
}
