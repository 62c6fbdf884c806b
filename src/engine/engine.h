/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "base/tls.h"
#include "store/entities.h"

/*
 * The engine: entities, commands, the decision which filter a NIC gets, and one monitor per host.
 *
 * Two sides, data flowing through the store between them:
 *  - the worker: one thread that owns the store. Every engine_* function marked [worker] runs
 * there, one at a time, so each is a transaction nobody interleaves with. Callers get there by
 *    engine_submit().
 *  - the main loop: the host monitors (connections, events, polls). They hand what they
 *    hear to the worker, and send what commands have queued.
 * Commands answer as soon as the wish is stored and queued; the state follows from the host.
 */
typedef struct Engine Engine;

#define ENGINE_ERROR engine_error_quark()
typedef enum {
    ENGINE_ERROR_NOT_FOUND, /* the addressed entity does not exist: HTTP 404, empty body */
    ENGINE_ERROR_REFERENCE, /* an entity named in the request does not exist: "Entity not found: X"
                             */
    ENGINE_ERROR_BAD_INPUT, /* HTTP 400 */
    ENGINE_ERROR_CONFLICT,  /* HTTP 409: not possible in this state, name or MAC in use */
    ENGINE_ERROR_INTERNAL,  /* HTTP 500: the store failed */
} EngineError;
GQuark engine_error_quark(void);

typedef struct {
    const char *store;           /* path of the SQLite file */
    TlsCredentials *credentials; /* towards the hosts; NULL for plain TCP */
    const char *mac_range_from, *mac_range_to;
    /* 0: as the store's option says */
    guint poll_seconds;     /* period of the getAllVmStats poll; VdsRefreshRate */
    guint heartbeat_ms;     /* vdsHeartbeatInSeconds */
    guint reply_timeout_ms; /* vdsTimeout */
    guint grace_seconds;    /* how long a lost host stays "connecting" before "non_responsive";
                             * TimeoutToResetVdsInSeconds */
    guint max_events;       /* older ones are dropped; 0 for 50,000 */
} EngineSettings;

/* Opens the store (migrating it), reads the options once, starts the worker. Hosts are not dialled
 * before engine_start(). */
Engine *engine_new(const EngineSettings *settings, GError **error);
void engine_start(Engine *engine);
void engine_free(Engine *engine); /* stops monitors and worker; what was submitted is finished */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)

/* Runs work on the worker; finish returns what work returned (owned by the caller; freed with
 * free_result if nobody finishes). work returns NULL with error set on failure, or a non-NULL
 * result. */
typedef gpointer (*EngineWork)(Engine *engine, gpointer data, GError **error);
void engine_submit(Engine *engine, EngineWork work, gpointer data, GDestroyNotify free_data,
                   GDestroyNotify free_result, GAsyncReadyCallback callback, gpointer user_data);
gpointer engine_submit_finish(Engine *engine, GAsyncResult *result, GError **error);

/* Who asks, for events. */
typedef struct {
    const char *user;           /* "admin@internal" */
    const char *correlation_id; /* or NULL */
} Actor;

/* What a list asks for. search is oVirt's query text ("name=vm1 and status=up", "*" wildcards),
 * NULL for all; an unknown key or bad syntax is ENGINE_ERROR_BAD_INPUT. max < 0 means no limit, 0
 * nothing. from: events only, those with a greater id. */
typedef struct {
    const char *search;
    int max;
    gint64 from;
} ListQuery;

/* ---- [worker] reading. Lists are GPtrArrays of the entity, owning it. ---- */
GPtrArray *engine_data_centers(Engine *engine, const ListQuery *query, GError **error);
GPtrArray *engine_clusters(Engine *engine, const ListQuery *query, GError **error);
GPtrArray *engine_hosts(Engine *engine, const ListQuery *query, GError **error);
GPtrArray *engine_networks(Engine *engine, const ListQuery *query, GError **error);
GPtrArray *engine_vms(Engine *engine, const ListQuery *query, GError **error);
GPtrArray *engine_events(Engine *engine, const ListQuery *query, GError **error); /* newest first */
GPtrArray *engine_network_filters(Engine *engine, GError **error);
GPtrArray *engine_nics(Engine *engine, const char *vm_id, GError **error);

DataCenter *engine_data_center(Engine *engine, const char *id, GError **error);
Cluster *engine_cluster(Engine *engine, const char *id, GError **error);
Host *engine_host(Engine *engine, const char *id, GError **error);
Network *engine_network(Engine *engine, const char *id, GError **error);
Vm *engine_vm(Engine *engine, const char *id, GError **error);
Event *engine_event(Engine *engine, const char *id, GError **error);
NetworkFilter *engine_network_filter(Engine *engine, const char *id, GError **error);
Nic *engine_nic(Engine *engine, const char *vm_id, const char *id, GError **error);

/* ---- [worker] changing. _add fills in ids and defaults and returns the stored entity; _update
 * writes the entity given (read it, change it, write it). References (cluster_id, ...) may hold a
 * name where noted: resolve with engine_resolve() first. ---- */
DataCenter *engine_data_center_add(Engine *engine, const Actor *actor, const DataCenter *wish,
                                   GError **error);
Cluster *engine_cluster_add(Engine *engine, const Actor *actor, const Cluster *wish,
                            GError **error);
Host *engine_host_add(Engine *engine, const Actor *actor, const Host *wish, GError **error);
Network *engine_network_add(Engine *engine, const Actor *actor, const Network *wish,
                            GError **error);
Vm *engine_vm_add(Engine *engine, const Actor *actor, const Vm *wish, GError **error);
/* nic->mac NULL: taken from the pool. Plugged into a running VM: hot-plugged (asynchronously). */
Nic *engine_nic_add(Engine *engine, const Actor *actor, const Nic *wish, GError **error);

gboolean engine_data_center_update(Engine *engine, const Actor *actor, const DataCenter *wish,
                                   GError **error);
gboolean engine_cluster_update(Engine *engine, const Actor *actor, const Cluster *wish,
                               GError **error);
gboolean engine_host_update(Engine *engine, const Actor *actor, const Host *wish, GError **error);
gboolean engine_network_update(Engine *engine, const Actor *actor, const Network *wish,
                               GError **error);
gboolean engine_vm_update(Engine *engine, const Actor *actor, const Vm *wish, GError **error);
/* Changes plugged (hot plug, unplug), linked and network of a running VM's NIC too; everything else
 * is refused while plugged into a running VM. */
gboolean engine_nic_update(Engine *engine, const Actor *actor, const Nic *wish, GError **error);

gboolean engine_data_center_remove(Engine *engine, const Actor *actor, const char *id,
                                   GError **error);
gboolean engine_cluster_remove(Engine *engine, const Actor *actor, const char *id, GError **error);
gboolean engine_host_remove(Engine *engine, const Actor *actor, const char *id, GError **error);
gboolean engine_network_remove(Engine *engine, const Actor *actor, const char *id, GError **error);
gboolean engine_vm_remove(Engine *engine, const Actor *actor, const char *id, GError **error);
gboolean engine_nic_remove(Engine *engine, const Actor *actor, const char *vm_id, const char *id,
                           GError **error);

/* The id of the entity of that kind and name, for references by name
 * (<cluster><name>Default</name>). kind is "datacenter", "cluster", "host", "network", "vm". NULL
 * with ENGINE_ERROR_REFERENCE. */
char *engine_resolve(Engine *engine, const char *kind, const char *name, GError **error);

/* Commands: the answer is the accepted wish, the VM's status follows from its host. */
gboolean engine_vm_start(Engine *engine, const Actor *actor, const char *id, GError **error);
gboolean engine_vm_shutdown(Engine *engine, const Actor *actor, const char *id, GError **error);
gboolean engine_vm_stop(Engine *engine, const Actor *actor, const char *id, GError **error);

/* What the NIC's host counts at it; rx is what the guest received. */
typedef struct {
    gboolean has_traffic, has_filter; /* whether the host says the numbers that follow */
    guint64 rx_bytes, tx_bytes, rx_errors, tx_errors;
    guint64 filter_rx, filter_tx; /* frames its filter dropped */
} NicCounts;

/* Borrowed until the work function returns. Nothing is counted for a NIC that is on no host. */
const NicCounts *engine_nic_counts(Engine *engine, const Nic *nic);

/* Whether what the host reports for the NIC is what it should have (TRUE for a VM that is down). */
gboolean engine_nic_synced(Engine *engine, const Nic *nic, gboolean *synced, GError **error);

/* ---- [worker] users. The only user of the embedded directory is admin@internal. ---- */
/* The stored password hash of user, or NULL with NOT_FOUND. */
char *engine_user_hash(Engine *engine, const char *user, GError **error);

/* One-time set-up of a store, for tapwall-engine --init: default data center, cluster "Default"
 * (level 4.7), network "ovirtmgmt", and the administrator's password hash (yescrypt, made by the
 * caller). Keeps what exists, but for the hash, which is replaced. */
gboolean engine_init_store(const char *store, const char *password_hash, GError **error);
