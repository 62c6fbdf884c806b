/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

GPtrArray *store_event_list(Store *store, const StoreQuery *query, GError **error)
{
    return rows_list(store, ENTITY_EVENT, query, error);
}

Event *store_event(Store *store, gint64 id, GError **error)
{
    StoreCondition condition = {.column = "audit_log_id", .number = id};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1};
    g_autoptr(GPtrArray) rows = rows_list(store, ENTITY_EVENT, &query, error);
    if (!rows)
        return NULL;
    if (rows->len == 0) {
        g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "no event with id %" G_GINT64_FORMAT,
                    id);
        return NULL;
    }
    return g_ptr_array_steal_index(rows, 0);
}

/* The highest id stays when old events are trimmed, so ids keep ascending. */
gboolean store_event_append(Store *store, Event *event, GError **error)
{
    gint64 id = 0;
    if (!store_run(store, "SELECT COALESCE(MAX(audit_log_id), 0) + 1 FROM audit_log", NULL, 0,
                   row_take_number, &id, NULL, error))
        return FALSE;
    event->id = id;
    return rows_insert(store, ENTITY_EVENT, event, error);
}

gboolean store_event_trim(Store *store, guint keep, GError **error)
{
    StoreValue value = STORE_NUMBER(keep);
    return store_run(store,
                     "DELETE FROM audit_log WHERE audit_log_id <= "
                     "(SELECT MAX(audit_log_id) FROM audit_log) - $1",
                     &value, 1, NULL, NULL, NULL, error);
}
