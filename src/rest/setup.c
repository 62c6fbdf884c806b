/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/setup.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/pki.h"
#include "engine/engine.h"
#include "rest/password.h"

#define ADMIN "admin@internal"

/* ---- certificates ---- */

static gboolean exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean ensure_pki(const Settings *settings, GError **error)
{
    const char *const names[] = {g_get_host_name(), "localhost", "127.0.0.1", "::1", NULL};

    if (!pki_ensure_ca(settings->pki, error))
        return FALSE;
    if (exists(settings->certificate) && exists(settings->key))
        return TRUE;
    return pki_issue(settings->pki, g_get_host_name(), names, settings->certificate, settings->key,
                     error);
}

static gboolean check_name(const char *name, GError **error)
{
    if (*name && *name != '.' && !strchr(name, '/') && strlen(name) <= 64)
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "'%s' is not a host's name: at most 64 characters without '/' are expected", name);
    return FALSE;
}

/* Everything the agent needs, in its own names: the folder becomes the host's /etc/pki/tapwall. */
static gboolean copy_ca(const Settings *settings, const char *out, GError **error)
{
    g_autoptr(GFile) from = g_file_new_for_path(settings->ca);
    g_autoptr(GFile) to = g_file_new_build_filename(out, "ca.pem", NULL);

    return g_file_copy(from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error);
}

gboolean setup_issue(const Settings *settings, const char *names, const char *out, GError **error)
{
    g_auto(GStrv) list = g_strsplit(names, ",", 0);
    const char *name = list[0] ? list[0] : "";
    g_autofree char *file = g_strconcat(out ? "hostcert" : name, ".pem", NULL);
    g_autofree char *key_file =
        out ? g_strdup("private/hostkey.pem") : g_strdup_printf("private/%s-key.pem", name);
    g_autofree char *certificate = g_build_filename(out ? out : settings->pki, file, NULL);
    g_autofree char *key = g_build_filename(out ? out : settings->pki, key_file, NULL);

    if (!check_name(name, error))
        return FALSE;
    if (!out && (!strcmp(name, "ca") || !strcmp(name, "engine"))) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' would replace the engine's own files: use --out", name);
        return FALSE;
    }
    if (!pki_issue(settings->pki, name, (const char *const *)list, certificate, key, error))
        return FALSE;
    return !out || copy_ca(settings, out, error);
}

/* ---- the password ---- */

static char *read_password(const char *path, GError **error)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, error))
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    if (*text)
        return g_steal_pointer(&text);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s: no password in its first line", path);
    return NULL;
}

typedef struct {
    Engine *engine;
    gboolean done, known;
    GError *error;
} Question;

static gpointer ask_work(Engine *engine, gpointer data, GError **error)
{
    return engine_user_hash(engine, ADMIN, error);
}

static void on_asked(GObject *source, GAsyncResult *result, gpointer data)
{
    Question *question = data;
    g_autofree char *hash = engine_submit_finish(question->engine, result, &question->error);

    question->known = hash != NULL;
    question->done = TRUE;
    if (g_error_matches(question->error, ENGINE_ERROR, ENGINE_ERROR_NOT_FOUND))
        g_clear_error(&question->error);
}

/* Whether the store exists and has the administrator's password. */
static gboolean has_password(const Settings *settings, gboolean *known, GError **error)
{
    EngineSettings how = {.store = settings->store,
                          .mac_range_from = settings->mac_from,
                          .mac_range_to = settings->mac_to,
                          .poll_seconds = settings->poll_seconds,
                          .heartbeat_ms = settings->heartbeat_ms,
                          .reply_timeout_ms = settings->reply_timeout_ms,
                          .grace_seconds = settings->grace_seconds};
    g_autoptr(Engine) engine = NULL;
    Question question = {0};

    *known = FALSE;
    if (!exists(settings->store))
        return TRUE;
    engine = engine_new(&how, error);
    if (!engine)
        return FALSE;
    question.engine = engine;
    engine_submit(engine, ask_work, NULL, NULL, g_free, on_asked, &question);
    while (!question.done)
        g_main_context_iteration(NULL, TRUE);
    *known = question.known;
    if (!question.error)
        return TRUE;
    g_propagate_error(error, question.error);
    return FALSE;
}

/* The wished-for password; NULL without error when the one there is stays. */
static char *choose_password(const Settings *settings, const char *file, gboolean reset,
                             gboolean *random, GError **error)
{
    const char *given = g_getenv("TAPWALL_ADMIN_PASSWORD");
    gboolean known;

    *random = FALSE;
    if (file)
        return read_password(file, error);
    if (given && *given)
        return g_strdup(given);
    if (!has_password(settings, &known, error) || (known && !reset))
        return NULL;
    *random = TRUE;
    return password_random();
}

static gboolean make_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (!g_mkdir_with_parents(folder, 0750))
        return TRUE;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot make the folder %s", folder);
    return FALSE;
}

gboolean setup_init(const Settings *settings, const char *password_file, gboolean reset,
                    GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *password = NULL;
    g_autofree char *hash = NULL;
    gboolean random;

    if (!ensure_pki(settings, error) || !make_folder(settings->store, error))
        return FALSE;
    password = choose_password(settings, password_file, reset, &random, &problem);
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (!password)
        return TRUE;
    hash = password_hash(password, error);
    if (!hash || !engine_init_store(settings->store, hash, error))
        return FALSE;
    if (random)
        g_print("The password of " ADMIN " is %s\n", password);
    return TRUE;
}
