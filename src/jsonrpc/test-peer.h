/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "jsonrpc/server.h"
#include "jsonrpc/stomp-parser.h"

/*
 * A raw STOMP peer for tests: says exactly the bytes it is told to, and runs the main loop, in
 * which the other side lives, while it waits.
 */
#define TEST_PATIENCE_MS 20000 /* a test that waits longer has failed */

typedef struct {
    GSocketConnection *socket;
    GIOStream *stream; /* socket, or TLS on it */
    StompParser *parser;
    gboolean ended; /* the other side has closed */
} TestPeer;

TestPeer *test_peer_open(guint16 port);
/* Over TLS, with certificate or without (NULL); the server's is not looked at. NULL when the
 * handshake failed. */
TestPeer *test_peer_open_tls(guint16 port, GTlsCertificate *certificate);
void test_peer_free(TestPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestPeer, test_peer_free)

void test_peer_send(TestPeer *peer, const char *bytes, gsize length);
/* A literal and the NUL behind it, which ends a frame. */
#define SAY(peer, literal) test_peer_send(peer, literal, sizeof(literal))

/* The next frame as text, "COMMAND name=value ... [body]", or NULL when the other side has closed.
 */
char *test_peer_next(TestPeer *peer);
void test_peer_expect(TestPeer *peer, const char *frame);
void test_peer_expect_end(TestPeer *peer);
/* A MESSAGE with that body, whatever its headers. */
void test_peer_expect_body(TestPeer *peer, const char *body);

/* A server on a free port of 127.0.0.1, with these limits unless NULL. */
typedef struct {
    TlsCredentials *credentials; /* NULL: none */
    RpcHandler handler;
    RpcLostFunc lost;
    gpointer data; /* of both */
    const RpcLimits *limits;
} TestServerOptions;

RpcServer *test_server_new(const TestServerOptions *options, guint16 *port);

/* A frame in one line, "COMMAND name=value ... [body]", NUL as 0. The caller frees. */
char *test_frame_format(const StompFrame *frame);

/* Runs the main loop until *counter is at least value. */
void test_run_until(const guint *counter, guint value);
/* Runs it for a while, so that what should not happen has its chance. */
void test_run_for(guint ms);
