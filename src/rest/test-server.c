/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server over real connections on loopback. The client's side runs in a thread with blocking
 * sockets, so that it can send what no library would.
 */
#include <string.h>

#include "base/listen.h"
#include "base/pki.h"
#include "base/tls.h"
#include "rest/fixture.h"
#include "rest/guard.h"
#include "rest/server.h"

#define AUTHORIZATION "Authorization: Basic YWRtaW5AaW50ZXJuYWw6Y29ycmVjdCBob3JzZQ==\r\n"
#define LIMIT 64

static Fixture fixture;
static guint16 plain_port, tls_port;

/* ---- the client's side ---- */

static GSocketConnection *dial(guint16 port)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) error = NULL;
    GSocketConnection *connection;

    g_socket_client_set_timeout(client, 20);
    g_socket_client_set_enable_proxy(client, FALSE);
    connection = g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, &error);
    g_assert_no_error(error);
    return connection;
}

/* FALSE when the server has hung up. */
static gboolean send_text(GIOStream *stream, const char *text)
{
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream), text, strlen(text),
                                     NULL, NULL, NULL);
}

/* Everything until the server closes, or one head when `head_only`. */
static char *receive(GIOStream *stream, gboolean head_only)
{
    GInputStream *input = g_io_stream_get_input_stream(stream);
    GString *text = g_string_new(NULL);
    char byte;

    while (g_input_stream_read(input, &byte, 1, NULL, NULL) == 1) {
        g_string_append_c(text, byte);
        if (head_only && g_str_has_suffix(text->str, "\r\n\r\n"))
            break;
    }
    return g_string_free(text, FALSE);
}

static char *exchange_on(GIOStream *stream, const char *request)
{
    (void)send_text(stream, request); /* what came back is looked at */
    return receive(stream, FALSE);
}

static char *ask(const char *request)
{
    g_autoptr(GSocketConnection) connection = dial(plain_port);

    return exchange_on(G_IO_STREAM(connection), request);
}

static void expect(const char *text, const char *start, const char *part)
{
    if (!g_str_has_prefix(text, start) || !strstr(text, part))
        g_error("not '%s...%s': %.600s", start, part, text);
}

/* ---- tests: each runs in the client's thread ---- */

typedef void (*ClientTest)(void);

static int ended; /* atomic */

static gpointer client(gpointer data)
{
    ((ClientTest)data)();
    g_atomic_int_set(&ended, 1);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void run_client(gconstpointer data)
{
    GThread *thread;

    g_atomic_int_set(&ended, 0);
    thread = g_thread_new("client", client, (gpointer)data);
    while (!g_atomic_int_get(&ended))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(thread);
}

#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: x\r\n" more "\r\n"
#define CLOSE "Connection: close\r\n"

static void test_basics(void)
{
    g_autofree char *none = ask(GET("/ovirt-engine/api", CLOSE));
    g_autofree char *good = ask(GET("/ovirt-engine/api", CLOSE AUTHORIZATION));
    g_autofree char *elsewhere = ask(GET("/", CLOSE));
    g_autofree char *near_api = ask(GET("/ovirt-engine/apix", CLOSE AUTHORIZATION));
    g_autofree char *health = ask(GET("/ovirt-engine/services/health", CLOSE));
    g_autofree char *wrong = ask(GET("/ovirt-engine/sso/oauth/token", CLOSE));
    g_autofree char *head =
        ask("HEAD /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" CLOSE AUTHORIZATION "\r\n");

    expect(none, "HTTP/1.1 401 ", "WWW-Authenticate: Basic realm=\"RESTAPI\"\r\n");
    expect(good, "HTTP/1.1 200 ", "<product_info>");
    expect(good, "HTTP/1.1 200 ", "\r\nLink: </ovirt-engine/api/clusters>; rel=clusters,");
    expect(elsewhere, "HTTP/1.1 404 ", "Content-Length: 0\r\n");
    expect(near_api, "HTTP/1.1 404 ", "");
    expect(health, "HTTP/1.1 200 ", "DB Up!Welcome to Health Status!");
    expect(wrong, "HTTP/1.1 405 ", "Allow: POST\r\n");
    expect(head, "HTTP/1.1 200 ", "Content-Length: ");
    g_assert_true(g_str_has_suffix(head, "\r\n\r\n"));
}

static char *post(const char *path, const char *more, const char *body)
{
    return g_strdup_printf("POST %s HTTP/1.1\r\nHost: x\r\n" CLOSE
                           "%sContent-Length: %zu\r\n\r\n%s",
                           path, more, strlen(body), body);
}

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* As the SDK does it: the logout comes by a second connection while the first is open. */
static void test_login(void)
{
    g_autofree char *wish = post(
        "/ovirt-engine/sso/oauth/token", FORM,
        "grant_type=password&scope=ovirt-app-api&username=admin%40internal&password=correct+horse");
    g_autofree char *answer = ask(wish);
    g_autoptr(GSocketConnection) first = dial(plain_port);
    const char *quote = strstr(answer, "\"access_token\" : \"");
    g_autofree char *token = NULL;
    g_autofree char *get = NULL;
    g_autofree char *head = NULL;
    g_autofree char *form = NULL;
    g_autofree char *logout = NULL;
    g_autofree char *out = NULL;
    g_autofree char *after = NULL;

    expect(answer, "HTTP/1.1 200 ", "\"token_type\" : \"bearer\"");
    expect(answer, "HTTP/1.1 200 ", "Content-Type: application/json\r\n");
    token = g_strndup(quote + strlen("\"access_token\" : \""), 43);
    get = g_strdup_printf("HEAD /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n"
                          "Authorization: Bearer %s\r\n\r\n",
                          token);
    g_assert_true(send_text(G_IO_STREAM(first), get));
    head = receive(G_IO_STREAM(first), TRUE);
    expect(head, "HTTP/1.1 200 ", "");
    form = g_strdup_printf("scope=ovirt-app-api&token=%s", token);
    logout = post("/ovirt-engine/services/sso-logout", FORM, form);
    out = ask(logout);
    expect(out, "HTTP/1.1 200 ", "{}");
    g_assert_true(send_text(G_IO_STREAM(first), get));
    after = receive(G_IO_STREAM(first), TRUE);
    expect(after, "HTTP/1.1 401 ", "");
}

static void test_login_refused(void)
{
    static const struct {
        const char *body, *part;
    } rows[] = {
        {"grant_type=password&scope=ovirt-app-api&username=admin%40internal&password=no",
         "\"error_code\" : \"access_denied\""},
        {"grant_type=password&scope=ovirt-app-api&username=admin&password=correct+horse",
         "Cannot authenticate user 'admin@N/A'"},
        {"grant_type=password&scope=ovirt-app-api", "access_denied"},
        {"grant_type=magic&scope=ovirt-app-api", "\"error_code\" : \"unsupported_grant_type\""},
        {"grant_type=password&scope=other&username=admin%40internal", "\"error_description\""},
        {"%%%", "unsupported_grant_type"},
        {"", "unsupported_grant_type"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *wish = post("/ovirt-engine/sso/oauth/token", FORM, rows[i].body);
        g_autofree char *answer = ask(wish);

        expect(answer, "HTTP/1.1 400 ", rows[i].part);
        expect(answer, "HTTP/1.1 400 ", "application/json");
    }
}

static void test_session(void)
{
    g_autofree char *first = ask(GET("/ovirt-engine/api/vms", CLOSE AUTHORIZATION
                                     "Prefer: persistent-auth\r\nFilter: true\r\n"));
    const char *cookie = strstr(first, "Set-Cookie: JSESSIONID=");
    g_autofree char *pair = NULL;
    g_autofree char *request = NULL;
    g_autofree char *second = NULL;
    g_autofree char *plain = ask(GET("/ovirt-engine/api/vms", CLOSE AUTHORIZATION));

    g_assert_nonnull(cookie);
    g_assert_null(strstr(plain, "Set-Cookie"));
    pair = g_strndup(cookie + strlen("Set-Cookie: "), strlen("JSESSIONID=") + 43);
    request = g_strdup_printf(
        "GET /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" CLOSE "Cookie: %s\r\n\r\n", pair);
    second = ask(request);
    expect(second, "HTTP/1.1 200 ", "<vms");
}

/* Two requests in one write are answered in their order. */
static void test_pipeline(void)
{
    g_autofree char *answer = ask(GET("/ovirt-engine/services/health", "")
                                      GET("/ovirt-engine/api/clusters", CLOSE AUTHORIZATION));
    const char *second = strstr(answer + 1, "HTTP/1.1 200 ");

    expect(answer, "HTTP/1.1 200 ", "Welcome");
    g_assert_nonnull(second);
    g_assert_nonnull(strstr(second, "<clusters"));
}

/* libgovirt announces a body with its GET that its libsoup then does not send; nobody reads it.
 * Half of it, or all of it, is as good. */
static void test_unread_body(void)
{
    static const char *const bodies[] = {"", "<action/", "<action/>"};

    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *request =
            g_strconcat("GET /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                        "Content-Type: application/xml\r\n" AUTHORIZATION,
                        i == 2 ? CLOSE : "", "\r\n", bodies[i], NULL);
        g_autofree char *answer = ask(request);

        expect(answer, "HTTP/1.1 200 ", "<vms");
        if (i < 2) /* else this side has said so */
            expect(answer, "HTTP/1.1 200 ", "Connection: close");
    }
}

static void test_malformed(void)
{
    static const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /ovirt-engine/api HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x01garbage of a handshake\r\n\r\n",
        "GET /ovirt-engine/api HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/xml\r\n" CLOSE "\r\nzz\r\n",
        "GET http:///%%% HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(GSocketConnection) connection = dial(plain_port);
        g_autofree char *answer = NULL;

        (void)send_text(G_IO_STREAM(connection), requests[i]);
        g_assert_true(
            g_socket_shutdown(g_socket_connection_get_socket(connection), FALSE, TRUE, NULL));
        answer = receive(G_IO_STREAM(connection), FALSE);
        g_assert_null(strstr(answer, " 200 "));
        g_assert_null(strstr(answer, " 500 "));
    }
    test_basics(); /* and nobody else noticed */
}

static void test_too_large(void)
{
    g_autofree char *body = g_strnfill(SERVER_BODY_LIMIT + 1, ' ');
    g_autofree char *whole =
        post("/ovirt-engine/api/vms", AUTHORIZATION "Content-Type: application/xml\r\n", body);
    g_autofree char *chunked = g_strdup_printf(
        "POST /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" CLOSE AUTHORIZATION
        "Content-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
        SERVER_BODY_LIMIT + 1, body);
    g_autofree char *first = ask(whole);
    g_autofree char *second = ask(chunked);
    g_autofree char *expecting =
        ask("POST /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" CLOSE AUTHORIZATION
            "Expect: 100-continue\r\n"
            "Content-Length: 6\r\nContent-Type: application/xml\r\n\r\n"
            "<vm/> ");

    expect(first, "HTTP/1.1 413 ", "Request too large");
    expect(second, "HTTP/1.1 413 ", "Request too large");
    expect(expecting, "HTTP/1.1 100 ", "required for add");
}

/* A head that does not end is cut off by libsoup's own limit. */
static void test_endless_head(void)
{
    g_autoptr(GSocketConnection) connection = dial(plain_port);
    g_autofree char *line = g_strdup_printf("X: %01000d\r\n", 0);
    guint sent = 0;

    (void)send_text(G_IO_STREAM(connection), "GET /ovirt-engine/api HTTP/1.1\r\n");
    while (sent < 50000 && send_text(G_IO_STREAM(connection), line))
        sent++;
    g_assert_cmpuint(sent, <, 50000);
}

/* Until the server has noticed who hung up: each try is a turn of its loop. */
static void wait_for_room(void)
{
    for (guint i = 0; i < 10000; i++) {
        g_autofree char *answer = ask(GET("/ovirt-engine/services/health", CLOSE));

        if (*answer)
            return;
    }
    g_error("connections that were hung up are still counted");
}

/* Hanging up at any moment leaves the server whole. */
static void test_hang_up(void)
{
    static const char *const requests[] = {
        "GET /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" AUTHORIZATION "\r\n",
        "GET /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eDp5\r\n\r\n",
        "POST /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" AUTHORIZATION
        "Content-Length: 100\r\n\r\n<vm>",
        "GET /ovirt-eng",
        "",
    };

    for (guint round = 0; round < 20; round++)
        for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
            g_autoptr(GSocketConnection) connection = dial(plain_port);

            (void)send_text(G_IO_STREAM(connection), requests[i]);
        }
    wait_for_room();
    test_basics();
}

/* Idle connections that the client leaves are let go, after one request and after none. */
static void test_left_idle(void)
{
    for (guint i = 0; i < 5 * LIMIT; i++) {
        g_autoptr(GSocketConnection) connection = dial(plain_port);
        g_autofree char *answer = NULL;

        (void)send_text(G_IO_STREAM(connection), "HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
        answer = receive(G_IO_STREAM(connection), TRUE);
        g_clear_object(&connection);
        wait_for_room();
    }
    test_basics();
}

/* One peer may have half of the connections, taken in the order they come. */
static void test_crowd(void)
{
    GSocketConnection *crowd[LIMIT];

    for (guint i = 0; i < LIMIT; i++)
        crowd[i] = dial(plain_port);
    for (guint i = LIMIT; i > 0; i--) {
        GIOStream *stream = G_IO_STREAM(crowd[i - 1]);
        g_autofree char *answer =
            i > LIMIT / 2 ? receive(stream, FALSE)
                          : exchange_on(stream, GET("/ovirt-engine/services/health", CLOSE));

        g_assert_true(i <= LIMIT / 2 || !*answer);
        g_assert_true(i > 1 || strstr(answer, "Welcome"));
        g_object_unref(crowd[i - 1]);
    }
    wait_for_room();
    test_basics();
}

static gboolean accept_any(GTlsConnection *tls, GTlsCertificate *certificate,
                           GTlsCertificateFlags flags, gpointer data)
{
    return TRUE; /* the certificate itself is pki's and tls's tests' */
}

static void test_tls(void)
{
    g_autoptr(GPtrArray) silent = g_ptr_array_new_with_free_func(g_object_unref);
    g_autoptr(GSocketConnection) connection = dial(tls_port);
    g_autoptr(GError) error = NULL;
    g_autoptr(GIOStream) tls = g_tls_client_connection_new(G_IO_STREAM(connection), NULL, &error);
    g_autofree char *answer = NULL;
    g_autoptr(GSocketConnection) other = NULL;
    g_autofree char *garbage = NULL;

    /* Some never say a word, some break off in their handshake: more than GLib has threads. */
    for (guint i = 0; i < LIMIT / 2 - 4; i++) {
        g_ptr_array_add(silent, dial(tls_port));
        (void)send_text(silent->pdata[i], i % 2 ? "\x16\x03\x01\x01" : "");
    }
    connection = dial(tls_port);
    other = dial(tls_port);
    tls = g_tls_client_connection_new(G_IO_STREAM(connection), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_any), NULL);
    answer = exchange_on(
        tls, GET("/ovirt-engine/api/vms", CLOSE AUTHORIZATION "Prefer: persistent-auth\r\n"));
    expect(answer, "HTTP/1.1 200 ", "; Secure");
    garbage = exchange_on(G_IO_STREAM(other), GET("/ovirt-engine/api", CLOSE));
    g_assert_null(strstr(garbage, "HTTP/1.1 200"));
}

static void test_pki(void)
{
    g_autofree char *ca = ask(GET("/ovirt-engine/services/pki-resource"
                                  "?resource=ca-certificate&format=X509-PEM-CA",
                                  CLOSE));
    g_autofree char *other = ask(GET("/ovirt-engine/services/pki-resource?resource=x", CLOSE));
    g_autofree char *der = ask(GET("/ovirt-engine/services/pki-resource"
                                   "?resource=ca-certificate&format=DER",
                                   CLOSE));

    expect(ca, "HTTP/1.1 200 ", "-----BEGIN CERTIFICATE-----");
    expect(other, "HTTP/1.1 404 ", "");
    expect(der, "HTTP/1.1 400 ", "X509-PEM-CA");
}

/* Guessing is slowed down, and told so. Last: the budget of this peer is gone after it. */
static void test_limited(void)
{
    gboolean limited = FALSE;

    for (guint i = 0; i < 20 && !limited; i++) {
        g_autofree char *both = g_strdup_printf("admin@internal:guess%u", i);
        g_autofree char *encoded = g_base64_encode((const guchar *)both, strlen(both));
        g_autofree char *request = g_strdup_printf(
            "GET /ovirt-engine/api HTTP/1.1\r\nHost: x\r\n" CLOSE "Authorization: Basic %s\r\n\r\n",
            encoded);
        g_autofree char *answer = ask(request);

        limited = g_str_has_prefix(answer, "HTTP/1.1 429 ");
        if (limited)
            expect(answer, "HTTP/1.1 429 ", "Retry-After: ");
        else
            expect(answer, "HTTP/1.1 401 ", "");
    }
    g_assert_true(limited);
    test_basics(); /* who is known is let in */
}

/* ---- the server's side ---- */

static guint16 port_of(GSocket *socket)
{
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, NULL);

    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
}

static Server *serve(GTlsCertificate *certificate, const char *ca, guint16 *port)
{
    ServerSettings settings = {.certificate = certificate, .ca = ca, .max_connections = LIMIT};
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", 0, &error);
    Server *server;

    g_assert_no_error(error);
    *port = port_of(socket);
    server = server_new(fixture.engine, &settings, &error);
    g_assert_no_error(error);
    g_assert_true(server_listen(server, socket, &error));
    return server;
}

static TlsCredentials *make_credentials(char **ca)
{
    g_autofree char *pki = g_build_filename(fixture.folder, "pki", NULL);
    g_autofree char *certificate = g_build_filename(pki, "e.pem", NULL);
    g_autofree char *key = g_build_filename(pki, "private", "e.pem", NULL);
    const char *const names[] = {"localhost", NULL};
    g_autoptr(GError) error = NULL;
    TlsCredentials *credentials;

    *ca = g_build_filename(pki, "ca.pem", NULL);
    pki_ensure_ca(pki, &error);
    g_assert_no_error(error);
    pki_issue(pki, "localhost", names, certificate, key, &error);
    g_assert_no_error(error);
    credentials = tls_credentials_load(certificate, key, *ca, &error);
    g_assert_no_error(error);
    return credentials;
}

static const struct {
    const char *path;
    ClientTest run;
} tests[] = {
    {"/server/basics", test_basics},
    {"/server/login", test_login},
    {"/server/session", test_session},
    {"/server/pipeline", test_pipeline},
    {"/server/unread-body", test_unread_body},
    {"/server/malformed", test_malformed},
    {"/server/too-large", test_too_large},
    {"/server/endless-head", test_endless_head},
    {"/server/hang-up", test_hang_up},
    {"/server/left-idle", test_left_idle},
    {"/server/crowd", test_crowd},
    {"/server/tls", test_tls},
    {"/server/pki", test_pki},
    {"/server/login-refused", test_login_refused},
    {"/server/limited", test_limited},
};

int main(int argc, char **argv)
{
    g_autofree char *ca = NULL;
    TlsCredentials *credentials;
    Server *plain, *tls;
    int status;

    g_test_init(&argc, &argv, NULL);
    fixture_init(&fixture);
    credentials = make_credentials(&ca);
    plain = serve(NULL, ca, &plain_port);
    tls = serve(tls_credentials_certificate(credentials), ca, &tls_port);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_data_func(tests[i].path, (gconstpointer)tests[i].run, run_client);
    status = g_test_run();
    server_free(plain);
    server_free(tls);
    tls_credentials_unref(credentials);
    fixture_clear(&fixture);
    return status;
}
