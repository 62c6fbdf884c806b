/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hosts.h"
#include "engine/inventory.h"

/* Clusters: where hosts and VMs are, and the level that decides what they can do. */

#define LEVEL_MINOR_MAX 99

/* Levels of the eras 3.x and 4.x; whether a host serves one is the host's to say. */
static gboolean cluster_check(const Cluster *cluster, const char *verb, GError **error)
{
    if (!name_check(cluster->name, verb, "Cluster", error) ||
        !description_check(cluster->description, verb, "Cluster", error))
        return FALSE;
    if ((cluster->level_major == 3 || cluster->level_major == 4) &&
        cluster->level_minor <= LEVEL_MINOR_MAX)
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "Cannot %s Cluster. Compatibility version %u.%u is not supported.", verb,
                         cluster->level_major, cluster->level_minor);
}

Cluster *engine_cluster_add(Engine *engine, const Actor *actor, const Cluster *wish, GError **error)
{
    g_autoptr(Cluster) cluster = cluster_copy(wish);
    g_free(cluster->id);
    cluster->id = g_uuid_string_random();
    if (!cluster_check(cluster, "add", error) ||
        !data_center_place(engine, &cluster->data_center_id, error))
        return NULL;
    if (!store_cluster_insert(engine->store, cluster, error)) {
        name_conflict(error, "add", "Cluster");
        return NULL;
    }
    EventSubject subject = {.actor = actor, .cluster = cluster};
    if (!event_add(engine, EVENT_CLUSTER_ADDED, &subject, error))
        return NULL;
    return g_steal_pointer(&cluster);
}

/* As in oVirt, the level of a cluster changes only while none of its VMs runs. */
static gboolean cluster_level_check(Engine *engine, const Cluster *wish, gboolean *changed,
                                    GError **error)
{
    g_autoptr(Cluster) old = store_cluster(engine->store, wish->id, error);
    if (!old)
        return engine_translate(error);
    *changed = old->level_major != wish->level_major || old->level_minor != wish->level_minor;
    if (!*changed)
        return TRUE;
    StoreCondition running[] = {
        {.column = "cluster_id", .text = wish->id},
        {.column = "status", .match = MATCH_NOT_EQUAL, .number = VM_DOWN},
    };
    StoreQuery query = {.conditions = running, .n_conditions = G_N_ELEMENTS(running)};
    gint64 vms = store_count(engine->store, ENTITY_VM, &query, error);
    if (vms < 0)
        return engine_translate(error);
    return vms == 0 ||
           engine_refuse(error, ENGINE_ERROR_CONFLICT,
                         "Cannot edit Cluster. The compatibility version cannot be changed while "
                         "VMs of the Cluster run.");
}

gboolean engine_cluster_update(Engine *engine, const Actor *actor, const Cluster *wish,
                               GError **error)
{
    g_autoptr(Cluster) cluster = cluster_copy(wish);
    gboolean changed = FALSE;
    if (!cluster_check(cluster, "edit", error) ||
        !cluster_level_check(engine, cluster, &changed, error) ||
        !data_center_place(engine, &cluster->data_center_id, error))
        return FALSE;
    if (!store_cluster_update(engine->store, cluster, error))
        return name_conflict(error, "edit", "Cluster");
    EventSubject subject = {.actor = actor, .cluster = cluster};
    return event_add(engine, EVENT_CLUSTER_UPDATED, &subject, error) &&
           (!changed || hosts_check_again(engine, cluster->id, error));
}

gboolean engine_cluster_remove(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Cluster) cluster = engine_cluster(engine, id, error);
    if (!cluster)
        return FALSE;
    if (!store_cluster_remove(engine->store, id, error))
        return inventory_still_used(error, "Cluster");
    EventSubject subject = {.actor = actor, .cluster = cluster};
    return event_add(engine, EVENT_CLUSTER_REMOVED, &subject, error);
}
