/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/exchange.h"

#include <string.h>

static void on_finished(SoupServerMessage *message, gpointer data)
{
    ((Exchange *)data)->gone = TRUE;
}

Exchange *exchange_begin(struct Server *server, SoupServerMessage *message)
{
    Exchange *exchange = g_new0(Exchange, 1);

    exchange->server = server;
    exchange->message = g_object_ref(message);
    exchange->finished_handler =
        g_signal_connect(message, "finished", G_CALLBACK(on_finished), exchange);
    server->exchanges++;
    soup_server_message_pause(message);
    guard_deadline(server->guard, message_socket(message), 0, FALSE);
    return exchange;
}

static void exchange_end(Exchange *exchange)
{
    exchange->server->exchanges--;
    g_signal_handler_disconnect(exchange->message, exchange->finished_handler);
    g_object_unref(exchange->message);
    g_clear_pointer(&exchange->request, request_free);
    g_free(exchange->user);
    g_free(exchange);
}

static void set_header(SoupMessageHeaders *headers, const char *name, const char *value)
{
    if (value)
        soup_message_headers_replace(headers, name, value);
}

static void fill_response(Exchange *exchange, Reply *reply)
{
    SoupServerMessage *message = exchange->message;
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

    soup_server_message_set_status(message, reply->status, NULL);
    set_header(headers, "Content-Type", reply->content_type);
    set_header(headers, "Location", reply->location);
    set_header(headers, "Allow", reply->allow);
    set_header(headers, "Link", reply->link);
    set_header(headers, "Cache-Control", "no-store");
    set_header(headers, "X-Content-Type-Options", "nosniff");
    if (reply->body)
        soup_message_body_append_bytes(soup_server_message_get_response_body(message), reply->body);
    else
        soup_message_headers_set_content_length(headers, 0);
}

void exchange_reply(Exchange *exchange, Reply *reply)
{
    if (!exchange->gone) {
        fill_response(exchange, reply);
        guard_deadline(exchange->server->guard, message_socket(exchange->message),
                       GUARD_WRITE_SECONDS, FALSE);
        soup_server_message_unpause(exchange->message);
    }
    reply_free(reply);
    exchange_end(exchange);
}

void exchange_reply_text(Exchange *exchange, guint status, const char *type, const char *text)
{
    exchange_reply(exchange, reply_new(status, type, g_bytes_new(text, strlen(text))));
}

void exchange_header(Exchange *exchange, const char *name, const char *value)
{
    if (!exchange->gone)
        set_header(soup_server_message_get_response_headers(exchange->message), name, value);
}

const char *exchange_request_header(const Exchange *exchange, const char *name)
{
    return soup_message_headers_get_one(soup_server_message_get_request_headers(exchange->message),
                                        name);
}

char *exchange_peer(const Exchange *exchange)
{
    const char *host = soup_server_message_get_remote_host(exchange->message);

    return g_strdup(host ? host : "local");
}

GBytes *exchange_body(const Exchange *exchange)
{
    return soup_message_body_flatten(soup_server_message_get_request_body(exchange->message));
}

#define SOCKET_KEY "tapwall-socket"
#define STREAM_KEY "tapwall-stream"

static gpointer of_peer(SoupServerMessage *message, const char *key)
{
    return g_object_get_data(G_OBJECT(soup_server_message_get_remote_address(message)), key);
}

GSocket *message_socket(SoupServerMessage *message)
{
    return of_peer(message, SOCKET_KEY);
}

Stream *message_stream(SoupServerMessage *message)
{
    return of_peer(message, STREAM_KEY);
}

void address_set_connection(GSocketAddress *remote, GSocket *socket, Stream *stream)
{
    g_object_set_data_full(G_OBJECT(remote), SOCKET_KEY, g_object_ref(socket), g_object_unref);
    g_object_set_data_full(G_OBJECT(remote), STREAM_KEY, g_object_ref(stream), g_object_unref);
}
