/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/test-peer.h"

#include <string.h>

#include "base/listen.h"
#include "jsonrpc/handshake.h"

static gboolean set_flag(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_CONTINUE;
}

static gboolean set_flag_of_stream(GObject *stream, gpointer data)
{
    return set_flag(data);
}

static void run_until_flag(const gboolean *flag)
{
    gint64 end = g_get_monotonic_time() + TEST_PATIENCE_MS * 1000;

    while (!*flag) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, TRUE);
    }
}

void test_run_until(const guint *counter, guint value)
{
    gint64 end = g_get_monotonic_time() + TEST_PATIENCE_MS * 1000;

    while (*counter < value) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, TRUE);
    }
}

void test_run_for(guint ms)
{
    gboolean over = FALSE;
    guint timer = g_timeout_add(ms, set_flag, &over);

    run_until_flag(&over);
    g_source_remove(timer);
}

static void run_source(GSource *source)
{
    gboolean ready = FALSE;

    g_source_set_callback(source, G_SOURCE_FUNC(set_flag_of_stream), &ready, NULL);
    g_source_attach(source, NULL);
    run_until_flag(&ready);
    g_source_destroy(source);
    g_source_unref(source);
}

TestPeer *test_peer_open(guint16 port)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) error = NULL;
    TestPeer *peer = g_new0(TestPeer, 1);

    peer->socket = g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, &error);
    g_assert_no_error(error);
    peer->stream = g_object_ref(G_IO_STREAM(peer->socket));
    peer->parser = stomp_parser_new(&stomp_request_limits);
    return peer;
}

void test_peer_free(TestPeer *peer)
{
    (void)g_socket_close(g_socket_connection_get_socket(peer->socket), NULL);
    g_object_unref(peer->stream);
    g_object_unref(peer->socket);
    stomp_parser_free(peer->parser);
    g_free(peer);
}

typedef struct {
    gboolean done;
    gboolean ok;
} Handshake;

static void hands_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
    Handshake *handshake = data;

    handshake->ok = handshake_finish(result, NULL);
    handshake->done = TRUE;
}

static gboolean accept_any(GTlsConnection *connection, GTlsCertificate *certificate,
                           GTlsCertificateFlags errors, gpointer data)
{
    return TRUE;
}

TestPeer *test_peer_open_tls(guint16 port, GTlsCertificate *certificate)
{
    g_autoptr(TestPeer) peer = test_peer_open(port);
    GIOStream *tls = g_tls_client_connection_new(peer->stream, NULL, NULL);
    Handshake handshake = {0};

    g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_any), NULL);
    g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(tls), FALSE);
    if (certificate != NULL)
        g_tls_connection_set_certificate(G_TLS_CONNECTION(tls), certificate);
    handshake_async(G_TLS_CONNECTION(tls), NULL, hands_shaken, &handshake);
    run_until_flag(&handshake.done);
    g_object_unref(peer->stream);
    peer->stream = tls;
    return handshake.ok ? g_steal_pointer(&peer) : NULL;
}

void test_peer_send(TestPeer *peer, const char *bytes, gsize length)
{
    GPollableOutputStream *output =
        G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(peer->stream));

    while (length > 0) {
        g_autoptr(GError) error = NULL;
        gssize sent =
            g_pollable_output_stream_write_nonblocking(output, bytes, length, NULL, &error);
        if (sent < 0 && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            return; /* closed on us: what is read next tells */
        if (sent < 0) {
            run_source(g_pollable_output_stream_create_source(output, NULL));
            continue;
        }
        bytes += sent;
        length -= (gsize)sent;
    }
}

char *test_frame_format(const StompFrame *frame)
{
    GString *out = g_string_new(frame->command);
    gsize length;
    const char *body = g_bytes_get_data(frame->body, &length);

    for (guint i = 0; i < frame->headers->len; i += 2)
        g_string_append_printf(out, " %s=%s", (char *)frame->headers->pdata[i],
                               (char *)frame->headers->pdata[i + 1]);
    g_string_append(out, " [");
    g_string_append_len(out, body, (gssize)length);
    g_string_append_c(out, ']');
    for (gsize i = 0; i < out->len; i++)
        if (out->str[i] == '\0')
            out->str[i] = '0';
    return g_string_free(out, FALSE);
}

static void read_more(TestPeer *peer)
{
    GPollableInputStream *input =
        G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(peer->stream));
    g_autoptr(GError) error = NULL;
    gssize got = g_pollable_input_stream_read_nonblocking(
        input, stomp_parser_reserve(peer->parser, 65536), 65536, NULL, &error);

    if (got > 0)
        stomp_parser_commit(peer->parser, (gsize)got);
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        run_source(g_pollable_input_stream_create_source(input, NULL));
    else
        peer->ended = TRUE;
}

char *test_peer_next(TestPeer *peer)
{
    while (TRUE) {
        g_autoptr(GError) error = NULL;
        g_autoptr(StompFrame) frame = stomp_parser_next(peer->parser, &error);
        g_assert_no_error(error);
        if (frame != NULL)
            return test_frame_format(frame);
        if (peer->ended)
            return NULL;
        read_more(peer);
    }
}

void test_peer_expect(TestPeer *peer, const char *frame)
{
    g_autofree char *got = test_peer_next(peer);

    g_assert_cmpstr(got, ==, frame);
}

void test_peer_expect_end(TestPeer *peer)
{
    test_peer_expect(peer, NULL);
}

void test_peer_expect_body(TestPeer *peer, const char *body)
{
    g_autofree char *got = test_peer_next(peer);
    g_autofree char *end = g_strdup_printf(" [%s]", body);

    g_assert_nonnull(got);
    g_assert_true(g_str_has_prefix(got, "MESSAGE "));
    g_assert_cmpstr(strstr(got, " ["), ==, end);
}

RpcServer *test_server_new(const TestServerOptions *options, guint16 *port)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", 0, &error);
    RpcServer *server = rpc_server_new(options->credentials, options->handler, options->data);

    g_assert_no_error(error);
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, &error);
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    if (options->limits != NULL)
        rpc_server_set_limits(server, options->limits);
    rpc_server_set_lost_handler(server, options->lost, options->data);
    g_assert_true(rpc_server_add_socket(server, socket, &error));
    return server;
}
