/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/search.h"

/* Reading: lists of every kind, one of every kind, an id by name. */

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
