/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <libsoup/soup.h>

#include "rest/auth.h"
#include "rest/guard.h"
#include "rest/request.h"
#include "rest/stream.h"

/*
 * One HTTP request from the moment it is read until its reply is handed to libsoup. The server's
 * insides that its handlers share: not for other rooms.
 */
struct Server {
    Engine *engine;
    Auth *auth;
    Guard *guard;
    SoupServer *soup;
    GSocketService *service;
    GSocket *far_end; /* of the socket that libsoup believes to listen on */
    GTlsCertificate *certificate;
    GTlsDatabase *database;
    GBytes *ca;
    gsize body_bytes; /* held by requests being read */
    GCancellable *ending;
    guint arrivals;  /* connections in their handshake */
    guint exchanges; /* paused, waiting for an answer */
};

typedef struct {
    struct Server *server;
    SoupServerMessage *message;
    Request *request; /* of the API; NULL for the services */
    char *user;       /* once it is known */
    gboolean gone;    /* the client has hung up */
    gulong finished_handler;
} Exchange;

Exchange *exchange_begin(struct Server *server, SoupServerMessage *message);

/* Sends the reply and ends the exchange. Takes reply. */
void exchange_reply(Exchange *exchange, Reply *reply);
void exchange_reply_text(Exchange *exchange, guint status, const char *type, const char *text);
void exchange_header(Exchange *exchange, const char *name, const char *value);

const char *exchange_request_header(const Exchange *exchange, const char *name);
/* The peer's address as text. */
char *exchange_peer(const Exchange *exchange);
/* The request's body; never NULL. */
GBytes *exchange_body(const Exchange *exchange);
/* The connection's socket and stream. libsoup knows neither: they are kept with the one object of
 * ours that it hands back, the peer's address. Borrowed. */
GSocket *message_socket(SoupServerMessage *message);
Stream *message_stream(SoupServerMessage *message);
void address_set_connection(GSocketAddress *remote, GSocket *socket, Stream *stream);

/* What is served outside the API: login and logout, health, the CA. FALSE when path is none of it.
 */
gboolean service_handle(struct Server *server, SoupServerMessage *message, const char *path);
