/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/events.h"
#include "engine/hosts.h"
#include "engine/search.h"

/* Data centers, clusters, networks: what VMs and hosts are placed in. And the lists of all kinds.
 */

#define LEVEL_MINOR_MAX 99
#define DEFAULT_DATA_CENTER "Default"

/* ---- lists ---- */

#define LIST_DEFINE(function, kind, list)                                                          \
    GPtrArray *function(Engine *engine, const ListQuery *query, GError **error)                    \
    {                                                                                              \
        g_autoptr(Search) search = search_parse(kind, query, error);                               \
        if (!search)                                                                               \
            return NULL;                                                                           \
        if (query && query->max == 0)                                                              \
            return g_ptr_array_new();                                                              \
        GPtrArray *found = list(engine->store, search_query(search), error);                       \
        if (!found)                                                                                \
            engine_translate(error);                                                               \
        return found;                                                                              \
    }

LIST_DEFINE(engine_data_centers, ENTITY_DATA_CENTER, store_data_center_list)
LIST_DEFINE(engine_clusters, ENTITY_CLUSTER, store_cluster_list)
LIST_DEFINE(engine_hosts, ENTITY_HOST, store_host_list)
LIST_DEFINE(engine_networks, ENTITY_NETWORK, store_network_list)
LIST_DEFINE(engine_vms, ENTITY_VM, store_vm_list)
LIST_DEFINE(engine_events, ENTITY_EVENT, store_event_list)

GPtrArray *engine_network_filters(Engine *engine, GError **error)
{
    GPtrArray *found = store_network_filter_list(engine->store, NULL, error);
    if (!found)
        engine_translate(error);
    return found;
}

/* ---- one ---- */

#define GET_DEFINE(function, Type, get)                                                            \
    Type *function(Engine *engine, const char *id, GError **error)                                 \
    {                                                                                              \
        Type *found = get(engine->store, id, error);                                               \
        if (!found)                                                                                \
            engine_translate(error);                                                               \
        return found;                                                                              \
    }

GET_DEFINE(engine_data_center, DataCenter, store_data_center)
GET_DEFINE(engine_cluster, Cluster, store_cluster)
GET_DEFINE(engine_host, Host, store_host)
GET_DEFINE(engine_network, Network, store_network)
GET_DEFINE(engine_vm, Vm, store_vm)
GET_DEFINE(engine_network_filter, NetworkFilter, store_network_filter)

Event *engine_event(Engine *engine, const char *id, GError **error)
{
    gint64 number;
    if (!g_ascii_string_to_signed(id, 10, 1, G_MAXINT64, &number, NULL)) {
        engine_refuse(error, ENGINE_ERROR_NOT_FOUND, "no event with id %.64s", id);
        return NULL;
    }
    Event *event = store_event(engine->store, number, error);
    if (!event)
        engine_translate(error);
    return event;
}

/* ---- references by name ---- */

static const struct {
    const char *word;
    EntityKind kind;
} resolvable[] = {
    {"datacenter", ENTITY_DATA_CENTER}, {"cluster", ENTITY_CLUSTER}, {"host", ENTITY_HOST},
    {"network", ENTITY_NETWORK},        {"vm", ENTITY_VM},
};

static GPtrArray *list_kind(Engine *engine, EntityKind kind, const StoreQuery *query,
                            GError **error)
{
    typedef GPtrArray *(*List)(Store *, const StoreQuery *, GError **);
    static const List lists[ENTITY_KIND_COUNT] = {
        [ENTITY_DATA_CENTER] = store_data_center_list,
        [ENTITY_CLUSTER] = store_cluster_list,
        [ENTITY_HOST] = store_host_list,
        [ENTITY_NETWORK] = store_network_list,
        [ENTITY_VM] = store_vm_list,
    };
    return lists[kind](engine->store, query, error);
}

/* The first member of each of these is its id. */
static char *resolve_kind(Engine *engine, EntityKind kind, const char *name, GError **error)
{
    StoreCondition condition = {.column = records[kind].name_column, .text = name};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1};
    g_autoptr(GPtrArray) found = list_kind(engine, kind, &query, error);
    if (!found) {
        engine_translate(error);
        return NULL;
    }
    if (found->len == 1)
        return g_strdup(G_STRUCT_MEMBER(char *, found->pdata[0], records[kind].fields[0].offset));
    engine_refuse(error, ENGINE_ERROR_REFERENCE, "Entity not found: %s %.255s", records[kind].word,
                  name);
    return NULL;
}

char *engine_resolve(Engine *engine, const char *kind, const char *name, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(resolvable); i++)
        if (g_str_equal(resolvable[i].word, kind))
            return resolve_kind(engine, resolvable[i].kind, name, error);
    engine_refuse(error, ENGINE_ERROR_REFERENCE, "Entity not found: %.64s", kind);
    return NULL;
}

/* ---- data centers ---- */

static gboolean tell(Engine *engine, EventCode code, const Actor *actor, const char *name,
                     GError **error)
{
    EventSubject subject = {.actor = actor, .name = name};
    return event_add(engine, code, &subject, error);
}

/* What still refers to it keeps it. */
static gboolean still_used(GError **error, const char *type)
{
    if (!error || !g_error_matches(*error, STORE_ERROR, STORE_ERROR_REFERENCE))
        return engine_translate(error);
    g_clear_error(error);
    return engine_refuse(error, ENGINE_ERROR_CONFLICT, "Cannot remove %s. It is still in use.",
                         type);
}

DataCenter *engine_data_center_add(Engine *engine, const Actor *actor, const DataCenter *wish,
                                   GError **error)
{
    if (!name_check(wish->name, "add", "Data Center", error))
        return NULL;
    g_autoptr(DataCenter) center = data_center_copy(wish);
    g_free(center->id);
    center->id = g_uuid_string_random();
    if (!store_data_center_insert(engine->store, center, error)) {
        name_conflict(error, "add", "Data Center");
        return NULL;
    }
    if (!tell(engine, EVENT_DATA_CENTER_ADDED, actor, center->name, error))
        return NULL;
    return g_steal_pointer(&center);
}

gboolean engine_data_center_update(Engine *engine, const Actor *actor, const DataCenter *wish,
                                   GError **error)
{
    if (!name_check(wish->name, "edit", "Data Center", error))
        return FALSE;
    if (!store_data_center_update(engine->store, wish, error))
        return name_conflict(error, "edit", "Data Center");
    return tell(engine, EVENT_DATA_CENTER_UPDATED, actor, wish->name, error);
}

gboolean engine_data_center_remove(Engine *engine, const Actor *actor, const char *id,
                                   GError **error)
{
    g_autoptr(DataCenter) center = engine_data_center(engine, id, error);
    if (!center)
        return FALSE;
    if (!store_data_center_remove(engine->store, id, error))
        return still_used(error, "Data Center");
    return tell(engine, EVENT_DATA_CENTER_REMOVED, actor, center->name, error);
}

/* Without a reference it is the default one. */
static gboolean data_center_place(Engine *engine, char **id, GError **error)
{
    if (!*id) {
        *id = resolve_kind(engine, ENTITY_DATA_CENTER, DEFAULT_DATA_CENTER, error);
        return *id != NULL;
    }
    g_autoptr(DataCenter) center = store_data_center(engine->store, *id, error);
    return center || engine_reference(error, "Data Center");
}

/* ---- clusters ---- */

/* Levels of the eras 3.x and 4.x; whether a host serves one is the host's to say. */
static gboolean cluster_check(const Cluster *cluster, const char *verb, GError **error)
{
    if (!name_check(cluster->name, verb, "Cluster", error))
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
        return still_used(error, "Cluster");
    EventSubject subject = {.actor = actor, .cluster = cluster};
    return event_add(engine, EVENT_CLUSTER_REMOVED, &subject, error);
}

/* ---- networks ---- */

/* oVirt's rule: the bridge is called like the network where Linux allows, else "on" and part of the
 * id. */
static void network_default_bridge(Network *network)
{
    if (network->bridge)
        return;
    if (bridge_is_valid(network->name)) {
        network->bridge = g_strdup(network->name);
        return;
    }
    g_auto(GStrv) parts = g_strsplit(network->id, "-", -1);
    g_autofree char *digits = g_strjoinv("", parts);
    network->bridge = g_strdup_printf("on%.13s", digits);
}

static gboolean network_check(Engine *engine, Network *network, const char *verb, GError **error)
{
    if (!name_check(network->name, verb, "Network", error) ||
        !data_center_place(engine, &network->data_center_id, error))
        return FALSE;
    network_default_bridge(network);
    return bridge_is_valid(network->bridge) ||
           engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "Cannot %s Network. The bridge '%.64s' is not allowed: it must be 1 to 15 "
                         "characters out of a-z, A-Z, 0-9, '-', '_' and '.'.",
                         verb, network->bridge);
}

Network *engine_network_add(Engine *engine, const Actor *actor, const Network *wish, GError **error)
{
    g_autoptr(Network) network = network_copy(wish);
    g_free(network->id);
    network->id = g_uuid_string_random();
    if (!network_check(engine, network, "add", error))
        return NULL;
    if (!store_network_insert(engine->store, network, error)) {
        name_conflict(error, "add", "Network");
        return NULL;
    }
    if (!tell(engine, EVENT_NETWORK_ADDED, actor, network->name, error))
        return NULL;
    return g_steal_pointer(&network);
}

gboolean engine_network_update(Engine *engine, const Actor *actor, const Network *wish,
                               GError **error)
{
    g_autoptr(Network) network = network_copy(wish);
    if (!network_check(engine, network, "edit", error))
        return FALSE;
    if (!store_network_update(engine->store, network, error))
        return name_conflict(error, "edit", "Network");
    return tell(engine, EVENT_NETWORK_UPDATED, actor, network->name, error);
}

gboolean engine_network_remove(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Network) network = engine_network(engine, id, error);
    if (!network)
        return FALSE;
    if (!store_network_remove(engine->store, id, error))
        return still_used(error, "Network");
    return tell(engine, EVENT_NETWORK_REMOVED, actor, network->name, error);
}
