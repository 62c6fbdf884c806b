/* SPDX-License-Identifier: Apache-2.0 */
#include "base/config.h"

#include <glib/gstdio.h>
#include <string.h>

static const ConfigKey keys[] = {
    {"server", "address", CONFIG_STRING, "::", "Where to listen."},
    {"server", "port", CONFIG_UINT, "54321", "The port.\nVDSM's number."},
    {"tls", "enabled", CONFIG_BOOL, "true", "Whether to speak TLS."},
    {NULL},
};

/* Loads a file with this text; the file is gone afterwards. */
static Config *load_text(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("config-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    Config *config = config_load(path, TRUE, keys, error);
    g_unlink(path);
    return config;
}

static void test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(NULL, FALSE, keys, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config_string(config, "server", "address"), ==, "::");
    g_assert_cmpuint(config_uint(config, "server", "port"), ==, 54321);
    g_assert_true(config_bool(config, "tls", "enabled"));
}

static void test_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config =
        load_text("# ours\n[server]\nport = 7 \naddress=127.0.0.1\n[tls]\nenabled=false\n", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config_string(config, "server", "address"), ==, "127.0.0.1");
    g_assert_cmpuint(config_uint(config, "server", "port"), ==, 7);
    g_assert_false(config_bool(config, "tls", "enabled"));
}

static void test_bad(void)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } rows[] = {
        {"[server]\nprot=1\n", CONFIG_ERROR_KEY, "unknown key 'prot' in group 'server'"},
        {"[sever]\nport=1\n", CONFIG_ERROR_KEY, "unknown group 'sever'"},
        {"[server]\nport=x1\n", CONFIG_ERROR_VALUE, "has value 'x1', expected a whole number"},
        {"[server]\nport=-1\n", CONFIG_ERROR_VALUE, "expected a whole number"},
        {"[tls]\nenabled=True\n", CONFIG_ERROR_VALUE, "expected 'true' or 'false'"},
        {"port=1\n", CONFIG_ERROR_FILE, "group"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(load_text(rows[i].text, &error));
        g_assert_error(error, CONFIG_ERROR, rows[i].code);
        g_assert_nonnull(strstr(error->message, rows[i].says));
    }
}

static void test_missing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load("/nonexistent/engine.conf", FALSE, keys, &error);
    g_assert_no_error(error);
    g_assert_nonnull(config);
    g_assert_null(config_load("/nonexistent/engine.conf", TRUE, keys, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE);
    g_assert_nonnull(strstr(error->message, "/nonexistent/engine.conf"));
}

/* The sample file holds every key, and with its keys uncommented reads back to the defaults. */
static void test_sample(void)
{
    g_autofree char *sample = config_sample(keys);
    g_assert_cmpstr(sample, ==,
                    "[server]\n\n# Where to listen.\n#address=::\n\n# The port.\n# VDSM's "
                    "number.\n#port=54321\n\n[tls]\n\n# Whether to speak TLS.\n#enabled=true\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load_text(sample, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(config_uint(config, "server", "port"), ==, 54321);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/file", test_file);
    g_test_add_func("/config/bad", test_bad);
    g_test_add_func("/config/missing", test_missing);
    g_test_add_func("/config/sample", test_sample);
    return g_test_run();
}
