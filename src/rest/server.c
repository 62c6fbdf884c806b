/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "jsonrpc/handshake.h"
#include "rest/exchange.h"
#include "rest/fault.h"

#define UNREAD_BODY_MS 300

#define BODY_KEY "tapwall-body" /* object data of a message: its Body */

/* How much of a request's body has come. */
typedef struct {
    Server *server;
    gsize size;
    gboolean too_large, no_room;
    SoupServerMessage *message; /* outlives it */
    guint timer;                /* until which a body that nobody reads may come, or 0 */
} Body;

/* ---- the API ---- */

static gpointer request_work(Engine *engine, gpointer data, GError **error)
{
    return request_run(data, engine, error);
}

static void reply_drop(gpointer reply)
{
    reply_free(reply);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    Exchange *exchange = data;
    g_autoptr(GError) error = NULL;
    Reply *reply = engine_submit_finish(exchange->server->engine, result, &error);

    exchange_reply(exchange, reply ? reply : request_fault(exchange->request, error));
}

static RequestHead head_of(const Exchange *exchange)
{
    GUri *uri = soup_server_message_get_uri(exchange->message);

    return (RequestHead){
        .method = soup_server_message_get_method(exchange->message),
        .path = g_uri_get_path(uri),
        .query = g_uri_get_query(uri),
        .accept = exchange_request_header(exchange, "Accept"),
        .content_type = exchange_request_header(exchange, "Content-Type"),
        .version = exchange_request_header(exchange, "Version"),
        .correlation_id = exchange_request_header(exchange, "Correlation-Id"),
    };
}

/* A client that wants it gets a session, and need not log in again (oVirt's persistent-auth). */
static void give_session(Exchange *exchange)
{
    const char *prefer = exchange_request_header(exchange, "Prefer");
    g_autofree char *token = NULL;
    g_autofree char *cookie = NULL;
    gint64 expires;

    if (!prefer || !strstr(prefer, "persistent-auth") ||
        exchange_request_header(exchange, "Cookie"))
        return;
    token = auth_login(exchange->server->auth, exchange->user, &expires);
    cookie = g_strdup_printf("JSESSIONID=%s; Path=" API_BASE "; HttpOnly; SameSite=Strict%s", token,
                             exchange->server->certificate ? "; Secure" : "");
    exchange_header(exchange, "Set-Cookie", cookie);
}

/* The user is known: what is asked? */
static void serve(Exchange *exchange)
{
    RequestHead head = head_of(exchange);
    g_autoptr(GBytes) body = exchange_body(exchange);

    exchange->request = request_new(&head);
    if (request_error(exchange->request)) {
        exchange_reply(exchange,
                       request_fault(exchange->request, request_error(exchange->request)));
        return;
    }
    give_session(exchange);
    request_set_body(exchange->request, body);
    request_set_user(exchange->request, exchange->user);
    engine_submit(exchange->server->engine, request_work, exchange->request, NULL, reply_drop,
                  on_answer, exchange);
}

static void refuse(Exchange *exchange, RestError code, const char *text)
{
    RequestHead head = head_of(exchange);
    g_autoptr(GError) error = g_error_new_literal(REST_ERROR, code, text);

    exchange->request = request_new(&head);
    exchange_reply(exchange, request_fault(exchange->request, error));
}

static void unauthorized(Exchange *exchange)
{
    exchange_header(exchange, "WWW-Authenticate", "Basic realm=\"RESTAPI\"");
    exchange_reply_text(exchange, 401, "text/html;charset=UTF-8",
                        "<html><head><title>Error</title></head><body>Unauthorized</body></html>");
}

static void on_verified(const AuthResult *result, gpointer data)
{
    Exchange *exchange = data;
    g_autofree char *retry = g_strdup_printf("%u", result->retry_after);

    switch (result->verdict) {
    case AUTH_OK:
        exchange->user = g_strdup(result->user);
        serve(exchange);
        break;
    case AUTH_WRONG:
        unauthorized(exchange);
        break;
    case AUTH_LIMITED:
        exchange_header(exchange, "Retry-After", retry);
        refuse(exchange, REST_ERROR_LIMITED, "too many wrong passwords: try again later");
        break;
    case AUTH_BUSY:
        refuse(exchange, REST_ERROR_BUSY, "too many logins at the same time");
        break;
    case AUTH_FAILED:
        exchange_reply(exchange, reply_new(500, NULL, NULL));
        break;
    }
}

static void authenticate(Exchange *exchange)
{
    Auth *auth = exchange->server->auth;
    const char *authorization = exchange_request_header(exchange, "Authorization");
    const char *known =
        auth_known(auth, authorization, exchange_request_header(exchange, "Cookie"));
    g_autofree char *user = NULL;
    g_autofree char *password = NULL;
    g_autofree char *peer = exchange_peer(exchange);

    if (known) {
        exchange->user = g_strdup(known);
        serve(exchange);
    } else if (auth_parse_basic(authorization, &user, &password)) {
        auth_verify(auth, user, password, peer, on_verified, exchange);
    } else {
        unauthorized(exchange);
    }
}

/* ---- libsoup's handlers ---- */

static gboolean is_api(const char *path)
{
    size_t length = strlen(API_BASE);

    return !strncmp(path, API_BASE, length) && (!path[length] || strchr("/;", path[length]));
}

static void on_request(SoupServer *soup, SoupServerMessage *message, const char *decoded,
                       GHashTable *query, gpointer data)
{
    Server *server = data;
    const Body *body = g_object_get_data(G_OBJECT(message), BODY_KEY);
    const char *path = g_uri_get_path(soup_server_message_get_uri(message));

    if (body && body->too_large)
        refuse(exchange_begin(server, message), REST_ERROR_TOO_LARGE,
               "a body of at most 1 MiB is expected");
    else if (body && body->no_room)
        refuse(exchange_begin(server, message), REST_ERROR_BUSY,
               "too many bodies at the same time");
    else if (is_api(path))
        authenticate(exchange_begin(server, message));
    else if (!service_handle(server, message, path))
        exchange_reply(exchange_begin(server, message), reply_new(404, NULL, NULL));
}

static void body_free(gpointer data)
{
    Body *body = data;

    g_clear_handle_id(&body->timer, g_source_remove);
    body->server->body_bytes -= body->size;
    g_free(body);
}

/* Past its limit a body is read on without being kept, so that the client hears the answer; one
 * that does not end is cut off. */
static void body_grow(Body *body, SoupServerMessage *message, gsize size)
{
    Server *server = body->server;

    body->size += size;
    server->body_bytes += size;
    body->too_large |= body->size > SERVER_BODY_LIMIT;
    body->no_room |= server->body_bytes > SERVER_BODIES_LIMIT;
    if (body->too_large || body->no_room)
        soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
    if (body->size > 8 * SERVER_BODY_LIMIT)
        guard_shut(server->guard, message_socket(message));
}

static void on_chunk(SoupServerMessage *message, GBytes *chunk, gpointer data)
{
    body_grow(data, message, g_bytes_get_size(chunk));
}

static gboolean on_unread_body(gpointer data)
{
    Body *body = data;
    goffset length = soup_message_headers_get_content_length(
        soup_server_message_get_request_headers(body->message));

    body->timer = 0;
    soup_message_headers_replace(soup_server_message_get_response_headers(body->message),
                                 "Connection", "close");
    stream_end_body(message_stream(body->message), (gsize)length - body->size);
    return G_SOURCE_REMOVE;
}

/* libgovirt's GET has a body, which its libsoup announces again, but forgets to send, when it
 * repeats the request with a password. oVirt answers without reading it. */
static void wait_for_unread(Body *body)
{
    const char *method = soup_server_message_get_method(body->message);

    if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
        body->timer = g_timeout_add(UNREAD_BODY_MS, on_unread_body, body);
}

static void on_whole_body(SoupServerMessage *message, gpointer data)
{
    Body *body = data;

    g_clear_handle_id(&body->timer, g_source_remove);
}

/* The head is there; nothing of the body has been kept yet. */
static void on_head(SoupServer *soup, SoupServerMessage *message, const char *path,
                    GHashTable *query, gpointer data)
{
    Server *server = data;
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    Body *body = g_new0(Body, 1);

    body->server = server;
    body->message = message;
    g_object_set_data_full(G_OBJECT(message), BODY_KEY, body, body_free);
    g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), body);
    g_signal_connect(message, "got-body", G_CALLBACK(on_whole_body), body);
    guard_deadline(server->guard, message_socket(message), GUARD_BODY_SECONDS, FALSE);
    if (soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CONTENT_LENGTH)
        return;
    if (soup_message_headers_get_content_length(headers) > SERVER_BODY_LIMIT) {
        body->too_large = TRUE;
        soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
    } else if (soup_message_headers_get_content_length(headers) > 0) {
        wait_for_unread(body);
    }
}

/* The first bytes of a request have come; or, for the first one, the connection. */
static void on_started(SoupServer *soup, SoupServerMessage *message, gpointer data)
{
    stream_set_between(message_stream(message), FALSE);
}

static void on_answered(SoupServer *soup, SoupServerMessage *message, gpointer data)
{
    Server *server = data;

    stream_set_between(message_stream(message), TRUE);
    guard_deadline(server->guard, message_socket(message), GUARD_IDLE_SECONDS, TRUE);
}

/* ---- connections ---- */

/* The database is never asked, for clients show no certificates. But without one of our own each
 * connection would load the system's, 140 certificates: 20 ms of the main loop. */
static GIOStream *wrap(Server *server, GSocketConnection *connection)
{
    static const char *const protocols[] = {"http/1.1", NULL};

    if (!server->certificate)
        return g_object_ref(G_IO_STREAM(connection));
    return g_initable_new(g_tls_backend_get_server_connection_type(g_tls_backend_get_default()),
                          NULL, NULL, "base-io-stream", connection, "certificate",
                          server->certificate, "database", server->database, "require-close-notify",
                          FALSE, "advertised-protocols", protocols, NULL);
}

/* A connection on its way to libsoup. */
typedef struct {
    Server *server;
    GSocketConnection *connection;
    GIOStream *base; /* what HTTP is spoken on */
} Arrival;

static void arrival_end(Arrival *arrival)
{
    arrival->server->arrivals--;
    g_clear_object(&arrival->base);
    g_object_unref(arrival->connection);
    g_free(arrival);
}

static void hand_over(Arrival *arrival)
{
    Server *server = arrival->server;
    GSocket *socket = g_socket_connection_get_socket(arrival->connection);
    g_autoptr(GSocketAddress) local =
        g_socket_connection_get_local_address(arrival->connection, NULL);
    g_autoptr(GSocketAddress) remote =
        g_socket_connection_get_remote_address(arrival->connection, NULL);
    g_autoptr(Stream) stream = stream_new(arrival->base, socket);

    if (local && remote) {
        guard_deadline(server->guard, socket, GUARD_FIRST_SECONDS, TRUE);
        address_set_connection(remote, socket, stream);
        (void)soup_server_accept_iostream(server->soup, G_IO_STREAM(stream), local, remote, NULL);
    }
    arrival_end(arrival);
}

static void on_handshake(GObject *source, GAsyncResult *result, gpointer data)
{
    if (handshake_finish(result, NULL))
        hand_over(data);
    else
        arrival_end(data);
}

/* The client has said something, or gone, or the server ends. */
static gboolean on_first_byte(GSocket *socket, GIOCondition condition, gpointer data)
{
    Arrival *arrival = data;
    Server *server = arrival->server;

    if (g_cancellable_is_cancelled(server->ending))
        arrival_end(arrival);
    else
        handshake_async(G_TLS_CONNECTION(arrival->base), server->ending, on_handshake, arrival);
    return G_SOURCE_REMOVE;
}

/* A handshake holds a thread: not for one who says nothing. */
static void await_first_byte(Arrival *arrival, GSocket *socket)
{
    GSource *source = g_socket_create_source(socket, G_IO_IN, arrival->server->ending);

    g_source_set_callback(source, G_SOURCE_FUNC(on_first_byte), arrival, NULL);
    g_source_attach(source, NULL);
    g_source_unref(source);
}

/* Our own accept, because libsoup's has no limits, hands on no idle connection, and stops for good
 * at the first error; and its handshakes would hold the few threads all of GLib shares. */
static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer data)
{
    Server *server = data;
    GSocket *socket = g_socket_connection_get_socket(connection);
    Arrival *arrival;

    if (!guard_admit(server->guard, socket))
        return TRUE;
    /* A reply's head and body are two writes: without this the second waits for an ACK. */
    (void)g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    arrival = g_new0(Arrival, 1);
    arrival->server = server;
    arrival->connection = g_object_ref(connection);
    arrival->base = wrap(server, connection);
    server->arrivals++;
    if (!arrival->base)
        arrival_end(arrival);
    else if (server->certificate)
        await_first_byte(arrival, socket);
    else
        hand_over(arrival);
    return TRUE;
}

gboolean server_listen(Server *server, GSocket *socket, GError **error)
{
    return g_socket_listener_add_socket(G_SOCKET_LISTENER(server->service), socket, NULL, error);
}

/* libsoup keeps no connection open while it listens on nothing. So it listens on one end of a pair
 * whose other end says nothing. */
static gboolean listen_on_nothing(Server *server, GError **error)
{
    int ends[2];
    g_autoptr(GSocket) near_end = NULL;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends)) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "socketpair: %s",
                    g_strerror(errno));
        return FALSE;
    }
    near_end = g_socket_new_from_fd(ends[0], NULL);
    server->far_end = g_socket_new_from_fd(ends[1], NULL);
    return soup_server_listen_socket(server->soup, near_end, 0, error);
}

static gboolean read_ca(Server *server, const char *path, GError **error)
{
    char *text;
    gsize size;

    if (!path)
        return TRUE;
    if (!g_file_get_contents(path, &text, &size, error))
        return FALSE;
    server->ca = g_bytes_new_take(text, size);
    server->database = g_tls_file_database_new(path, error);
    return server->database != NULL;
}

static void start_soup(Server *server)
{
    server->soup = soup_server_new("server-header", "tapwall-engine", NULL);
    soup_server_add_early_handler(server->soup, NULL, on_head, server, NULL);
    soup_server_add_handler(server->soup, NULL, on_request, server, NULL);
    g_signal_connect(server->soup, "request-started", G_CALLBACK(on_started), server);
    g_signal_connect(server->soup, "request-finished", G_CALLBACK(on_answered), server);
    server->service = g_socket_service_new();
    g_signal_connect(server->service, "incoming", G_CALLBACK(on_incoming), server);
}

Server *server_new(Engine *engine, const ServerSettings *settings, GError **error)
{
    Server *server = g_new0(Server, 1);

    if (!read_ca(server, settings->ca, error)) {
        g_clear_pointer(&server->ca, g_bytes_unref);
        g_free(server);
        return NULL;
    }
    server->engine = engine;
    server->auth = auth_new(engine, NULL);
    server->guard = guard_new(settings->max_connections);
    server->ending = g_cancellable_new();
    if (settings->certificate)
        server->certificate = g_object_ref(settings->certificate);
    start_soup(server);
    if (listen_on_nothing(server, error))
        return server;
    server_free(server);
    return NULL;
}

void server_free(Server *server)
{
    g_socket_service_stop(server->service);
    g_socket_listener_close(G_SOCKET_LISTENER(server->service));
    g_cancellable_cancel(server->ending);
    soup_server_disconnect(server->soup);
    while (server->exchanges || server->arrivals)
        g_main_context_iteration(NULL, TRUE);
    g_object_unref(server->service);
    g_object_unref(server->soup);
    g_clear_object(&server->far_end);
    g_object_unref(server->ending);
    guard_free(server->guard);
    auth_free(server->auth);
    g_clear_object(&server->certificate);
    g_clear_object(&server->database);
    g_clear_pointer(&server->ca, g_bytes_unref);
    g_free(server);
}
