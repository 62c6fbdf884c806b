/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/settings.h"

static const char *source_root;

static void test_sample(void)
{
    g_autofree char *path = g_build_filename(source_root, "data", "tapwalld.conf", NULL);
    g_autofree char *sample = config_sample(filterd_config_keys);
    g_autofree char *shipped = NULL;

    g_assert_true(g_file_get_contents(path, &shipped, NULL, NULL));
    g_assert_cmpstr(shipped, ==, sample); /* else: tapwalld --print-config > data/tapwalld.conf */
}

static void test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(NULL, FALSE, filterd_config_keys, &error);
    DaemonSettings settings;

    g_assert_true(daemon_settings_read(&settings, config, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(settings.socket, ==, "/run/libvirt/virtnwfilterd-sock");
    g_assert_cmpuint(settings.core.grace_ms, ==, 5000);
    g_assert_cmpuint(settings.core.datapath.ports, ==, 16384);
    g_assert_false(settings.core.opaque);
    g_assert_false(settings.all_read);
    g_assert_cmpstr(settings.socket_group, ==, "");
    g_assert_cmpint(settings.core.datapath.hook, ==, DATAPATH_HOOK_ANY);
}

static const struct {
    const char *key, *value;
    gboolean is_good;
} rows[] = {
    {"filters", "filters", FALSE},
    {"filters", "/f", TRUE},
    {"state", "", FALSE},
    {"pins", "pins", FALSE},
    {"socket", "x", FALSE},
    {"operator_socket", "x", FALSE},
    {"encapsulation", "opaque", TRUE},
    {"encapsulation", "both", FALSE},
    {"readers", "all", TRUE},
    {"readers", "some", FALSE},
    {"hook", "clsact", TRUE},
    {"hook", "tcx", FALSE},
    {"grace_seconds", "0", TRUE},
    {"grace_seconds", "3601", FALSE},
    {"ports", "0", FALSE},
    {"ports", "65536", TRUE},
    {"ports", "65537", FALSE},
    {"flows", "0", FALSE},
};

static void test_values(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Config) config = config_load(NULL, FALSE, filterd_config_keys, NULL);
        g_autoptr(GError) error = NULL;
        DaemonSettings settings;
        gboolean good = config_set(config, "tapwalld", rows[i].key, rows[i].value, &error) &&
                        daemon_settings_read(&settings, config, &error);

        g_assert_cmpint(good, ==, rows[i].is_good);
        if (!good)
            g_assert_nonnull(g_strrstr(error->message, rows[i].key));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    source_root = argv[1];
    g_test_add_func("/filterd/settings/sample", test_sample);
    g_test_add_func("/filterd/settings/defaults", test_defaults);
    g_test_add_func("/filterd/settings/values", test_values);
    return g_test_run();
}
