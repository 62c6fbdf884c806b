/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"

/*
 * The HTTP side: sockets, TLS, limits, who is asking, and the way of a request to the engine's
 * worker and of its reply back. Lives on the main loop, which it never holds up: bodies are parsed,
 * and replies built, on the worker. The engine must outlive it.
 */
typedef struct Server Server;

typedef struct {
    GTlsCertificate *certificate; /* NULL: plain HTTP */
    const char *ca;               /* PEM file, handed out by pki-resource; NULL without TLS */
    guint max_connections;
} ServerSettings;

#define SERVER_BODY_LIMIT (1024 * 1024)
#define SERVER_BODIES_LIMIT (64 * 1024 * 1024) /* of all requests being read */

Server *server_new(Engine *engine, const ServerSettings *settings, GError **error);

/* Starts to serve what connects to the listening socket. */
gboolean server_listen(Server *server, GSocket *socket, GError **error);

/* Closes everything; waits, running the main context, for what the engine still works on. */
void server_free(Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)
