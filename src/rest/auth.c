/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/auth.h"

#include <string.h>

#include "rest/password.h"
#include "rest/throttle.h"
#include "rest/token.h"

struct Auth {
    Engine *engine;
    gint64 (*now)(void);
    TokenTable *tokens;
    Throttle *throttle;
    GHashTable *cache;  /* keyed digest of user and password -> CacheEntry */
    guint8 key[32];     /* of the digests: they are worth nothing outside this process */
    GHashTable *checks; /* the same digest -> Check, running or waiting */
    GQueue waiting;     /* of Check */
    guint running;
};

typedef struct {
    char *user;
    gint64 expires;
} CacheEntry;

static gint64 monotonic_seconds(void)
{
    return g_get_monotonic_time() / G_USEC_PER_SEC;
}

static void cache_entry_free(gpointer data)
{
    CacheEntry *entry = data;

    g_free(entry->user);
    g_free(entry);
}

Auth *auth_new(Engine *engine, gint64 (*now)(void))
{
    Auth *auth = g_new0(Auth, 1);

    auth->engine = engine;
    auth->now = now ? now : monotonic_seconds;
    auth->tokens = token_table_new(AUTH_TOKEN_LIMIT, AUTH_TOKEN_IDLE_SECONDS);
    auth->throttle = throttle_new(4096);
    auth->cache = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, cache_entry_free);
    auth->checks = g_hash_table_new(g_str_hash, g_str_equal);
    random_bytes(auth->key, sizeof auth->key);
    return auth;
}

void auth_free(Auth *auth)
{
    g_assert(!g_hash_table_size(auth->checks));
    g_hash_table_unref(auth->checks);
    token_table_free(auth->tokens);
    throttle_free(auth->throttle);
    g_hash_table_unref(auth->cache);
    explicit_bzero(auth->key, sizeof auth->key);
    g_free(auth);
}

/* ---- the cache of right passwords ---- */

static char *cache_key(const Auth *auth, const char *user, const char *password)
{
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, auth->key, sizeof auth->key);
    char *key;

    g_hmac_update(hmac, (const guchar *)user, (gssize)strlen(user) + 1);
    g_hmac_update(hmac, (const guchar *)password, (gssize)strlen(password));
    key = g_strdup(g_hmac_get_string(hmac));
    g_hmac_unref(hmac);
    return key;
}

static const char *cache_lookup(Auth *auth, const char *user, const char *password)
{
    g_autofree char *key = cache_key(auth, user, password);
    const CacheEntry *entry = g_hash_table_lookup(auth->cache, key);

    if (!entry)
        return NULL;
    if (auth->now() < entry->expires)
        return entry->user;
    g_hash_table_remove(auth->cache, key);
    return NULL;
}

/* Only right passwords come here, so the limit is hardly ever met. */
static void cache_add(Auth *auth, const char *user, const char *password)
{
    CacheEntry *entry = g_new0(CacheEntry, 1);

    if (g_hash_table_size(auth->cache) >= AUTH_CACHE_LIMIT)
        g_hash_table_remove_all(auth->cache);
    entry->user = g_strdup(user);
    entry->expires = auth->now() + AUTH_CACHE_SECONDS;
    g_hash_table_insert(auth->cache, cache_key(auth, user, password), entry);
}

/* ---- headers ---- */

/* What follows the scheme, or NULL when it is another one. RFC 9110, 11.4. */
static const char *after_scheme(const char *authorization, const char *scheme)
{
    size_t length = strlen(scheme);

    if (g_ascii_strncasecmp(authorization, scheme, length) || authorization[length] != ' ')
        return NULL;
    return authorization + length + strspn(authorization + length, " ");
}

gboolean auth_parse_basic(const char *authorization, char **user, char **password)
{
    const char *encoded = authorization ? after_scheme(authorization, "Basic") : NULL;
    gsize size = 0;
    g_autofree guchar *decoded = encoded && *encoded ? g_base64_decode(encoded, &size) : NULL;
    const char *colon = decoded ? memchr(decoded, ':', size) : NULL;
    const char *text = (const char *)decoded;

    if (!colon || memchr(decoded, '\0', size) || !g_utf8_validate(text, (gssize)size, NULL))
        return FALSE;
    *user = g_strndup(text, colon - text);
    *password = g_strndup(colon + 1, size - (colon + 1 - text));
    return TRUE;
}

static const char *known_password(Auth *auth, const char *authorization)
{
    g_autofree char *user = NULL;
    g_autofree char *password = NULL;

    if (!auth_parse_basic(authorization, &user, &password))
        return NULL;
    return cache_lookup(auth, user, password);
}

/* The session's cookie among the others. RFC 6265, 4.2.1. */
static char *session_of(const char *cookie)
{
    g_auto(GStrv) pairs = g_strsplit(cookie, ";", 64);

    for (guint i = 0; pairs[i]; i++) {
        const char *pair = g_strstrip(pairs[i]);

        if (g_str_has_prefix(pair, "JSESSIONID="))
            return g_strdup(pair + strlen("JSESSIONID="));
    }
    return NULL;
}

const char *auth_known(Auth *auth, const char *authorization, const char *cookie)
{
    const char *bearer = authorization ? after_scheme(authorization, "Bearer") : NULL;
    g_autofree char *session = !authorization && cookie ? session_of(cookie) : NULL;

    if (bearer || session)
        return token_table_use(auth->tokens, bearer ? bearer : session, auth->now());
    return authorization ? known_password(auth, authorization) : NULL;
}

/* ---- comparing ---- */

/* Whoever sends the same name and password at the same time waits for the same comparison: one try,
 * however many connections a client opens at once. */
typedef struct {
    AuthDone done;
    gpointer user_data;
} Waiter;

typedef struct {
    Auth *auth;
    char *key; /* in auth->checks */
    char *user, *password, *peer, *hash;
    GArray *waiters;
} Check;

static void check_free(Check *check)
{
    explicit_bzero(check->password, strlen(check->password));
    g_free(check->key);
    g_free(check->user);
    g_free(check->password);
    g_free(check->peer);
    g_free(check->hash);
    g_array_unref(check->waiters);
    g_free(check);
}

static void check_start(Check *check);

static void finish(Check *check, AuthVerdict verdict)
{
    AuthResult result = {.verdict = verdict, .user = check->user};

    g_hash_table_remove(check->auth->checks, check->key);
    for (guint i = 0; i < check->waiters->len; i++) {
        const Waiter *waiter = &g_array_index(check->waiters, Waiter, i);

        waiter->done(&result, waiter->user_data);
    }
    check_free(check);
}

static void start_waiting(Auth *auth)
{
    while (auth->running < AUTH_PARALLEL && auth->waiting.length)
        check_start(g_queue_pop_head(&auth->waiting));
}

static void check_end(Check *check, AuthVerdict verdict)
{
    Auth *auth = check->auth;

    auth->running--;
    if (verdict == AUTH_OK) {
        throttle_succeeded(auth->throttle, check->user, check->peer, auth->now());
        cache_add(auth, check->user, check->password);
    } else if (verdict == AUTH_FAILED) {
        throttle_give_back(auth->throttle, check->user, check->peer);
    }
    finish(check, verdict);
    start_waiting(auth);
}

static void compare_in_thread(GTask *task, gpointer source, gpointer data,
                              GCancellable *cancellable)
{
    const Check *check = data;
    gboolean right = password_verify(check->password, check->hash ? check->hash : password_decoy());

    g_task_return_boolean(task, right && check->hash);
}

static void on_compared(GObject *source, GAsyncResult *result, gpointer user_data)
{
    check_end(user_data, g_task_propagate_boolean(G_TASK(result), NULL) ? AUTH_OK : AUTH_WRONG);
}

static gpointer lookup_work(Engine *engine, gpointer data, GError **error)
{
    return engine_user_hash(engine, data, error);
}

/* An unknown user is compared with the decoy, so that it takes as long as a known one. */
static void on_hash(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Check *check = user_data;
    g_autoptr(GError) error = NULL;
    GTask *task;

    check->hash = engine_submit_finish(check->auth->engine, result, &error);
    if (!check->hash && !g_error_matches(error, ENGINE_ERROR, ENGINE_ERROR_NOT_FOUND)) {
        check_end(check, AUTH_FAILED);
        return;
    }
    task = g_task_new(NULL, NULL, on_compared, check);
    g_task_set_task_data(task, check, NULL);
    g_task_run_in_thread(task, compare_in_thread);
    g_object_unref(task);
}

static void check_start(Check *check)
{
    Auth *auth = check->auth;

    auth->running++;
    engine_submit(auth->engine, lookup_work, g_strdup(check->user), g_free, g_free, on_hash, check);
}

static Check *check_new(Auth *auth, const char *user, const char *password, const char *peer)
{
    Check *check = g_new0(Check, 1);

    check->auth = auth;
    check->key = cache_key(auth, user, password);
    check->user = g_strdup(user);
    check->password = g_strdup(password);
    check->peer = g_strdup(peer);
    check->waiters = g_array_new(FALSE, FALSE, sizeof(Waiter));
    g_hash_table_insert(auth->checks, check->key, check);
    g_queue_push_tail(&auth->waiting, check);
    return check;
}

/* The check to wait for: one on its way, or a new one if the limits allow it. */
static Check *check_for(Auth *auth, const char *user, const char *password, const char *peer,
                        AuthResult *refused)
{
    g_autofree char *key = cache_key(auth, user, password);
    g_autofree char *from = throttle_peer(peer);
    Check *check = g_hash_table_lookup(auth->checks, key);

    refused->verdict = AUTH_BUSY;
    if (check)
        return check->waiters->len < AUTH_WAITER_LIMIT ? check : NULL;
    if (auth->waiting.length >= AUTH_QUEUE_LIMIT)
        return NULL;
    refused->verdict = AUTH_LIMITED;
    if (!throttle_take(auth->throttle, user, from, auth->now(), &refused->retry_after))
        return NULL;
    return check_new(auth, user, password, from);
}

void auth_verify(Auth *auth, const char *user, const char *password, const char *peer,
                 AuthDone done, gpointer user_data)
{
    AuthResult result = {.verdict = AUTH_OK, .user = cache_lookup(auth, user, password)};
    Waiter waiter = {done, user_data};
    Check *check = result.user ? NULL : check_for(auth, user, password, peer, &result);

    if (!check) {
        done(&result, user_data);
        return;
    }
    g_array_append_val(check->waiters, waiter);
    start_waiting(auth);
}

guint auth_waiting(const Auth *auth)
{
    return g_hash_table_size(auth->checks);
}

/* ---- tokens ---- */

char *auth_login(Auth *auth, const char *user, gint64 *expires)
{
    *expires = g_get_real_time() / 1000 + (gint64)AUTH_TOKEN_IDLE_SECONDS * 1000;
    return token_table_issue(auth->tokens, user, auth->now());
}

gboolean auth_logout(Auth *auth, const char *token)
{
    return token_table_revoke(auth->tokens, token);
}
