/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/client.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/listen.h"
#include "jsonrpc/json-text.h"
#include "jsonrpc/server.h"
#include "jsonrpc/stomp-frame.h"
#include "jsonrpc/test-credentials.h"
#include "jsonrpc/test-peer.h"

/* A server with a small set of methods, and one client. */
typedef struct {
    RpcServer *server;
    guint16 port;
    TlsCredentials *credentials;
    char *dir; /* of the credentials */
    RpcClient *client;
    RpcCall *held; /* by the method "hold" */
    GString *log;  /* what came, in order */
    guint closed;
    GError *reason; /* of the client's end */
    char *lost;     /* the server's last reason for losing a connection */
} Fixture;

static gboolean tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static void answer_echo(RpcCall *call, JsonNode *params, Fixture *fixture)
{
    rpc_call_return(call, params != NULL ? json_node_copy(params) : NULL);
}

static void answer_big(RpcCall *call, JsonNode *params, Fixture *fixture)
{
    gsize size = 3 * 1024 * 1024;
    char *text = g_malloc(size);

    memset(text, 'x', size);
    text[0] = text[size - 1] = '"';
    rpc_call_return_bytes(call, g_bytes_new_take(text, size));
}

static void answer_error(RpcCall *call, JsonNode *params, Fixture *fixture)
{
    rpc_call_fail(call, RPC_NO_SUCH_VM, "Virtual machine does not exist: {'vmId': 'x\"y'}");
}

static void answer_foreign_error(RpcCall *call, JsonNode *params, Fixture *fixture)
{
    rpc_call_fail_error(call, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, "disk on fire"));
}

static void answer_hold(RpcCall *call, JsonNode *params, Fixture *fixture)
{
    fixture->held = call;
}

static void answer_true(RpcCall *call, JsonNode *params, Fixture *fixture)
{
    rpc_call_return(call, NULL);
}

static const struct {
    const char *name;
    void (*function)(RpcCall *call, JsonNode *params, Fixture *fixture);
} methods[] = {
    {"echo", answer_echo}, {"big", answer_big},   {"error", answer_error},
    {"hold", answer_hold}, {"true", answer_true}, {"foreign", answer_foreign_error},
};

static void handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (g_str_equal(methods[i].name, method)) {
            methods[i].function(call, params, data);
            return;
        }
    }
    g_autofree char *text =
        rpc_message("The method does not exist or is not available", "method", method, NULL);
    rpc_call_fail(call, RPC_METHOD_NOT_FOUND, text);
}

static void server_lost(const char *peer, const GError *reason, gpointer data)
{
    Fixture *fixture = data;

    g_assert_true(g_str_has_prefix(peer, "127.0.0.1:") || g_str_equal(peer, "local"));
    g_free(fixture->lost);
    fixture->lost = g_strdup(reason->message);
    g_test_message("server lost %s: %s", peer, reason->message);
}

static void on_event(RpcClient *client, const char *method, JsonNode *params, gpointer data)
{
    Fixture *fixture = data;
    g_autofree char *text = params != NULL ? json_text_format(params) : g_strdup("none");

    g_string_append_printf(fixture->log, "%s %.40s;", method, text);
}

static void on_closed(RpcClient *client, const GError *reason, gpointer data)
{
    Fixture *fixture = data;

    g_assert_nonnull(reason);
    g_clear_error(&fixture->reason);
    fixture->reason = g_error_copy(reason);
    fixture->closed++;
}

static void fixture_start(Fixture *fixture, const RpcLimits *limits)
{
    const TestServerOptions options = {
        fixture->credentials, handle, server_lost, fixture, limits,
    };

    fixture->server = test_server_new(&options, &fixture->port);
    fixture->log = g_string_new(NULL);
}

typedef struct {
    guint done;
    gboolean ok;
    JsonNode *result;
    GError *error;
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    g_clear_pointer(&outcome->result, json_node_unref);
    g_clear_error(&outcome->error);
    outcome->done = 0;
}

static void connect_done(GObject *source, GAsyncResult *result, gpointer data)
{
    Outcome *outcome = data;

    outcome->ok = rpc_client_connect_finish(RPC_CLIENT(source), result, &outcome->error);
    outcome->done++;
}

static void call_done(GObject *source, GAsyncResult *result, gpointer data)
{
    Outcome *outcome = data;

    outcome->result = rpc_client_call_finish(RPC_CLIENT(source), result, &outcome->error);
    g_assert_true((outcome->result == NULL) != (outcome->error == NULL));
    outcome->done++;
}

static RpcClient *client_open(Fixture *fixture, guint heartbeat)
{
    RpcClient *client = rpc_client_new(fixture->credentials, heartbeat);
    Outcome outcome = {0};

    rpc_client_set_handlers(client, on_event, on_closed, fixture);
    rpc_client_connect_async(client, "127.0.0.1", fixture->port, TEST_PATIENCE_MS, NULL,
                             connect_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_no_error(outcome.error);
    g_assert_true(outcome.ok);
    return client;
}

static void setup_plain(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, NULL);
    fixture->client = client_open(fixture, 0);
}

static void setup_tls(Fixture *fixture, gconstpointer data)
{
    fixture->credentials = test_credentials_new(&fixture->dir);
    setup_plain(fixture, data);
}

/* Short heart-beats, so that their loss does not take long to see. */
static void setup_heartbeat(Fixture *fixture, gconstpointer data)
{
    RpcLimits limits = rpc_default_limits;

    limits.heartbeat_ms = 100;
    fixture_start(fixture, &limits);
    fixture->client = client_open(fixture, 200);
}

/* Worker threads and closed clients get their last callbacks. */
static void settle(void)
{
    gint64 end = g_get_monotonic_time() + 30 * 1000;
    guint timer = g_timeout_add(5, tick, NULL);

    while (g_get_monotonic_time() < end)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    if (fixture->client != NULL) {
        rpc_client_close(fixture->client);
        g_object_unref(fixture->client);
    }
    rpc_server_free(fixture->server);
    if (fixture->held != NULL)
        rpc_call_return(fixture->held, NULL); /* to nobody */
    settle();
    test_credentials_free(fixture->credentials, fixture->dir);
    g_string_free(fixture->log, TRUE);
    g_clear_error(&fixture->reason);
    g_free(fixture->lost);
}

static void call(Fixture *fixture, const char *method, const char *params, Outcome *outcome)
{
    JsonNode *node = params != NULL ? json_from_string(params, NULL) : NULL;

    rpc_client_call_async(fixture->client, method, node, TEST_PATIENCE_MS, NULL, call_done,
                          outcome);
    test_run_until(&outcome->done, 1);
}

static void test_calls(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};

    call(fixture, "echo", "{\"a\":[1,\"\\u00e4\",null]}", &outcome);
    g_assert_no_error(outcome.error);
    g_autofree char *text = json_text_format(outcome.result);
    g_assert_cmpstr(text, ==, "{\"a\":[1,\"ä\",null]}");
    outcome_clear(&outcome);

    call(fixture, "true", NULL, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_true(json_node_get_boolean(outcome.result));
    outcome_clear(&outcome);

    call(fixture, "error", NULL, &outcome);
    g_assert_error(outcome.error, RPC_ERROR, RPC_NO_SUCH_VM);
    g_assert_cmpstr(outcome.error->message, ==, "Virtual machine does not exist: {'vmId': 'x\"y'}");
    outcome_clear(&outcome);

    call(fixture, "foreign", NULL, &outcome);
    g_assert_error(outcome.error, RPC_ERROR, RPC_GENERAL);
    g_assert_cmpstr(outcome.error->message, ==, "disk on fire");
    outcome_clear(&outcome);

    call(fixture, "X.y", NULL, &outcome);
    g_assert_error(outcome.error, RPC_ERROR, RPC_METHOD_NOT_FOUND);
    g_assert_cmpstr(outcome.error->message, ==,
                    "The method does not exist or is not available: {'method': 'X.y'}");
    outcome_clear(&outcome);
    g_assert_cmpuint(rpc_server_connections(fixture->server), ==, 1);
}

static void test_large_both_ways(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};
    g_autofree char *filler = g_strnfill(2 * 1024 * 1024, 'y');
    g_autofree char *params = g_strdup_printf("[\"%s\"]", filler);

    call(fixture, "big", NULL, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(strlen(json_node_get_string(outcome.result)), ==, 3 * 1024 * 1024 - 2);
    outcome_clear(&outcome);
    call(fixture, "echo", params, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpstr(json_array_get_string_element(json_node_get_array(outcome.result), 0), ==,
                    filler);
    outcome_clear(&outcome);
}

static void notify(Fixture *fixture, const char *method, const char *params)
{
    rpc_server_notify(fixture->server, RPC_EVENTS, method, json_from_string(params, NULL));
}

/* A large answer between two events is parsed in a worker; the order must be what was sent. */
static void test_order(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};
    g_autofree char *filler = g_strnfill(200 * 1024, 'z');
    g_autofree char *large = g_strdup_printf("{\"f\":\"%s\"}", filler);

    notify(fixture, "|virt|VM_status|1", "{\"n\":1}");
    notify(fixture, "|virt|VM_status|2", large);
    notify(fixture, "|virt|VM_status|3", "{\"n\":3}");
    call(fixture, "true", NULL, &outcome);
    g_assert_cmpstr(fixture->log->str, ==,
                    "|virt|VM_status|1 {\"n\":1};"
                    "|virt|VM_status|2 {\"f\":\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz;"
                    "|virt|VM_status|3 {\"n\":3};");
    outcome_clear(&outcome);
}

static void test_call_timeout(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};

    rpc_client_call_async(fixture->client, "hold", NULL, 50, NULL, call_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_error(outcome.error, RPC_ERROR, RPC_NO_ANSWER);
    g_assert_cmpstr(outcome.error->message, ==,
                    "Message timeout which can be caused by communication issues");
    outcome_clear(&outcome);
    rpc_call_return(g_steal_pointer(&fixture->held), NULL); /* late: must not disturb */
    call(fixture, "true", NULL, &outcome);
    g_assert_no_error(outcome.error);
    outcome_clear(&outcome);
}

static void test_call_cancelled(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    rpc_client_call_async(fixture->client, "hold", NULL, TEST_PATIENCE_MS, cancellable, call_done,
                          &outcome);
    g_cancellable_cancel(cancellable);
    test_run_until(&outcome.done, 1);
    g_assert_error(outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    outcome_clear(&outcome);
    settle();
}

/* The server goes while a call is in flight. */
static void test_server_gone(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};

    rpc_client_call_async(fixture->client, "hold", NULL, TEST_PATIENCE_MS, NULL, call_done,
                          &outcome);
    while (fixture->held == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_clear_pointer(&fixture->server, rpc_server_free);
    test_run_until(&fixture->closed, 1);
    g_assert_cmpuint(outcome.done, ==, 1); /* the call failed first, closed() came last */
    g_assert_error(outcome.error, RPC_ERROR, RPC_NO_ANSWER);
    g_assert_error(fixture->reason, STOMP_ERROR, STOMP_ERROR_CLOSED);
    outcome_clear(&outcome);
    call(fixture, "true", NULL, &outcome);
    g_assert_error(outcome.error, RPC_ERROR, RPC_NO_ANSWER);
    outcome_clear(&outcome);
    settle();
    g_assert_cmpuint(fixture->closed, ==, 1);
}

static void test_close(Fixture *fixture, gconstpointer data)
{
    Outcome outcome = {0};

    rpc_client_call_async(fixture->client, "hold", NULL, TEST_PATIENCE_MS, NULL, call_done,
                          &outcome);
    rpc_client_close(fixture->client);
    test_run_until(&outcome.done, 1);
    g_assert_error(outcome.error, RPC_ERROR, RPC_NO_ANSWER);
    outcome_clear(&outcome);
    settle();
    g_assert_cmpuint(fixture->closed, ==, 0);
    g_assert_cmpuint(rpc_server_connections(fixture->server), ==, 0);
    g_assert_cmpstr(fixture->lost, ==, "The peer closed the connection");
}

/* Both sides beat: nobody is lost although nothing else is said for many intervals. */
static void test_heartbeat_keeps(Fixture *fixture, gconstpointer data)
{
    gint64 end = g_get_monotonic_time() + 1500 * 1000;
    guint timer = g_timeout_add(50, tick, NULL);
    Outcome outcome = {0};

    while (g_get_monotonic_time() < end)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    g_assert_cmpuint(fixture->closed, ==, 0);
    call(fixture, "true", NULL, &outcome);
    g_assert_no_error(outcome.error);
    outcome_clear(&outcome);
}

/* A listener whose connections are accepted by the kernel and never served. */
static GSocket *silent_host(guint16 *port)
{
    g_autoptr(GError) error = NULL;
    GSocket *socket = listen_socket_new("127.0.0.1", 0, &error);

    g_assert_no_error(error);
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, &error);
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    return socket;
}

static GSocket *accept_client(GSocket *socket)
{
    GSocket *accepted = NULL;

    g_socket_set_blocking(socket, FALSE);
    while ((accepted = g_socket_accept(socket, NULL, NULL)) == NULL)
        g_main_context_iteration(NULL, TRUE); /* the client's dialling wakes it */
    return accepted;
}

static void expect_connect_error(TlsCredentials *credentials, guint16 port, guint timeout,
                                 GQuark domain, int code)
{
    g_autoptr(RpcClient) client = rpc_client_new(credentials, 0);
    Outcome outcome = {0};
    Fixture unused = {0};

    rpc_client_set_handlers(client, on_event, on_closed, &unused);
    rpc_client_connect_async(client, "127.0.0.1", port, timeout, NULL, connect_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_false(outcome.ok);
    g_assert_error(outcome.error, domain, code);
    g_assert_cmpuint(unused.closed, ==, 0); /* it never was open */
    outcome_clear(&outcome);
    settle();
}

static void test_silent_host(void)
{
    guint16 port;
    g_autoptr(GSocket) socket = silent_host(&port);
    char *dir;
    TlsCredentials *credentials = test_credentials_new(&dir);

    expect_connect_error(NULL, port, 100, RPC_ERROR, RPC_NO_ANSWER);
    expect_connect_error(credentials, port, 100, RPC_ERROR, RPC_NO_ANSWER);
    (void)g_socket_close(socket, NULL);
    expect_connect_error(NULL, port, TEST_PATIENCE_MS, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
    test_credentials_free(credentials, dir);
}

static void test_connect_cancelled(void)
{
    guint16 port;
    g_autoptr(GSocket) socket = silent_host(&port);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(RpcClient) client = rpc_client_new(NULL, 0);
    Outcome outcome = {0};

    rpc_client_connect_async(client, "127.0.0.1", port, TEST_PATIENCE_MS, cancellable, connect_done,
                             &outcome);
    g_cancellable_cancel(cancellable);
    test_run_until(&outcome.done, 1);
    g_assert_error(outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    outcome_clear(&outcome);
    settle();
}

/* Certificates of another authority are refused by both sides. */
static void test_foreign_certificate(Fixture *fixture, gconstpointer data)
{
    char *dir;
    TlsCredentials *foreign = test_credentials_new(&dir);
    g_autoptr(RpcClient) client = rpc_client_new(foreign, 0);
    Outcome outcome = {0};

    rpc_client_connect_async(client, "127.0.0.1", fixture->port, TEST_PATIENCE_MS, NULL,
                             connect_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_error(outcome.error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
    outcome_clear(&outcome);
    while (fixture->lost == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(g_str_has_prefix(fixture->lost, "TLS handshake: "));
    test_credentials_free(foreign, dir);
    g_assert_cmpuint(rpc_server_connections(fixture->server), ==, 1); /* the fixture's own */
}

/* The client takes a host for dead that stops beating. */
static void test_heartbeat_lost(void)
{
    static const char answer[] = "CONNECTED\nversion:1.2\nheart-beat:100,100\n\n";
    guint16 port;
    g_autoptr(GSocket) socket = silent_host(&port);
    g_autoptr(RpcClient) client = rpc_client_new(NULL, 100);
    g_autoptr(GError) error = NULL;
    Fixture fixture = {0};
    Outcome outcome = {0};

    rpc_client_set_handlers(client, on_event, on_closed, &fixture);
    rpc_client_connect_async(client, "127.0.0.1", port, TEST_PATIENCE_MS, NULL, connect_done,
                             &outcome);
    g_autoptr(GSocket) host = accept_client(socket);
    g_assert_cmpint(g_socket_send(host, answer, sizeof answer, NULL, &error), ==, sizeof answer);
    test_run_until(&outcome.done, 1);
    g_assert_true(outcome.ok);
    gint64 start = g_get_monotonic_time();
    test_run_until(&fixture.closed, 1);
    g_assert_error(fixture.reason, STOMP_ERROR, STOMP_ERROR_TIMEOUT);
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 190 * 1000);
    g_clear_error(&fixture.reason);
}

/* The host talks nonsense. */
static void test_bad_host(void)
{
    static const struct {
        const char *bytes;
        StompError code;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", STOMP_ERROR_FRAME},
        {"ERROR\n\nVersion unsupported", STOMP_ERROR_PROTOCOL},
        {"MESSAGE\n\n{}", STOMP_ERROR_PROTOCOL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint16 port;
        g_autoptr(GSocket) socket = silent_host(&port);
        g_autoptr(RpcClient) client = rpc_client_new(NULL, 0);
        Outcome outcome = {0};
        rpc_client_connect_async(client, "127.0.0.1", port, TEST_PATIENCE_MS, NULL, connect_done,
                                 &outcome);
        g_autoptr(GSocket) host = accept_client(socket);
        gsize length = strlen(rows[i].bytes) + 1;
        g_assert_cmpint(g_socket_send(host, rows[i].bytes, length, NULL, NULL), ==, length);
        test_run_until(&outcome.done, 1);
        g_assert_error(outcome.error, STOMP_ERROR, (int)rows[i].code);
        outcome_clear(&outcome);
    }
}

/* A socket in the file system; nobody there, calls, and a subscription of one's own. */
static void test_unix(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("tapwall-rpc-XXXXXX", &error);
    g_autofree char *path = g_build_filename(dir, "socket", NULL);
    g_autoptr(RpcClient) early = rpc_client_new(NULL, 0), client = rpc_client_new(NULL, 0);
    Outcome outcome = {0};

    rpc_client_connect_unix_async(early, path, TEST_PATIENCE_MS, NULL, connect_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_error(outcome.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    outcome_clear(&outcome);

    g_autoptr(GSocket) socket = listen_unix_new(path, &error);
    g_assert_no_error(error);
    g_assert_true(rpc_server_add_socket(fixture->server, socket, &error));
    rpc_client_set_handlers(client, on_event, on_closed, fixture);
    rpc_client_connect_unix_async(client, path, TEST_PATIENCE_MS, NULL, connect_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_no_error(outcome.error);
    outcome_clear(&outcome);

    rpc_client_subscribe(client, "drops.p1");
    rpc_client_call_async(client, "true", NULL, TEST_PATIENCE_MS, NULL, call_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_no_error(outcome.error);
    outcome_clear(&outcome);
    rpc_server_offer(fixture->server, "drops.p2", "other", NULL, 0, "lost");
    rpc_server_offer(fixture->server, "drops.p1", "drop", NULL, 0, "lost");
    rpc_client_call_async(client, "true", NULL, TEST_PATIENCE_MS, NULL, call_done, &outcome);
    test_run_until(&outcome.done, 1);
    g_assert_cmpstr(fixture->log->str, ==, "drop {};");
    outcome_clear(&outcome);
    rpc_client_close(client);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *name;
        void (*setup)(Fixture *fixture, gconstpointer data);
        void (*test)(Fixture *fixture, gconstpointer data);
    } rows[] = {
        {"/plain/calls", setup_plain, test_calls},
        {"/plain/large", setup_plain, test_large_both_ways},
        {"/plain/order", setup_plain, test_order},
        {"/plain/timeout", setup_plain, test_call_timeout},
        {"/plain/cancelled", setup_plain, test_call_cancelled},
        {"/plain/server-gone", setup_plain, test_server_gone},
        {"/plain/close", setup_plain, test_close},
        {"/plain/heartbeat", setup_heartbeat, test_heartbeat_keeps},
        {"/plain/unix", setup_plain, test_unix},
        {"/tls/calls", setup_tls, test_calls},
        {"/tls/large", setup_tls, test_large_both_ways},
        {"/tls/order", setup_tls, test_order},
        {"/tls/server-gone", setup_tls, test_server_gone},
        {"/tls/close", setup_tls, test_close},
        {"/tls/foreign-certificate", setup_tls, test_foreign_certificate},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, Fixture, NULL, rows[i].setup, rows[i].test, teardown);
    g_test_add_func("/silent-host", test_silent_host);
    g_test_add_func("/connect-cancelled", test_connect_cancelled);
    g_test_add_func("/heartbeat-lost", test_heartbeat_lost);
    g_test_add_func("/bad-host", test_bad_host);
    return g_test_run();
}
