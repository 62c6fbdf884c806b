/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

/* The four things done with every kind of entity, from the tables of record.c. */

typedef struct {
    const Record *record;
    GPtrArray *rows;
} Rows;

static void add_row(const StoreValue *columns, guint n_columns, gpointer data)
{
    Rows *rows = data;
    g_assert(n_columns == rows->record->n_fields);
    g_ptr_array_add(rows->rows, record_from_row(rows->record, columns));
}

static GPtrArray *list(Store *store, EntityKind kind, const StoreQuery *query, GError **error)
{
    const Record *record = &records[kind];
    g_autoptr(Sql) sql = sql_new("SELECT ");
    sql_columns(sql, record);
    g_string_append_printf(sql->sql, " FROM %s", record->table);
    if (!sql_where(sql, record, query, error) || !sql_order(sql, record, query, error))
        return NULL;
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(record->free);
    if (!sql_run(store, sql, add_row, &(Rows){record, rows}, NULL, error))
        return NULL;
    return g_steal_pointer(&rows);
}

static gboolean no_such(const Record *record, const char *id, GError **error)
{
    g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "no %s with id %s", record->word, id);
    return FALSE;
}

static gpointer get(Store *store, EntityKind kind, const char *id, GError **error)
{
    StoreCondition condition = {.column = records[kind].fields[0].column, .text = id};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1};
    g_autoptr(GPtrArray) rows = list(store, kind, &query, error);
    if (!rows)
        return NULL;
    if (rows->len == 0) {
        no_such(&records[kind], id, error);
        return NULL;
    }
    return g_ptr_array_steal_index(rows, 0);
}

static gboolean insert(Store *store, EntityKind kind, gconstpointer entity, GError **error)
{
    const Record *record = &records[kind];
    g_autoptr(Sql) sql = sql_new("INSERT INTO ");
    g_string_append_printf(sql->sql, "%s (", record->table);
    sql_columns(sql, record);
    g_string_append(sql->sql, ") VALUES (");
    for (guint i = 0; i < record->n_fields; i++) {
        if (i)
            g_string_append(sql->sql, ", ");
        sql_value(sql, record_value(&record->fields[i], entity));
    }
    g_string_append_c(sql->sql, ')');
    return sql_run(store, sql, NULL, NULL, NULL, error);
}

static gboolean change(Store *store, const Record *record, const Sql *sql, const char *id,
                       GError **error)
{
    guint changed;
    if (!sql_run(store, sql, NULL, NULL, &changed, error))
        return FALSE;
    return changed == 1 || no_such(record, id, error);
}

static gboolean update(Store *store, EntityKind kind, gconstpointer entity, GError **error)
{
    const Record *record = &records[kind];
    g_autoptr(Sql) sql = sql_new("UPDATE ");
    g_string_append_printf(sql->sql, "%s SET ", record->table);
    for (guint i = 1; i < record->n_fields; i++) {
        g_string_append_printf(sql->sql, "%s%s = ", i > 1 ? ", " : "", record->fields[i].column);
        sql_value(sql, record_value(&record->fields[i], entity));
    }
    StoreValue key = record_value(&record->fields[0], entity);
    g_string_append_printf(sql->sql, " WHERE %s = ", record->fields[0].column);
    sql_value(sql, key);
    return change(store, record, sql, key.text, error);
}

static gboolean remove_row(Store *store, EntityKind kind, const char *id, GError **error)
{
    const Record *record = &records[kind];
    g_autoptr(Sql) sql = sql_new("DELETE FROM ");
    g_string_append_printf(sql->sql, "%s WHERE %s = ", record->table, record->fields[0].column);
    sql_value(sql, STORE_TEXT(id));
    return change(store, record, sql, id, error);
}

static void take_number(const StoreValue *columns, guint n_columns, gpointer data)
{
    *(gint64 *)data = columns[0].number;
}

gint64 store_count(Store *store, EntityKind kind, const StoreQuery *query, GError **error)
{
    g_autoptr(Sql) sql = sql_new("SELECT COUNT(*) FROM ");
    g_string_append(sql->sql, records[kind].table);
    gint64 count = -1;
    if (!sql_where(sql, &records[kind], query, error) ||
        !sql_run(store, sql, take_number, &count, NULL, error))
        return -1;
    return count;
}

#define STORE_DEFINE(Type, prefix, kind)                                                           \
    Type *store_##prefix(Store *store, const char *id, GError **error)                             \
    {                                                                                              \
        return get(store, kind, id, error);                                                        \
    }                                                                                              \
    GPtrArray *store_##prefix##_list(Store *store, const StoreQuery *query, GError **error)        \
    {                                                                                              \
        return list(store, kind, query, error);                                                    \
    }                                                                                              \
    gboolean store_##prefix##_insert(Store *store, const Type *entity, GError **error)             \
    {                                                                                              \
        return insert(store, kind, entity, error);                                                 \
    }                                                                                              \
    gboolean store_##prefix##_update(Store *store, const Type *entity, GError **error)             \
    {                                                                                              \
        return update(store, kind, entity, error);                                                 \
    }                                                                                              \
    gboolean store_##prefix##_remove(Store *store, const char *id, GError **error)                 \
    {                                                                                              \
        return remove_row(store, kind, id, error);                                                 \
    }

STORE_DEFINE(DataCenter, data_center, ENTITY_DATA_CENTER)
STORE_DEFINE(Cluster, cluster, ENTITY_CLUSTER)
STORE_DEFINE(Host, host, ENTITY_HOST)
STORE_DEFINE(Network, network, ENTITY_NETWORK)
STORE_DEFINE(Vm, vm, ENTITY_VM)
STORE_DEFINE(Nic, nic, ENTITY_NIC)
STORE_DEFINE(NetworkFilter, network_filter, ENTITY_NETWORK_FILTER)

GPtrArray *store_event_list(Store *store, const StoreQuery *query, GError **error)
{
    return list(store, ENTITY_EVENT, query, error);
}

Event *store_event(Store *store, gint64 id, GError **error)
{
    StoreCondition condition = {.column = "audit_log_id", .number = id};
    StoreQuery query = {.conditions = &condition, .n_conditions = 1};
    g_autoptr(GPtrArray) rows = list(store, ENTITY_EVENT, &query, error);
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
                   take_number, &id, NULL, error))
        return FALSE;
    event->id = id;
    return insert(store, ENTITY_EVENT, event, error);
}

gboolean store_event_trim(Store *store, guint keep, GError **error)
{
    StoreValue value = STORE_NUMBER(keep);
    return store_run(store,
                     "DELETE FROM audit_log WHERE audit_log_id <= "
                     "(SELECT MAX(audit_log_id) FROM audit_log) - $1",
                     &value, 1, NULL, NULL, NULL, error);
}

GPtrArray *store_options(Store *store, const char *name, const char *version, GError **error)
{
    StoreCondition conditions[2];
    StoreQuery query = {.conditions = conditions};
    if (name)
        conditions[query.n_conditions++] = (StoreCondition){.column = "option_name", .text = name};
    if (version)
        conditions[query.n_conditions++] = (StoreCondition){.column = "version", .text = version};
    return list(store, ENTITY_OPTION, &query, error);
}

gboolean store_option_set(Store *store, const char *name, const char *version, const char *value,
                          GError **error)
{
    StoreValue values[] = {STORE_TEXT(value), STORE_TEXT(name), STORE_TEXT(version)};
    guint changed;
    if (!store_run(
            store,
            "UPDATE vdc_options SET option_value = $1 WHERE option_name = $2 AND version = $3",
            values, 3, NULL, NULL, &changed, error))
        return FALSE;
    if (changed == 1)
        return TRUE;
    g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "no option %s with version %s", name,
                version);
    return FALSE;
}

static void take_text(const StoreValue *columns, guint n_columns, gpointer data)
{
    *(char **)data = g_strdup(columns[0].text);
}

char *store_user_hash(Store *store, const char *user, GError **error)
{
    StoreValue value = STORE_TEXT(user);
    char *hash = NULL;
    if (!store_run(store, "SELECT password_hash FROM users WHERE user_name = $1", &value, 1,
                   take_text, &hash, NULL, error))
        return NULL;
    if (!hash)
        g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "no user %s", user);
    return hash;
}

gboolean store_user_set_hash(Store *store, const char *user, const char *hash, GError **error)
{
    StoreValue values[] = {STORE_TEXT(user), STORE_TEXT(hash)};
    return store_run(store,
                     "INSERT INTO users (user_name, password_hash) VALUES ($1, $2) "
                     "ON CONFLICT (user_name) DO UPDATE SET password_hash = excluded.password_hash",
                     values, 2, NULL, NULL, NULL, error);
}
