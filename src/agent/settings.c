/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/settings.h"

#include <string.h>

#include "agent/vm-files.h"

const ConfigKey agent_config_keys[] = {
    {"agent", "address", CONFIG_STRING, "::",
     "Address to listen on. '::' takes IPv4 too. A socket handed over by the service manager is\n"
     "used instead."},
    {"agent", "port", CONFIG_UINT, "54321", "VDSM's port."},
    {"agent", "ssl", CONFIG_BOOL, "true",
     "TLS with client certificates. Without it everyone who reaches the port rules this host."},
    {"agent", "certificate", CONFIG_STRING, "",
     "PEM files: this host's certificate, its key, and the CA whose certificates are let in. "
     "Empty:\n"
     "hostcert.pem, private/hostkey.pem and ca.pem in /etc/pki/tapwall, or else VDSM's "
     "vdsmcert.pem,\n"
     "vdsmkey.pem and cacert.pem in /etc/pki/vdsm."},
    {"agent", "key", CONFIG_STRING, "", "See certificate."},
    {"agent", "ca", CONFIG_STRING, "", "See certificate."},
    {"libvirt", "uri", CONFIG_STRING, "qemu:///system", "The libvirt to run VMs with."},
    {"libvirt", "domain_type", CONFIG_STRING, "auto",
     "How VMs are run: kvm, qemu (emulation, slow), or auto, which takes kvm where libvirt offers "
     "it."},
    {"libvirt", "emulator", CONFIG_STRING, "", "QEMU's program. Empty: libvirt's choice."},
    {"libvirt", "vm_folders", CONFIG_STRING, "/var/lib/libvirt/images",
     "Folders, with ':' between, in which every file must be that the engine names for a VM: "
     "disks,\n"
     "kernel, initrd, console log. libvirt opens them as root and may write to them."},
    {"libvirt", "poll_seconds", CONFIG_UINT, "5",
     "How often counters and states are sampled, 1 to 3600."},
    {"libvirt", "unplug_seconds", CONFIG_UINT, "30",
     "How long a guest has to give a NIC back, 1 to 3600."},
    {"filter", "enforcement", CONFIG_STRING, "libvirt",
     "Who enforces network filters on this host:\n"
     "libvirt  whatever libvirt hands them to: a modular libvirt to tapwalld, where that runs, a\n"
     "         monolithic libvirtd to its own rules in ebtables and iptables\n"
     "tapwall  tapwalld, also beside a monolithic libvirtd, which never asks it: the agent makes "
     "the\n"
     "         taps and has tapwalld filter them before they are part of any network\n"
     "Running VMs keep what they were started with."},
    {"filter", "uri", CONFIG_STRING, "nwfilter:///system?mode=direct",
     "Where tapwalld serves libvirt's protocol, for enforcement=tapwall."},
    {"filter", "socket", CONFIG_STRING, "/run/tapwall/tapwalld.sock",
     "tapwalld's own socket, asked for how many frames it dropped, where it exists. Empty: never."},
    {"filter", "file", CONFIG_STRING, "",
     "The filter that is defined on libvirt at every start. Empty: vdsm-no-mac-spoofing as "
     "shipped."},
    {NULL},
};

static gboolean seconds_read(guint *seconds, const Config *config, const char *key, GError **error)
{
    guint64 value = config_uint(config, "libvirt", key);

    if (value < 1 || value > 3600) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[libvirt] %s must be 1 to 3600, not %" G_GUINT64_FORMAT, key, value);
        return FALSE;
    }
    *seconds = (guint)value;
    return TRUE;
}

static gboolean words_check(const Config *config, GError **error)
{
    static const char *const types[] = {"auto", "kvm", "qemu", NULL};
    static const char *const enforcers[] = {"libvirt", "tapwall", NULL};
    const char *type = config_string(config, "libvirt", "domain_type");
    const char *enforcement = config_string(config, "filter", "enforcement");

    if (!g_strv_contains(types, type)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[libvirt] domain_type must be auto, kvm or qemu, not '%s'", type);
        return FALSE;
    }
    if (!g_strv_contains(enforcers, enforcement)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[filter] enforcement must be libvirt or tapwall, not '%s'", enforcement);
        return FALSE;
    }
    return TRUE;
}

/* Not the root: that would be every file. */
static gboolean folders_check(const Config *config, GError **error)
{
    const char *folders = config_string(config, "libvirt", "vm_folders");
    g_auto(GStrv) list = g_strsplit(folders, ":", -1);

    for (guint i = 0; list[i]; i++) {
        if (path_is_straight(list[i]))
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[libvirt] vm_folders must be absolute paths with ':' between, without '..' "
                    "and not '/', not '%s'",
                    folders);
        return FALSE;
    }
    return TRUE;
}

/* The first of a file's usual places that exists, or else the first, for the error to name. */
static const char *first_existing(const char *const places[2])
{
    return !g_file_test(places[0], G_FILE_TEST_EXISTS) && g_file_test(places[1], G_FILE_TEST_EXISTS)
               ? places[1]
               : places[0];
}

static void tls_read(AgentSettings *settings, const Config *config)
{
    static const struct {
        const char *key;
        const char *places[2];
    } files[AGENT_TLS_FILES] = {
        [AGENT_TLS_CERTIFICATE] = {"certificate",
                                   {"/etc/pki/tapwall/hostcert.pem",
                                    "/etc/pki/vdsm/certs/vdsmcert.pem"}},
        [AGENT_TLS_KEY] = {"key",
                           {"/etc/pki/tapwall/private/hostkey.pem",
                            "/etc/pki/vdsm/keys/vdsmkey.pem"}},
        [AGENT_TLS_CA] = {"ca", {"/etc/pki/tapwall/ca.pem", "/etc/pki/vdsm/certs/cacert.pem"}},
    };

    for (guint i = 0; i < AGENT_TLS_FILES; i++) {
        const char *given = config_string(config, "agent", files[i].key);
        settings->tls[i] = given[0] ? given : first_existing(files[i].places);
    }
}

static gboolean port_read(guint16 *port, const Config *config, GError **error)
{
    guint64 value = config_uint(config, "agent", "port");

    if (value < 1 || value > G_MAXUINT16) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[agent] port must be 1 to 65535, not %" G_GUINT64_FORMAT, value);
        return FALSE;
    }
    *port = (guint16)value;
    return TRUE;
}

gboolean agent_settings_read(AgentSettings *settings, const Config *config, GError **error)
{
    AgentSettings read = {
        .address = config_string(config, "agent", "address"),
        .ssl = config_bool(config, "agent", "ssl"),
        .libvirt_uri = config_string(config, "libvirt", "uri"),
        .domain_type = config_string(config, "libvirt", "domain_type"),
        .emulator = config_string(config, "libvirt", "emulator"),
        .vm_folders = config_string(config, "libvirt", "vm_folders"),
        .filter_file = config_string(config, "filter", "file"),
        .own_taps = strcmp(config_string(config, "filter", "enforcement"), "tapwall") == 0,
        .filter_uri = config_string(config, "filter", "uri"),
        .filter_socket = config_string(config, "filter", "socket"),
    };

    if (!words_check(config, error) || !folders_check(config, error) ||
        !port_read(&read.port, config, error) ||
        !seconds_read(&read.poll_seconds, config, "poll_seconds", error) ||
        !seconds_read(&read.unplug_seconds, config, "unplug_seconds", error))
        return FALSE;
    tls_read(&read, config);
    *settings = read;
    return TRUE;
}
