/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/service.h"

#include "base/log.h"
#include "filterd/rpc/peer.h"

#define ACCEPTS_AT_ONCE 64
#define COMPLAIN_SECONDS 10

const RpcServiceLimits rpc_service_defaults = {
    .clients = 5000,
    .readers = 1000,
    .of_user = 200,
    .reader_message = 64 * 1024,
    .message_seconds = 30,
    .keepalive_seconds = 5,
    .keepalive_count = 5,
};

typedef struct {
    RpcService *service;
    GSocket *socket;
    GSource *source; /* NULL: not for the moment */
    RpcSocketFlags flags;
} Listener;

struct RpcService {
    Filterd *filterd;
    RpcServiceLimits limits;
    GPtrArray *listeners;
    GHashTable *peers; /* RpcPeer to its user's number */
    GHashTable *users; /* that number to how many peers, for all but root */
    guint n_readers;
    guint ticker;
    gint64 complained; /* about too many */
};

/* ---- who is there ---- */

static guint user_peers(RpcService *service, gpointer user)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(service->users, user));
}

/* One more of a user, or one less. */
static void user_count(RpcService *service, gpointer user, int more)
{
    const guint n = user_peers(service, user) + (guint)more;

    if (n == 0)
        g_hash_table_remove(service->users, user);
    else
        g_hash_table_insert(service->users, user, GUINT_TO_POINTER(n));
}

static void peer_over(RpcPeer *peer, gpointer data)
{
    RpcService *service = data;

    service->n_readers -= rpc_peer_reads_only(peer) ? 1 : 0;
    user_count(service, g_hash_table_lookup(service->peers, peer), -1);
    g_hash_table_remove(service->peers, peer);
}

/* The word of the kernel on who connected; -1 when it has none. */
static uid_t user_of(GSocket *accepted)
{
    g_autoptr(GCredentials) credentials = g_socket_get_credentials(accepted, NULL);

    return credentials ? g_credentials_get_unix_user(credentials, NULL) : (uid_t)-1;
}

/* Why it is turned away, or NULL. */
static const char *objection(RpcService *service, RpcSocketFlags flags, uid_t user)
{
    const RpcServiceLimits *limits = &service->limits;

    if ((flags & RPC_SOCKET_ROOT_ONLY) && user != 0)
        return "only root may use this socket";
    if (g_hash_table_size(service->peers) >= limits->clients)
        return "there are too many clients";
    if ((flags & RPC_SOCKET_READ_ONLY) && service->n_readers >= limits->readers)
        return "there are too many readers";
    if (user != 0 && user_peers(service, GUINT_TO_POINTER(user)) >= limits->of_user)
        return "the user has too many clients";
    return NULL;
}

/* Not for each of them: a client that is turned away can come again at once. */
static void complain(RpcService *service, const char *what, uid_t user)
{
    const gint64 now = g_get_monotonic_time();

    if (now - service->complained < COMPLAIN_SECONDS * G_USEC_PER_SEC)
        return;
    log_warning("clients=%u readers=%u user=%u turned away: %s", g_hash_table_size(service->peers),
                service->n_readers, user, what);
    service->complained = now;
}

static void welcome(Listener *listener, GSocket *accepted)
{
    RpcService *service = listener->service;
    const gboolean read_only = (listener->flags & RPC_SOCKET_READ_ONLY) != 0;
    const uid_t user = user_of(accepted);
    const char *against = objection(service, listener->flags, user);

    if (against) {
        complain(service, against, user);
        (void)g_socket_close(accepted, NULL); /* it hears so */
        return;
    }
    service->n_readers += read_only ? 1 : 0;
    user_count(service, GUINT_TO_POINTER(user), 1);
    g_hash_table_insert(
        service->peers,
        rpc_peer_new(accepted, service->filterd, read_only, &service->limits, peer_over, service),
        GUINT_TO_POINTER(user));
}

/* ---- sockets ---- */

static gboolean on_connection(GSocket *socket, GIOCondition condition, gpointer data)
{
    Listener *listener = data;

    for (guint i = 0; i < ACCEPTS_AT_ONCE; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GSocket) accepted = g_socket_accept(socket, NULL, &error);

        if (accepted) {
            welcome(listener, accepted);
        } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
            break;
        } else { /* as out of descriptors: it would be told again at once, without end */
            log_warning("clients=%u cannot accept: %s", g_hash_table_size(listener->service->peers),
                        error->message);
            g_clear_pointer(&listener->source, g_source_unref);
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

static void listen_on(Listener *listener)
{
    listener->source = g_socket_create_source(listener->socket, G_IO_IN, NULL);
    g_source_set_callback(listener->source, G_SOURCE_FUNC(on_connection), listener, NULL);
    g_source_attach(listener->source, NULL);
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
    for (guint i = 0; i < service->listeners->len; i++) {
        Listener *listener = service->listeners->pdata[i];

        if (!listener->source)
            listen_on(listener);
    }
    return G_SOURCE_CONTINUE;
}

static void listener_free(gpointer data)
{
    Listener *listener = data;

    if (listener->source) {
        g_source_destroy(listener->source);
        g_source_unref(listener->source);
    }
    g_object_unref(listener->socket);
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
    service->users = g_hash_table_new(NULL, NULL);
    service->ticker = g_timeout_add_seconds(1, tick, service);
    service->complained = -COMPLAIN_SECONDS * G_USEC_PER_SEC;
    return service;
}

void rpc_service_free(RpcService *service)
{
    if (!service)
        return;
    g_source_remove(service->ticker);
    g_ptr_array_unref(service->listeners);
    g_hash_table_unref(service->peers);
    g_hash_table_unref(service->users);
    g_free(service);
}

void rpc_service_add_socket(RpcService *service, GSocket *socket, RpcSocketFlags flags)
{
    Listener *listener = g_new0(Listener, 1);

    g_socket_set_blocking(socket, FALSE);
    listener->service = service;
    listener->socket = g_object_ref(socket);
    listener->flags = flags;
    listen_on(listener);
    g_ptr_array_add(service->listeners, listener);
}
