/* SPDX-License-Identifier: Apache-2.0 */
#include <gio/gio.h>
#include <string.h>

#include "rest/settings.h"

/* argv[1]: data/engine.conf, which is what the table says; with UPDATE_GOLDEN set it is written. */
static const char *sample_path;

static void test_sample(void)
{
    g_autofree char *sample = config_sample(engine_config_keys);
    g_autofree char *shipped = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("UPDATE_GOLDEN"))
        g_assert_true(g_file_set_contents(sample_path, sample, -1, NULL));
    g_file_get_contents(sample_path, &shipped, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(shipped, ==, sample);
}

static gboolean try(const char *group, const char *key, const char *value, char **message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(NULL, FALSE, engine_config_keys, &error);
    g_auto(Settings) settings = {0};
    gboolean good;

    g_assert_no_error(error);
    if (group)
        g_assert_true(config_set(config, group, key, value, NULL));
    good = settings_init(&settings, config, &error);
    *message = error ? g_strdup(error->message) : NULL;
    return good;
}

static void test_defaults(void)
{
    g_autofree char *message = NULL;

    g_assert_true(try(NULL, NULL, NULL, &message));
}

static void test_values(void)
{
    static const struct {
        const char *group, *key, *value;
        gboolean good;
    } rows[] = {
        {"engine", "poll_seconds", "3601", FALSE},
        {"engine", "poll_seconds", "1", TRUE},
        {"engine", "heartbeat_ms", "600001", FALSE},
        {"engine", "reply_timeout_seconds", "3601", FALSE},
        {"engine", "mac_from", "53:54:00:00:00:01", FALSE}, /* a group address */
        {"engine", "mac_from", "52:54:01:00:00:00", FALSE}, /* above mac_to */
        {"engine", "mac_to", "nonsense", FALSE},
        {"api", "port", "0", FALSE},
        {"api", "port", "65536", FALSE},
        {"api", "address", "localhost", FALSE},
        {"api", "address", "127.0.0.1", TRUE},
        {"api", "tls", "false", FALSE}, /* on :: */
        {"api", "max_connections", "7", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *message = NULL;

        g_assert_cmpint(try(rows[i].group, rows[i].key, rows[i].value, &message), ==, rows[i].good);
        g_assert_true(rows[i].good || strstr(message, rows[i].group));
    }
}

static void test_plain_on_loopback(void)
{
    g_autoptr(Config) config = config_load(NULL, FALSE, engine_config_keys, NULL);
    g_auto(Settings) settings = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(config_set(config, "api", "tls", "false", NULL));
    g_assert_true(config_set(config, "api", "address", "::1", NULL));
    g_assert_true(config_set(config, "pki", "directory", "/pki", NULL));
    g_assert_true(settings_init(&settings, config, &error));
    g_assert_cmpstr(settings.key, ==, "/pki/private/engine-key.pem");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    sample_path = argv[1];
    g_test_add_func("/settings/sample", test_sample);
    g_test_add_func("/settings/defaults", test_defaults);
    g_test_add_func("/settings/values", test_values);
    g_test_add_func("/settings/plain-on-loopback", test_plain_on_loopback);
    return g_test_run();
}
