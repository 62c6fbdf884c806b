/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/backend.h"

/* From queries to SQL and from rows to entities. Private to the room. */

/* "SELECT a, b FROM t" + where + order + limit, with the values of its parameters. */
typedef struct {
    GString *sql;
    GArray *values;   /* StoreValue */
    GPtrArray *texts; /* owns the texts made for values */
} Sql;

Sql *sql_new(const char *start);
void sql_free(Sql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sql, sql_free)

/* Appends "$n" for a value. */
void sql_value(Sql *sql, StoreValue value);

/* Appends " WHERE ...", for a column that the record does not have STORE_ERROR_FAILED. */
gboolean sql_where(Sql *sql, const Record *record, const StoreQuery *query, GError **error);
gboolean sql_order(Sql *sql, const Record *record, const StoreQuery *query, GError **error);

/* Appends "a, b, c", all columns of the record. */
void sql_columns(Sql *sql, const Record *record);

gboolean sql_run(Store *store, const Sql *sql, StoreRowFunc row, gpointer data, guint *changed,
                 GError **error);

/* The value of one member, and the entity of one row as sql_columns() orders it. */
StoreValue record_value(const Field *field, gconstpointer entity);
gpointer record_from_row(const Record *record, const StoreValue *columns);

/* What is done with every kind (crud.c): the entities a query finds, and a new row. */
GPtrArray *rows_list(Store *store, EntityKind kind, const StoreQuery *query, GError **error);
gboolean rows_insert(Store *store, EntityKind kind, gconstpointer entity, GError **error);

/* A StoreRowFunc: data is a gint64 for the first column. */
void row_take_number(const StoreValue *columns, guint n_columns, gpointer data);
