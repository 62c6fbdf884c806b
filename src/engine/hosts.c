/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hosts.h"

#include "engine/events.h"
#include "engine/monitor.h"

/* Hosts as they are configured. Their status is their monitor's business. */

#define PORT_DEFAULT 54321 /* VDSM's */

static gboolean host_check_wish(Engine *engine, const Host *host, const char *verb, GError **error)
{
    if (!name_check(host->name, verb, "Host", error))
        return FALSE;
    if (!address_is_valid(host->address))
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "Cannot %s Host. The address '%.64s' is neither a host name nor an IP "
                             "address.",
                             verb, host->address ? host->address : "");
    if (!host->cluster_id)
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "Cannot %s Host. A Cluster must be given.", verb);
    g_autoptr(Cluster) cluster = store_cluster(engine->store, host->cluster_id, error);
    return cluster || engine_reference(error, "Cluster");
}

/* The database would refuse it too, but could not say which of name and address it was. */
static gboolean address_check(Engine *engine, const Host *host, const char *verb, GError **error)
{
    StoreCondition same[] = {{.column = "host_name", .text = host->address},
                             {.column = "port", .number = host->port}};
    StoreQuery query = {.conditions = same, .n_conditions = G_N_ELEMENTS(same)};
    g_autoptr(GPtrArray) hosts = store_host_list(engine->store, &query, error);
    if (!hosts)
        return engine_translate(error);
    if (hosts->len == 0 || g_strcmp0(((Host *)hosts->pdata[0])->id, host->id) == 0)
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_CONFLICT,
                         "Cannot %s Host. The Host with the same address is already in use: %s, "
                         "port %u.",
                         verb, host->address, host->port);
}

static gboolean tell(Engine *engine, EventCode code, const Actor *actor, const Host *host,
                     GError **error)
{
    EventSubject subject = {.actor = actor, .host = host};
    return event_add(engine, code, &subject, error);
}

static void monitor_restart(Engine *engine, const Host *host)
{
    engine_post(engine, monitor_start_message, host_copy(host), (GDestroyNotify)host_free);
}

static Host *host_configuration(const Host *from)
{
    Host *host = host_new();
    host->id = g_strdup(from->id);
    host->name = g_strdup(from->name);
    host->address = g_strdup(from->address);
    host->port = from->port ? from->port : PORT_DEFAULT;
    host->cluster_id = g_strdup(from->cluster_id);
    return host;
}

Host *engine_host_add(Engine *engine, const Actor *actor, const Host *wish, GError **error)
{
    g_autoptr(Host) host = host_configuration(wish);
    g_free(host->id);
    host->id = g_uuid_string_random();
    if (!host_check_wish(engine, host, "add", error) || !address_check(engine, host, "add", error))
        return NULL;
    if (!store_host_insert(engine->store, host, error)) {
        name_conflict(error, "add", "Host");
        return NULL;
    }
    if (!tell(engine, EVENT_HOST_ADDED, actor, host, error))
        return NULL;
    monitor_restart(engine, host);
    return g_steal_pointer(&host);
}

/* FALSE with *error set if VMs run there. */
static gboolean idle_check(Engine *engine, const char *host_id, const char *verb, GError **error)
{
    StoreCondition there = {.column = "run_on_vds", .text = host_id};
    StoreQuery query = {.conditions = &there, .n_conditions = 1};
    gint64 vms = store_count(engine->store, ENTITY_VM, &query, error);
    if (vms < 0)
        return engine_translate(error);
    return vms == 0 ||
           engine_refuse(error, ENGINE_ERROR_CONFLICT,
                         "Cannot %s Host. One or more VMs are still running on this Host.", verb);
}

gboolean engine_host_update(Engine *engine, const Actor *actor, const Host *wish, GError **error)
{
    g_autoptr(Host) stored = engine_host(engine, wish->id, error);
    g_autoptr(Host) host = host_configuration(wish);
    if (!stored || !host_check_wish(engine, host, "edit", error) ||
        !address_check(engine, host, "edit", error))
        return FALSE;
    gboolean moved = !g_str_equal(host->address, stored->address) || host->port != stored->port;
    gboolean other_cluster = !g_str_equal(host->cluster_id, stored->cluster_id);
    if ((moved || other_cluster) && !idle_check(engine, host->id, "edit", error))
        return FALSE;
    host->status = moved || other_cluster ? HOST_UNASSIGNED : stored->status;
    host->status_detail = g_strdup(stored->status_detail);
    host->os_version = g_strdup(stored->os_version);
    host->libvirt_version = g_strdup(stored->libvirt_version);
    host->agent_version = g_strdup(stored->agent_version);
    host->filters = g_strdup(stored->filters);
    if (!store_host_update(engine->store, host, error))
        return name_conflict(error, "edit", "Host");
    if (moved || other_cluster)
        monitor_restart(engine, host);
    return tell(engine, EVENT_HOST_UPDATED, actor, host, error);
}

gboolean engine_host_remove(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Host) host = engine_host(engine, id, error);
    if (!host || !idle_check(engine, id, "remove", error))
        return FALSE;
    if (!store_host_remove(engine->store, id, error))
        return engine_translate(error);
    engine_post(engine, monitor_stop_message, g_strdup(id), g_free);
    return tell(engine, EVENT_HOST_REMOVED, actor, host, error);
}

gboolean hosts_check_again(Engine *engine, const char *cluster_id, GError **error)
{
    StoreCondition there = {.column = "cluster_id", .text = cluster_id};
    StoreQuery query = {.conditions = &there, .n_conditions = 1};
    g_autoptr(GPtrArray) hosts = store_host_list(engine->store, &query, error);
    for (guint i = 0; hosts && i < hosts->len; i++) {
        Host *host = hosts->pdata[i];
        host->status = HOST_UNASSIGNED;
        if (!store_host_update(engine->store, host, error))
            return engine_translate(error);
        monitor_restart(engine, host);
    }
    return hosts || engine_translate(error);
}
