/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/operator/metrics.h"

#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#include "base/listen.h"

#define CONNECTIONS 16 /* at a time; a further one is closed */
#define IDLE_SECONDS 15

struct Metrics {
    Filterd *filterd;
    SoupServer *http;
    GSocketService *service;
    guint *connections; /* how many are open; each holds a reference (g_rc_box), too */
    char *path;         /* of a socket in the file system, or NULL */
};

static void answer(SoupServer *http, SoupServerMessage *message, const char *path,
                   GHashTable *query, gpointer data)
{
    Metrics *metrics = data;
    GString *text;

    if (strcmp(soup_server_message_get_method(message), "GET") != 0) {
        soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
        return;
    }
    if (strcmp(path, "/metrics") != 0) {
        soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, NULL);
        return;
    }
    text = metrics_format(metrics->filterd);
    soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
    soup_server_message_set_response(message, "text/plain; version=0.0.4", SOUP_MEMORY_TAKE,
                                     text->str, text->len);
    (void)g_string_free(text, FALSE); /* the message has the text */
}

/* ---- connections, of which libsoup itself would take any number ---- */

static void connection_gone(gpointer data, GObject *connection)
{
    guint *connections = data;

    --*connections;
    g_rc_box_release(connections);
}

static gboolean take_connection(GSocketService *service, GSocketConnection *connection,
                                GObject *source, gpointer data)
{
    Metrics *metrics = data;
    g_autoptr(GSocketAddress) local = g_socket_connection_get_local_address(connection, NULL);
    g_autoptr(GSocketAddress) remote = g_socket_connection_get_remote_address(connection, NULL);

    if (*metrics->connections >= CONNECTIONS)
        return TRUE; /* nobody keeps it, so it closes */
    g_socket_set_timeout(g_socket_connection_get_socket(connection), IDLE_SECONDS);
    ++*metrics->connections;
    g_object_weak_ref(G_OBJECT(connection), connection_gone,
                      g_rc_box_acquire(metrics->connections));
    (void)soup_server_accept_iostream(metrics->http, G_IO_STREAM(connection), local, remote,
                                      NULL); /* else it closes */
    return TRUE;
}

/* ---- life ---- */

/* "127.0.0.1:9177", "[::1]:9177" */
static GSocket *listen_at(const char *address, GError **error)
{
    g_autofree char *host = g_strdup(address);
    char *colon = strrchr(host, ':');
    guint64 port;

    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "'%s' is neither ADDRESS:PORT nor a path", address);
        return NULL;
    }
    *colon = '\0';
    if (*host == '[' && colon > host && colon[-1] == ']') {
        colon[-1] = '\0';
        return listen_socket_new(host + 1, (guint16)port, error);
    }
    return listen_socket_new(host, (guint16)port, error);
}

Metrics *metrics_new(Filterd *filterd, const char *address, GError **error)
{
    const gboolean is_path = g_path_is_absolute(address);
    g_autoptr(GSocket) socket =
        is_path ? listen_unix_new(address, error) : listen_at(address, error);
    g_autoptr(Metrics) metrics = NULL;

    if (!socket)
        return NULL;
    metrics = g_new0(Metrics, 1);
    metrics->filterd = filterd;
    metrics->connections = g_rc_box_new0(guint);
    metrics->path = is_path ? g_strdup(address) : NULL;
    metrics->http = soup_server_new("server-header", "tapwalld", NULL);
    soup_server_add_handler(metrics->http, NULL, answer, metrics, NULL);
    metrics->service = g_socket_service_new();
    g_signal_connect(metrics->service, "incoming", G_CALLBACK(take_connection), metrics);
    if (!g_socket_listener_add_socket(G_SOCKET_LISTENER(metrics->service), socket, NULL, error))
        return NULL;
    return g_steal_pointer(&metrics);
}

void metrics_free(Metrics *metrics)
{
    if (!metrics)
        return;
    g_socket_service_stop(metrics->service);
    g_socket_listener_close(G_SOCKET_LISTENER(metrics->service));
    soup_server_disconnect(metrics->http);
    g_object_unref(metrics->http);
    g_object_unref(metrics->service);
    if (metrics->path)
        (void)g_unlink(metrics->path); /* the next one makes way for itself */
    g_rc_box_release(metrics->connections);
    g_free(metrics->path);
    g_free(metrics);
}
