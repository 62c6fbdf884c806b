/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backend.h"

G_DEFINE_QUARK(tapwall - store - error, store_error)

Store *store_open(const char *path, StoreMode mode, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);
    if (!sqlite_backend_open(path, mode == STORE_MIGRATE, store, error) ||
        !migrations_apply(store, mode == STORE_MIGRATE, error))
        return NULL;
    return g_steal_pointer(&store);
}

void store_free(Store *store)
{
    if (!store)
        return;
    if (store->connection)
        store->backend->close(store->connection);
    g_free(store);
}

guint store_schema_version(const Store *store)
{
    return store->schema;
}

gboolean store_begin(Store *store, GError **error)
{
    return store->backend->script(store->connection, store->backend->begin, error);
}

gboolean store_commit(Store *store, GError **error)
{
    return store->backend->script(store->connection, "COMMIT", error);
}

void store_rollback(Store *store)
{
    /* Only fails when nothing is open any more, which is what was asked for. */
    (void)store->backend->script(store->connection, "ROLLBACK", NULL);
}

gboolean store_run(Store *store, const char *sql, const StoreValue *values, guint n_values,
                   StoreRowFunc row, gpointer data, guint *changed, GError **error)
{
    return store->backend->run(store->connection, sql, values, n_values, row, data, changed, error);
}
