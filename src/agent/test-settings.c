/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>

#include "agent/settings.h"

/* The shipped sample is the table's; argv[1] is the source tree. */
static char *source_root;

static void shipped_sample(void)
{
    g_autofree char *path = g_build_filename(source_root, "data", "agent.conf", NULL);
    g_autofree char *sample = config_sample(agent_config_keys);
    g_autofree char *shipped = NULL;

    g_assert_true(g_file_get_contents(path, &shipped, NULL, NULL));
    g_assert_cmpstr(shipped, ==, sample); /* else: tapwall-agent --print-config > data/agent.conf */
}

static gboolean settings(AgentSettings *read, Config **config, const char *group, const char *key,
                         const char *value, GError **error)
{
    *config = config_load(NULL, FALSE, agent_config_keys, error);
    g_assert_nonnull(*config);
    if (key && !config_set(*config, group, key, value, error))
        return FALSE;
    return agent_settings_read(read, *config, error);
}

static void defaults(void)
{
    g_autoptr(Config) config = NULL;
    g_autoptr(GError) error = NULL;
    AgentSettings read;

    g_assert_true(settings(&read, &config, NULL, NULL, NULL, &error));
    g_assert_cmpstr(read.address, ==, "::");
    g_assert_cmpuint(read.port, ==, 54321);
    g_assert_true(read.ssl);
    g_assert_cmpstr(read.libvirt_uri, ==, "qemu:///system");
    g_assert_cmpstr(read.domain_type, ==, "auto");
    g_assert_cmpstr(read.vm_folders, ==, "/var/lib/libvirt/images");
    g_assert_cmpuint(read.poll_seconds, ==, 5);
    g_assert_cmpuint(read.unplug_seconds, ==, 30);
    g_assert_false(read.own_taps);
}

static void enforced_by_tapwalld(void)
{
    g_autoptr(Config) config = NULL;
    g_autoptr(GError) error = NULL;
    AgentSettings read;

    g_assert_true(settings(&read, &config, "filter", "enforcement", "tapwall", &error));
    g_assert_true(read.own_taps);
    g_assert_cmpstr(read.filter_uri, ==, "nwfilter:///system?mode=direct");
    g_assert_cmpstr(read.filter_socket, ==, "/run/tapwall/tapwalld.sock");
}

static void refused(void)
{
    static const struct {
        const char *group, *key, *value, *message;
    } cases[] = {
        {"agent", "port", "0", "*port must be 1 to 65535, not 0"},
        {"agent", "port", "65536", "*port must be 1 to 65535, not 65536"},
        {"libvirt", "domain_type", "xen", "*domain_type must be auto, kvm or qemu, not 'xen'"},
        {"libvirt", "poll_seconds", "0", "*poll_seconds must be 1 to 3600, not 0"},
        {"libvirt", "unplug_seconds", "3601", "*unplug_seconds must be 1 to 3600, not 3601"},
        {"libvirt", "vm_folders", "/a:b", "*not '/a:b'"},
        {"libvirt", "vm_folders", "/a::/b", "*not '/a::/b'"},
        {"libvirt", "vm_folders", "//", "*not '//'"},
        {"libvirt", "vm_folders", "/a/../etc", "*not '/a/../etc'"},
        {"filter", "enforcement", "ebtables",
         "*enforcement must be libvirt or tapwall, not 'ebtables'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = NULL;
        g_autoptr(GError) error = NULL;
        AgentSettings read;
        g_assert_false(
            settings(&read, &config, cases[i].group, cases[i].key, cases[i].value, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE);
        g_assert_true(g_pattern_match_simple(cases[i].message, error->message));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    source_root = argv[1];
    g_test_add_func("/agent/settings/shipped-sample", shipped_sample);
    g_test_add_func("/agent/settings/defaults", defaults);
    g_test_add_func("/agent/settings/tapwall", enforced_by_tapwalld);
    g_test_add_func("/agent/settings/refused", refused);
    return g_test_run();
}
