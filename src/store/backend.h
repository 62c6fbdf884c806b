/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/store.h"

/*
 * What a database must do for the store: run SQL with values, row by row. The SQL is the subset
 * that SQLite and PostgreSQL share, with parameters $1, $2, ... in the order of their first use.
 * Private to the room.
 */

/* text is borrowed, NULL for a number; is_null for neither. */
typedef struct {
    const char *text;
    gint64 number;
    gboolean is_null;
} StoreValue;

#define STORE_TEXT(value)                                                                          \
    (StoreValue)                                                                                   \
    {                                                                                              \
        .text = (value), .is_null = !(value)                                                       \
    }
#define STORE_NUMBER(value)                                                                        \
    (StoreValue)                                                                                   \
    {                                                                                              \
        .number = (value)                                                                          \
    }

/* Takes one row of a result; the values live until it returns. */
typedef void (*StoreRowFunc)(const StoreValue *columns, guint n_columns, gpointer data);

typedef struct {
    const char *begin; /* the SQL that starts a transaction that will write */
    void (*close)(gpointer connection);
    /* Runs statements without parameters or rows. */
    gboolean (*script)(gpointer connection, const char *sql, GError **error);
    /* Runs one prepared statement (kept for the next time); row may be NULL. changed, if not NULL,
     * is set to the number of rows written. */
    gboolean (*run)(gpointer connection, const char *sql, const StoreValue *values, guint n_values,
                    StoreRowFunc row, gpointer data, guint *changed, GError **error);
} StoreBackend;

struct Store {
    const StoreBackend *backend;
    gpointer connection;
    guint schema;
};

/* Opens path and checks that it is a sound database. */
gboolean sqlite_backend_open(const char *path, gboolean create, Store *store, GError **error);

/* Applies what is missing, or (change FALSE) checks that nothing is. Sets store->schema. */
gboolean migrations_apply(Store *store, gboolean change, GError **error);

/* Shorthand for backend->run. */
gboolean store_run(Store *store, const char *sql, const StoreValue *values, guint n_values,
                   StoreRowFunc row, gpointer data, guint *changed, GError **error);
