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

GPtrArray *rows_list(Store *store, EntityKind kind, const StoreQuery *query, GError **error)
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
    g_autoptr(GPtrArray) rows = rows_list(store, kind, &query, error);
    if (!rows)
        return NULL;
    if (rows->len == 0) {
        no_such(&records[kind], id, error);
        return NULL;
    }
    return g_ptr_array_steal_index(rows, 0);
}

gboolean rows_insert(Store *store, EntityKind kind, gconstpointer entity, GError **error)
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

void row_take_number(const StoreValue *columns, guint n_columns, gpointer data)
{
    *(gint64 *)data = columns[0].number;
}

gint64 store_count(Store *store, EntityKind kind, const StoreQuery *query, GError **error)
{
    g_autoptr(Sql) sql = sql_new("SELECT COUNT(*) FROM ");
    g_string_append(sql->sql, records[kind].table);
    gint64 count = -1;
    if (!sql_where(sql, &records[kind], query, error) ||
        !sql_run(store, sql, row_take_number, &count, NULL, error))
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
        return rows_list(store, kind, query, error);                                               \
    }                                                                                              \
    gboolean store_##prefix##_insert(Store *store, const Type *entity, GError **error)             \
    {                                                                                              \
        return rows_insert(store, kind, entity, error);                                            \
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
