/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rest/auth.h"
#include "rest/fixture.h"
#include "rest/throttle.h"

static Fixture fixture;
static gint64 clock_seconds;

static gint64 fake_now(void)
{
    return clock_seconds;
}

typedef struct {
    guint verdicts[AUTH_FAILED + 1];
    guint answers;
} Tally;

static void on_done(const AuthResult *result, gpointer data)
{
    Tally *tally = data;

    tally->verdicts[result->verdict]++;
    tally->answers++;
}

static void wait_for(Auth *auth, const Tally *tally, guint answers)
{
    while (tally->answers < answers)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(auth_waiting(auth), ==, 0);
}

static AuthVerdict verify(Auth *auth, const char *user, const char *password, const char *peer)
{
    Tally tally = {0};

    auth_verify(auth, user, password, peer, on_done, &tally);
    wait_for(auth, &tally, 1);
    for (guint i = 0; i < AUTH_FAILED; i++)
        if (tally.verdicts[i])
            return i;
    return AUTH_FAILED;
}

static char *basic(const char *user, const char *password)
{
    g_autofree char *both = g_strdup_printf("%s:%s", user, password);
    g_autofree char *encoded = g_base64_encode((const guchar *)both, strlen(both));

    return g_strconcat("Basic ", encoded, NULL);
}

static void test_verdicts(void)
{
    g_autoptr(Auth) auth = auth_new(fixture.engine, fake_now);

    g_assert_cmpint(verify(auth, FIXTURE_USER, FIXTURE_PASSWORD, "a"), ==, AUTH_OK);
    g_assert_cmpint(verify(auth, FIXTURE_USER, "wrong", "a"), ==, AUTH_WRONG);
    g_assert_cmpint(verify(auth, FIXTURE_USER, "", "a"), ==, AUTH_WRONG);
    g_assert_cmpint(verify(auth, "admin", FIXTURE_PASSWORD, "b"), ==, AUTH_WRONG);
    g_assert_cmpint(verify(auth, "nobody@internal", FIXTURE_PASSWORD, "b"), ==, AUTH_WRONG);
}

/* A right password is remembered for a while; a wrong one never. */
static void test_cache(void)
{
    g_autoptr(Auth) auth = auth_new(fixture.engine, fake_now);
    g_autofree char *right = basic(FIXTURE_USER, FIXTURE_PASSWORD);
    g_autofree char *wrong = basic(FIXTURE_USER, "wrong");

    g_assert_null(auth_known(auth, right, NULL));
    verify(auth, FIXTURE_USER, FIXTURE_PASSWORD, "a");
    verify(auth, FIXTURE_USER, "wrong", "a");
    g_assert_cmpstr(auth_known(auth, right, NULL), ==, FIXTURE_USER);
    g_assert_null(auth_known(auth, wrong, NULL));
    clock_seconds += AUTH_CACHE_SECONDS;
    g_assert_null(auth_known(auth, right, NULL));
}

static void test_limited(void)
{
    g_autoptr(Auth) auth = auth_new(fixture.engine, fake_now);

    for (guint i = 0; i < THROTTLE_PEER_TRIES; i++) {
        g_autofree char *guess = g_strdup_printf("guess%u", i);

        g_assert_cmpint(verify(auth, FIXTURE_USER, guess, "192.0.2.1"), ==, AUTH_WRONG);
    }
    g_assert_cmpint(verify(auth, FIXTURE_USER, FIXTURE_PASSWORD, "192.0.2.1"), ==, AUTH_LIMITED);
    g_assert_cmpint(verify(auth, FIXTURE_USER, FIXTURE_PASSWORD, "192.0.2.2"), ==, AUTH_OK);
    clock_seconds += THROTTLE_PEER_SECONDS;
    g_assert_cmpint(verify(auth, FIXTURE_USER, FIXTURE_PASSWORD, "192.0.2.1"), ==, AUTH_OK);
}

/* A client that opens many connections at once costs one comparison, and is not held for a guesser.
 */
static void test_together(void)
{
    g_autoptr(Auth) auth = auth_new(fixture.engine, fake_now);
    Tally tally = {0};

    for (guint i = 0; i < 100; i++)
        auth_verify(auth, FIXTURE_USER, FIXTURE_PASSWORD, "a", on_done, &tally);
    g_assert_cmpuint(auth_waiting(auth), ==, 1);
    wait_for(auth, &tally, 100);
    g_assert_cmpuint(tally.verdicts[AUTH_OK], ==, 100);
}

/* More passwords than can wait are turned away, and all get an answer. */
static void test_busy(void)
{
    g_autoptr(Auth) auth = auth_new(fixture.engine, fake_now);
    Tally tally = {0};
    guint sent = AUTH_PARALLEL + AUTH_QUEUE_LIMIT + 10;

    for (guint i = 0; i < sent; i++) {
        g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);
        g_autofree char *user = g_strdup_printf("user%u@internal", i);

        auth_verify(auth, user, "x", peer, on_done, &tally);
    }
    wait_for(auth, &tally, sent);
    g_assert_cmpuint(tally.verdicts[AUTH_BUSY], ==, 10);
    g_assert_cmpuint(tally.verdicts[AUTH_WRONG], ==, sent - 10);
}

static void test_tokens(void)
{
    g_autoptr(Auth) auth = auth_new(fixture.engine, fake_now);
    gint64 expires;
    g_autofree char *token = auth_login(auth, FIXTURE_USER, &expires);
    g_autofree char *bearer = g_strconcat("Bearer ", token, NULL);
    g_autofree char *lower = g_strconcat("bearer  ", token, NULL);
    g_autofree char *cookie = g_strconcat("a=b; JSESSIONID=", token, "; c=d", NULL);

    g_assert_cmpint(expires, >, g_get_real_time() / 1000);
    g_assert_cmpstr(auth_known(auth, bearer, NULL), ==, FIXTURE_USER);
    g_assert_cmpstr(auth_known(auth, lower, NULL), ==, FIXTURE_USER);
    g_assert_cmpstr(auth_known(auth, NULL, cookie), ==, FIXTURE_USER);
    g_assert_null(auth_known(auth, "Bearer x", cookie)); /* the header decides */
    g_assert_null(auth_known(auth, "Bearer", NULL));
    g_assert_null(auth_known(auth, NULL, "JSESSIONID="));
    clock_seconds += AUTH_TOKEN_IDLE_SECONDS;
    g_assert_nonnull(auth_known(auth, bearer, NULL));
    g_assert_true(auth_logout(auth, token));
    g_assert_null(auth_known(auth, bearer, NULL));
}

static void test_basic_headers(void)
{
    static const struct {
        const char *header, *user, *password; /* user NULL: refused */
    } rows[] = {
        {"Basic YTpi", "a", "b"},
        {"basic   YTpi", "a", "b"},
        {"Basic YTpiOmM=", "a", "b:c"},
        {"Basic Og==", "", ""},
        {"Basic YQ==", NULL, NULL},     /* no colon */
        {"Basic ", NULL, NULL},         /* nothing */
        {"Basic", NULL, NULL},          /* nothing */
        {"Basic %%%%", NULL, NULL},     /* not base64 */
        {"Basic YQA6Yg==", NULL, NULL}, /* NUL */
        {"Basic /zpi", NULL, NULL},     /* not UTF-8 */
        {"Digest username=\"a\"", NULL, NULL},
        {NULL, NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *user = NULL;
        g_autofree char *password = NULL;

        g_assert_cmpint(auth_parse_basic(rows[i].header, &user, &password), ==,
                        rows[i].user != NULL);
        g_assert_cmpstr(user, ==, rows[i].user);
        g_assert_cmpstr(password, ==, rows[i].password);
    }
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    fixture_init(&fixture);
    g_test_add_func("/auth/verdicts", test_verdicts);
    g_test_add_func("/auth/cache", test_cache);
    g_test_add_func("/auth/limited", test_limited);
    g_test_add_func("/auth/together", test_together);
    g_test_add_func("/auth/busy", test_busy);
    g_test_add_func("/auth/tokens", test_tokens);
    g_test_add_func("/auth/basic-headers", test_basic_headers);
    status = g_test_run();
    fixture_clear(&fixture);
    return status;
}
