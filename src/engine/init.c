/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/private.h"

/* The one-time set-up of a store, and its users. */

#define ADMINISTRATOR "admin@internal"

char *engine_user_hash(Engine *engine, const char *user, GError **error)
{
    char *hash = store_user_hash(engine->store, user, error);
    if (!hash)
        engine_translate(error);
    return hash;
}

/* TRUE if it is there, or was added. */
static gboolean kept(gboolean inserted, GError *failure, GError **error)
{
    if (inserted)
        return TRUE;
    if (g_error_matches(failure, STORE_ERROR, STORE_ERROR_CONFLICT)) {
        g_error_free(failure);
        return TRUE;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

static char *data_center_id(Store *store, GError **error)
{
    StoreCondition named = {.column = "name", .text = "Default"};
    StoreQuery query = {.conditions = &named, .n_conditions = 1};
    g_autoptr(GPtrArray) found = store_data_center_list(store, &query, error);
    if (!found)
        return NULL;
    if (found->len)
        return g_strdup(((DataCenter *)found->pdata[0])->id);
    g_autofree char *id = g_uuid_string_random();
    DataCenter center = {
        .id = id, .name = (char *)"Default", .description = (char *)"The default Data Center"};
    return store_data_center_insert(store, &center, error) ? g_steal_pointer(&id) : NULL;
}

static gboolean add_defaults(Store *store, GError **error)
{
    g_autofree char *center = data_center_id(store, error);
    g_autofree char *cluster_id = g_uuid_string_random();
    g_autofree char *network_id = g_uuid_string_random();
    if (!center)
        return FALSE;
    Cluster cluster = {.id = cluster_id,
                       .name = (char *)"Default",
                       .description = (char *)"The default server cluster",
                       .data_center_id = center,
                       .level_major = 4,
                       .level_minor = 7};
    Network network = {.id = network_id,
                       .name = (char *)"ovirtmgmt",
                       .description = (char *)"Management Network",
                       .data_center_id = center,
                       .bridge = (char *)"ovirtmgmt"};
    GError *failure = NULL;
    gboolean inserted = store_cluster_insert(store, &cluster, &failure);
    if (!kept(inserted, failure, error))
        return FALSE;
    failure = NULL;
    inserted = store_network_insert(store, &network, &failure);
    return kept(inserted, failure, error);
}

gboolean engine_init_store(const char *path, const char *password_hash, GError **error)
{
    g_autoptr(Store) store = store_open(path, STORE_MIGRATE, error);
    if (!store || !store_begin(store, error))
        return engine_translate(error);
    if (add_defaults(store, error) &&
        store_user_set_hash(store, ADMINISTRATOR, password_hash, error) &&
        store_commit(store, error))
        return TRUE;
    store_rollback(store);
    return engine_translate(error);
}
