/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/inventory.h"

/* Data centers, and what is shared with the files of the other things they hold. */

#define DEFAULT_DATA_CENTER "Default"

gboolean inventory_tell(Engine *engine, EventCode code, const Actor *actor, const char *name,
                        GError **error)
{
    EventSubject subject = {.actor = actor, .name = name};
    return event_add(engine, code, &subject, error);
}

gboolean inventory_still_used(GError **error, const char *type)
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
    if (!name_check(wish->name, "add", "Data Center", error) ||
        !description_check(wish->description, "add", "Data Center", error))
        return NULL;
    g_autoptr(DataCenter) center = data_center_copy(wish);
    g_free(center->id);
    center->id = g_uuid_string_random();
    if (!store_data_center_insert(engine->store, center, error)) {
        name_conflict(error, "add", "Data Center");
        return NULL;
    }
    if (!inventory_tell(engine, EVENT_DATA_CENTER_ADDED, actor, center->name, error))
        return NULL;
    return g_steal_pointer(&center);
}

gboolean engine_data_center_update(Engine *engine, const Actor *actor, const DataCenter *wish,
                                   GError **error)
{
    if (!name_check(wish->name, "edit", "Data Center", error) ||
        !description_check(wish->description, "edit", "Data Center", error))
        return FALSE;
    if (!store_data_center_update(engine->store, wish, error))
        return name_conflict(error, "edit", "Data Center");
    return inventory_tell(engine, EVENT_DATA_CENTER_UPDATED, actor, wish->name, error);
}

gboolean engine_data_center_remove(Engine *engine, const Actor *actor, const char *id,
                                   GError **error)
{
    g_autoptr(DataCenter) center = engine_data_center(engine, id, error);
    if (!center)
        return FALSE;
    if (!store_data_center_remove(engine->store, id, error))
        return inventory_still_used(error, "Data Center");
    return inventory_tell(engine, EVENT_DATA_CENTER_REMOVED, actor, center->name, error);
}

gboolean data_center_place(Engine *engine, char **id, GError **error)
{
    if (!*id) {
        *id = engine_resolve(engine, "datacenter", DEFAULT_DATA_CENTER, error);
        return *id != NULL;
    }
    g_autoptr(DataCenter) center = store_data_center(engine->store, *id, error);
    return center || engine_reference(error, "Data Center");
}
