/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/service.h"

#include "base/log.h"
#include "filterd/rpc/peer.h"

#define ACCEPTS_AT_ONCE 64

const RpcServiceLimits rpc_service_defaults = {
    .clients = 5000,
    .readers = 1000,
    .message_seconds = 30,
    .keepalive_seconds = 5,
    .keepalive_count = 5,
};

typedef struct {
    RpcService *service;
    GSource *source;
    gboolean read_only;
} Listener;

struct RpcService {
    Filterd *filterd;
    RpcServiceLimits limits;
    GPtrArray *listeners;
    GHashTable *peers; /* a set */
    guint n_readers;
    guint ticker;
    gint64 complained; /* about too many */
};

static void peer_over(RpcPeer *peer, gpointer data)
{
    RpcService *service = data;

    service->n_readers -= rpc_peer_reads_only(peer) ? 1 : 0;
    g_hash_table_remove(service->peers, peer);
}

static gboolean tick(gpointer data)
{
    RpcService *service = data;
    const gint64 now = g_get_monotonic_time();
    GHashTableIter each;
    gpointer peer;

    g_hash_table_iter_init(&each, service->peers);
    while (g_hash_table_iter_next(&each, &peer, NULL))
        rpc_peer_tick(peer, now);
    return G_SOURCE_CONTINUE;
}

static gboolean is_full(RpcService *service, gboolean read_only)
{
    const gint64 now = g_get_monotonic_time();

    if (g_hash_table_size(service->peers) < service->limits.clients &&
        (!read_only || service->n_readers < service->limits.readers))
        return FALSE;
    if (now - service->complained > 10 * G_USEC_PER_SEC) {
        log_warning("clients=%u readers=%u too many; others are turned away",
                    g_hash_table_size(service->peers), service->n_readers);
        service->complained = now;
    }
    return TRUE;
}

static gboolean on_connection(GSocket *socket, GIOCondition condition, gpointer data)
{
    Listener *listener = data;
    RpcService *service = listener->service;

    for (guint i = 0; i < ACCEPTS_AT_ONCE; i++) {
        g_autoptr(GSocket) accepted = g_socket_accept(socket, NULL, NULL);

        if (!accepted)
            break;
        if (is_full(service, listener->read_only)) {
            (void)g_socket_close(accepted, NULL); /* it hears so */
            continue;
        }
        service->n_readers += listener->read_only ? 1 : 0;
        g_hash_table_add(service->peers,
                         rpc_peer_new(accepted, service->filterd, listener->read_only,
                                      &service->limits, peer_over, service));
    }
    return G_SOURCE_CONTINUE;
}

static void listener_free(gpointer data)
{
    Listener *listener = data;

    g_source_destroy(listener->source);
    g_source_unref(listener->source);
    g_free(listener);
}

static void peer_free(gpointer peer)
{
    rpc_peer_free(peer);
}

RpcService *rpc_service_new(Filterd *filterd, const RpcServiceLimits *limits)
{
    RpcService *service = g_new0(RpcService, 1);

    service->filterd = filterd;
    service->limits = *limits;
    service->listeners = g_ptr_array_new_with_free_func(listener_free);
    service->peers = g_hash_table_new_full(NULL, NULL, peer_free, NULL);
    service->ticker = g_timeout_add_seconds(1, tick, service);
    service->complained = -60 * G_USEC_PER_SEC;
    return service;
}

void rpc_service_free(RpcService *service)
{
    if (!service)
        return;
    g_source_remove(service->ticker);
    g_ptr_array_unref(service->listeners);
    g_hash_table_unref(service->peers);
    g_free(service);
}

void rpc_service_add_socket(RpcService *service, GSocket *socket, gboolean read_only)
{
    Listener *listener = g_new0(Listener, 1);

    g_socket_set_blocking(socket, FALSE);
    listener->service = service;
    listener->read_only = read_only;
    listener->source = g_socket_create_source(socket, G_IO_IN, NULL);
    g_source_set_callback(listener->source, G_SOURCE_FUNC(on_connection), listener, NULL);
    g_source_attach(listener->source, NULL);
    g_ptr_array_add(service->listeners, listener);
}
