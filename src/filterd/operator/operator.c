/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listen.h"
#include "base/log.h"
#include "filterd/operator/operator-private.h"
#include "jsonrpc/server.h"
#include "jsonrpc/stomp-frame.h"

#include <glib/gstdio.h>

#define QUEUED (256 * 1024) /* octets of events that may wait for a client */

static const RpcLimits limits = {
    .connections = 64,
    .handshakes = 64,
    .subscriptions = 64,
    .calls = 16,
    .batch = 16,
    .body = 64 * 1024,
    .queued = 64 * 1024 * 1024, /* a list of all ports is large */
    .handshake_ms = 10000,
    .connect_ms = 10000,
    .frame_ms = 10000,
    .heartbeat_ms = 1000,
};

struct OperatorServer {
    OperatorContext context;
    RpcServer *rpc;
    char *path; /* of the socket; NULL before listening */
    guint watch;
};

/* libvirt's number says which; the others of ours mean nothing to who does not speak libvirt. */
static void fail_call(RpcCall *call, GError *error)
{
    if (error->domain == FILTERD_ERROR) {
        g_autofree char *text = filterd_error_format(error);
        gboolean is_missing = error->code == FILTERD_ERROR_NO_BINDING;

        rpc_call_fail(call, is_missing ? FILTERD_ERROR_NO_BINDING : RPC_GENERAL, text);
        g_error_free(error);
    } else {
        rpc_call_fail_error(call, error);
    }
}

static void handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    const OperatorServer *server = data;
    GError *error = NULL;
    GString *json = operator_verb_run(&server->context, method, params, &error);

    if (json)
        rpc_call_return_bytes(call, g_string_free_to_bytes(json));
    else
        fail_call(call, error);
}

static void connection_lost(const char *peer, const GError *reason, gpointer data)
{
    if (!g_error_matches(reason, STOMP_ERROR, STOMP_ERROR_CLOSED)) /* as tools end */
        log_info("peer=operator lost: %s", reason->message);
}

static void tell_drop(const FilterdDrop *drop, gpointer data)
{
    OperatorServer *server = data;
    g_autofree char *destination =
        drop->port ? g_strconcat(OPERATOR_DROPS ".", drop->port, NULL) : g_strdup(OPERATOR_DROPS);

    if (rpc_server_is_heard(server->rpc, destination))
        rpc_server_offer(server->rpc, destination, "Drops.frame", drop_event(drop), QUEUED,
                         "Drops.lost");
}

OperatorServer *operator_server_new(Filterd *filterd, const FilterdSettings *settings)
{
    OperatorServer *server = g_new0(OperatorServer, 1);

    server->context = (OperatorContext){filterd, settings, g_get_real_time()};
    server->rpc = rpc_server_new(NULL, handle, server);
    rpc_server_set_limits(server->rpc, &limits);
    rpc_server_set_lost_handler(server->rpc, connection_lost, server);
    server->watch = filterd_watch_drops(filterd, tell_drop, server);
    return server;
}

void operator_server_free(OperatorServer *server)
{
    if (!server)
        return;
    filterd_unwatch_drops(server->context.filterd, server->watch);
    rpc_server_free(server->rpc);
    if (server->path)
        (void)g_unlink(server->path); /* the next one makes way for itself */
    g_free(server->path);
    g_free(server);
}

gboolean operator_server_listen(OperatorServer *server, const char *path, GError **error)
{
    g_autoptr(GSocket) socket = listen_unix_new(path, error);

    if (!socket || !rpc_server_add_socket(server->rpc, socket, error))
        return FALSE;
    server->path = g_strdup(path);
    return TRUE;
}
