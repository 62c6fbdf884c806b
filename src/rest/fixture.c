/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "rest/format.h"
#include "rest/password.h"

/* Ports of hosts that tests add are closed ones: nobody answers, and no traffic leaves loopback. */
static EngineSettings settings_of(const Fixture *fixture)
{
    return (EngineSettings){
        .store = fixture->store,
        .mac_range_from = "52:54:00:00:00:01",
        .mac_range_to = "52:54:00:ff:ff:fe",
        .poll_seconds = 15,
        .heartbeat_ms = 10000,
        .reply_timeout_ms = 10000,
        .grace_seconds = 60,
    };
}

void fixture_init(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *hash = password_hash(FIXTURE_PASSWORD, &error);
    EngineSettings settings;

    g_assert_no_error(error);
    fixture->folder = g_dir_make_tmp("tapwall-rest-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->store = g_build_filename(fixture->folder, "engine.db", NULL);
    engine_init_store(fixture->store, hash, &error);
    g_assert_no_error(error);
    settings = settings_of(fixture);
    fixture->engine = engine_new(&settings, &error);
    g_assert_no_error(error);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    return remove(path);
}

void fixture_clear(Fixture *fixture)
{
    engine_free(fixture->engine);
    (void)nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a temporary folder */
    g_free(fixture->folder);
    g_free(fixture->store);
}

typedef struct {
    Fixture *fixture;
    Request *request;
    Reply *reply;
} Waiting;

static gpointer work(Engine *engine, gpointer data, GError **error)
{
    return request_run(data, engine, error);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data)
{
    Waiting *waiting = data;
    g_autoptr(GError) error = NULL;

    waiting->reply = engine_submit_finish(waiting->fixture->engine, result, &error);
    if (!waiting->reply)
        waiting->reply = request_fault(waiting->request, error);
}

static Reply *run(Fixture *fixture, Request *request)
{
    Waiting waiting = {fixture, request, NULL};

    if (request_error(request))
        return request_fault(request, request_error(request));
    engine_submit(fixture->engine, work, request, NULL, NULL, on_done, &waiting);
    while (!waiting.reply)
        g_main_context_iteration(NULL, TRUE);
    return waiting.reply;
}

Reply *fixture_request(Fixture *fixture, const char *method, const char *target, const char *format,
                       const char *body)
{
    const char *question = strchr(target, '?');
    g_autofree char *below =
        g_strndup(target, question ? (gsize)(question - target) : strlen(target));
    g_autofree char *path = g_strconcat(API_BASE, below, NULL);
    g_autofree char *type = g_strconcat("application/", format, NULL);
    RequestHead head = {.method = method,
                        .path = path,
                        .query = question ? question + 1 : NULL,
                        .accept = type,
                        .content_type = type};
    g_autoptr(Request) request = request_new(&head);
    g_autoptr(GBytes) bytes = g_bytes_new(body ? body : "", body ? strlen(body) : 0);

    request_set_body(request, bytes);
    request_set_user(request, FIXTURE_USER);
    return run(fixture, request);
}

static char *text_of(const Reply *reply)
{
    gsize size;
    const char *data = reply->body ? g_bytes_get_data(reply->body, &size) : NULL;

    return data ? g_strndup(data, size) : g_strdup("");
}

char *fixture_expect(Fixture *fixture, const char *method, const char *target, const char *body,
                     guint status)
{
    gboolean json = body && body[0] == '{';
    g_autoptr(Reply) reply = fixture_request(fixture, method, target, json ? "json" : "xml", body);
    char *text = text_of(reply);

    if (reply->status != status)
        g_error("%s %s %s: %u, not %u: %s", method, target, body ? body : "", reply->status, status,
                text);
    return text;
}

char *fixture_add(Fixture *fixture, const char *collection, const char *body)
{
    g_autofree char *target = g_strconcat("/", collection, NULL);
    g_autofree char *text = fixture_expect(fixture, "POST", target, body, 201);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(Element) root = json_parse(bytes, "entity", NULL);

    g_assert_nonnull(root);
    return g_strdup(element_value(root, "id"));
}
