/* SPDX-License-Identifier: Apache-2.0 */
/* --init and --issue: what is made, and what is kept when they are repeated. */
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "base/tls.h"
#include "engine/engine.h"
#include "rest/password.h"
#include "rest/setup.h"

static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static char *contents(const char *name)
{
    g_autofree char *path = in_folder(name);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static Config *make_config(Settings *settings)
{
    g_autofree char *store = in_folder("store/engine.db");
    g_autofree char *pki = in_folder("pki");
    g_autoptr(GError) error = NULL;
    Config *config = config_load(NULL, FALSE, engine_config_keys, &error);

    g_assert_true(config_set(config, "engine", "store", store, NULL));
    g_assert_true(config_set(config, "pki", "directory", pki, NULL));
    g_assert_true(settings_init(settings, config, &error));
    return config;
}

/* ---- what the store holds ---- */

typedef struct {
    Engine *engine;
    char *hash;
    gboolean done;
} Question;

static gpointer hash_work(Engine *engine, gpointer data, GError **error)
{
    return engine_user_hash(engine, "admin@internal", error);
}

static void on_hash(GObject *source, GAsyncResult *result, gpointer data)
{
    Question *question = data;

    question->hash = engine_submit_finish(question->engine, result, NULL);
    question->done = TRUE;
}

static char *stored_hash(const Settings *settings)
{
    EngineSettings how = {.store = settings->store,
                          .mac_range_from = settings->mac_from,
                          .mac_range_to = settings->mac_to};
    g_autoptr(GError) error = NULL;
    g_autoptr(Engine) engine = engine_new(&how, &error);
    Question question = {.engine = engine};

    g_assert_no_error(error);
    engine_submit(engine, hash_work, NULL, NULL, g_free, on_hash, &question);
    while (!question.done)
        g_main_context_iteration(NULL, TRUE);
    return question.hash;
}

static void expect_password(const Settings *settings, const char *password)
{
    g_autofree char *hash = stored_hash(settings);

    g_assert_true(g_str_has_prefix(hash, "$y$"));
    g_assert_true(password_verify(password, hash));
}

static void init(const Settings *settings, const char *password_file, gboolean reset)
{
    g_autoptr(GError) error = NULL;

    setup_init(settings, password_file, reset, &error);
    g_assert_no_error(error);
}

/* ---- tests ---- */

static void test_init(void)
{
    g_auto(Settings) settings = {0};
    g_autoptr(Config) config = make_config(&settings);
    g_autofree char *file = in_folder("password");
    g_autofree char *ca = NULL;
    g_autofree char *ca_again = NULL;
    g_autofree char *engine_again = NULL;
    g_autofree char *engine = NULL;
    g_autofree char *hash = NULL;
    g_autofree char *reset = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(config);
    g_assert_true(g_file_set_contents(file, "from file\nnot this\n", -1, NULL));
    init(&settings, file, FALSE);
    expect_password(&settings, "from file");
    ca = contents("pki/ca.pem");
    engine = contents("pki/engine.pem");

    init(&settings, NULL, FALSE); /* keeps all */
    expect_password(&settings, "from file");
    ca_again = contents("pki/ca.pem");
    engine_again = contents("pki/engine.pem");
    g_assert_cmpstr(ca, ==, ca_again);
    g_assert_cmpstr(engine, ==, engine_again);

    hash = stored_hash(&settings);
    init(&settings, NULL, TRUE); /* prints a new one */
    reset = stored_hash(&settings);
    g_assert_cmpstr(hash, !=, reset);
    g_assert_false(password_verify("from file", reset));

    g_setenv("TAPWALL_ADMIN_PASSWORD", "from environment", TRUE);
    init(&settings, NULL, FALSE);
    g_unsetenv("TAPWALL_ADMIN_PASSWORD");
    expect_password(&settings, "from environment");

    g_assert_true(g_file_set_contents(file, "\n", -1, NULL));
    g_assert_false(setup_init(&settings, file, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "no password"));
    expect_password(&settings, "from environment");
}

static void expect_pair(const char *certificate, const char *key, const char *ca)
{
    g_autofree char *certificate_path = in_folder(certificate);
    g_autofree char *key_path = in_folder(key);
    g_autofree char *ca_path = in_folder(ca);
    g_autoptr(GError) error = NULL;
    g_autoptr(TlsCredentials) credentials =
        tls_credentials_load(certificate_path, key_path, ca_path, &error);

    g_assert_no_error(error);
    g_assert_nonnull(credentials);
}

static void test_issue(void)
{
    g_auto(Settings) settings = {0};
    g_autoptr(Config) config = make_config(&settings);
    g_autofree char *out = in_folder("for-host");
    static const char *const bad[] = {"", ",x", "../x", "a/b", ".hidden", "ca", "engine"};
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(config);
    g_setenv("TAPWALL_ADMIN_PASSWORD", "x", TRUE);
    init(&settings, NULL, FALSE);
    g_unsetenv("TAPWALL_ADMIN_PASSWORD");
    g_assert_true(setup_issue(&settings, "host1,192.0.2.1,host1.example", NULL, &error));
    expect_pair("pki/host1.pem", "pki/private/host1-key.pem", "pki/ca.pem");
    g_assert_true(setup_issue(&settings, "host2", out, &error));
    expect_pair("for-host/hostcert.pem", "for-host/private/hostkey.pem", "for-host/ca.pem");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refused = NULL;

        g_assert_false(setup_issue(&settings, bad[i], NULL, &refused));
        g_assert_nonnull(refused);
    }
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    return remove(path);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("TAPWALL_ADMIN_PASSWORD");
    folder = g_dir_make_tmp("tapwall-setup-XXXXXX", NULL);
    g_test_add_func("/setup/init", test_init);
    g_test_add_func("/setup/issue", test_issue);
    status = g_test_run();
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a temporary folder */
    g_free(folder);
    return status;
}
