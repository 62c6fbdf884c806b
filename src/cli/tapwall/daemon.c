/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/daemon.h"

#include <glib-unix.h>
#include <stdio.h>

#include "jsonrpc/client.h"
#include "jsonrpc/json-text.h"

#define SOCKET_PATH "/run/tapwall/tapwalld.sock"
#define CONNECT_MS 10000
#define CALL_MS 60000

struct Daemon {
    RpcClient *client;
    GMainLoop *loop;
    GAsyncResult *result; /* what the loop ran for */
    GError *closed;       /* why the connection ended */
    DaemonEventFunc tell;
    gpointer data;
};

void daemon_option_add(char **path, GOptionContext *context)
{
    const GOptionEntry entries[] = {
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, path, "tapwalld's own, instead of " SOCKET_PATH,
         "PATH"},
        {NULL},
    };

    g_option_context_add_main_entries(context, entries, NULL);
}

static void keep_result(GObject *source, GAsyncResult *result, gpointer data)
{
    Daemon *daemon = data;

    daemon->result = g_object_ref(result);
    g_main_loop_quit(daemon->loop);
}

static void on_event(RpcClient *client, const char *method, JsonNode *params, gpointer data)
{
    Daemon *daemon = data;
    JsonObject *object =
        params && JSON_NODE_HOLDS_OBJECT(params) ? json_node_get_object(params) : NULL;

    if (daemon->tell && object && !daemon->tell(method, object, daemon->data)) {
        daemon->tell = NULL;
        g_main_loop_quit(daemon->loop);
    }
}

static void on_closed(RpcClient *client, const GError *reason, gpointer data)
{
    Daemon *daemon = data;

    g_clear_error(&daemon->closed);
    daemon->closed = g_error_copy(reason);
    g_main_loop_quit(daemon->loop);
}

void daemon_close(Daemon *daemon)
{
    if (!daemon)
        return;
    rpc_client_close(daemon->client);
    g_object_unref(daemon->client);
    g_main_loop_unref(daemon->loop);
    g_clear_object(&daemon->result);
    g_clear_error(&daemon->closed);
    g_free(daemon);
}

/* What the system's words mean here. */
static void explain_failure(const char *path, GError **error)
{
    const gboolean is_absent = g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
                               g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);

    if (is_absent)
        g_prefix_error(error, "tapwalld does not run, or listens elsewhere (%s): ", path);
    else if (g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        g_prefix_error(error, "only root may ask tapwalld (%s): ", path);
    else
        g_prefix_error(error, "%s: ", path);
}

Daemon *daemon_open(const char *path, GError **error)
{
    g_autoptr(Daemon) daemon = g_new0(Daemon, 1);
    g_autoptr(GError) failure = NULL;
    g_autoptr(GAsyncResult) result = NULL;

    path = path ? path : SOCKET_PATH;
    daemon->client = rpc_client_new(NULL, 0);
    daemon->loop = g_main_loop_new(NULL, FALSE);
    rpc_client_set_handlers(daemon->client, on_event, on_closed, daemon);
    rpc_client_connect_unix_async(daemon->client, path, CONNECT_MS, NULL, keep_result, daemon);
    g_main_loop_run(daemon->loop);
    result = g_steal_pointer(&daemon->result);
    if (rpc_client_connect_finish(daemon->client, result, &failure))
        return g_steal_pointer(&daemon);
    explain_failure(path, &failure);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

JsonNode *daemon_call(Daemon *daemon, const char *method, JsonNode *params, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    rpc_client_call_async(daemon->client, method, params, CALL_MS, NULL, keep_result, daemon);
    while (!daemon->result)
        g_main_loop_run(daemon->loop);
    result = g_steal_pointer(&daemon->result);
    return rpc_client_call_finish(daemon->client, result, error);
}

/* ---- parameters ---- */

static JsonNode *object_node(const char *name, JsonNode *value)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    json_object_set_member(object, name, value);
    json_node_take_object(node, object);
    return node;
}

JsonNode *daemon_text(const char *name, const char *text)
{
    return object_node(name, json_node_init_string(json_node_alloc(), text));
}

JsonNode *daemon_texts(const char *name, char **texts)
{
    JsonArray *array = json_array_new();
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);

    for (; *texts; texts++)
        json_array_add_string_element(array, *texts);
    json_node_take_array(node, array);
    return object_node(name, node);
}

/* ---- events ---- */

static gboolean interrupted(gpointer data)
{
    Daemon *daemon = data;

    daemon->tell = NULL;
    g_main_loop_quit(daemon->loop);
    return G_SOURCE_CONTINUE;
}

gboolean daemon_listen(Daemon *daemon, const char *destination, DaemonEventFunc tell, gpointer data,
                       GError **error)
{
    guint interrupt = g_unix_signal_add(SIGINT, interrupted, daemon);
    guint terminate = g_unix_signal_add(SIGTERM, interrupted, daemon);

    daemon->tell = tell;
    daemon->data = data;
    rpc_client_subscribe(daemon->client, destination);
    while (daemon->tell && !daemon->closed)
        g_main_loop_run(daemon->loop);
    g_source_remove(interrupt);
    g_source_remove(terminate);
    if (!daemon->tell)
        return TRUE;
    g_propagate_prefixed_error(error, g_error_copy(daemon->closed), "tapwalld went away: ");
    return FALSE;
}

void daemon_print_json(JsonNode *node)
{
    g_autofree char *text = json_text_format(node);

    puts(text);
}
