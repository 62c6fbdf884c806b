/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backend.h"
#include "store/migrations-resource.h"

#include <gio/gio.h>

/*
 * The schema's history. Each row is a file of migrations/, applied once, in order, in a transaction
 * of its own that also records it in schema_version. A migration that has been released never
 * changes.
 */
static const char *const migrations[] = {
    "0001_base.sql",       "0002_mac_anti_spoofing_option.sql",    "0003_network_filter.sql",
    "0004_nic_report.sql", "0005_vm_serial_log_and_stop_wish.sql", "0006_nic_enforcement.sql",
};

#define RESOURCE_PREFIX "/tapwall/store/migrations/"

guint store_schema_latest(void)
{
    return G_N_ELEMENTS(migrations);
}

static void take_number(const StoreValue *columns, guint n_columns, gpointer data)
{
    *(guint *)data = (guint)columns[0].number;
}

static gboolean read_version(Store *store, guint *version, GError **error)
{
    return store_run(store, "SELECT COALESCE(MAX(id), 0) FROM schema_version", NULL, 0, take_number,
                     version, NULL, error);
}

static gboolean record(Store *store, guint number, GError **error)
{
    StoreValue values[] = {STORE_NUMBER(number), STORE_TEXT(migrations[number - 1]),
                           STORE_NUMBER(g_get_real_time() / G_USEC_PER_SEC)};
    return store_run(store,
                     "INSERT INTO schema_version (id, script, installed_on) VALUES ($1, $2, $3)",
                     values, 3, NULL, NULL, NULL, error);
}

static gboolean apply_script(Store *store, guint number, GError **error)
{
    g_autofree char *path = g_strconcat(RESOURCE_PREFIX, migrations[number - 1], NULL);
    g_autoptr(GBytes) script = g_resource_lookup_data(migrations_get_resource(), path,
                                                      G_RESOURCE_LOOKUP_FLAGS_NONE, error);
    if (!script)
        return FALSE;
    g_autofree char *text = g_strndup(g_bytes_get_data(script, NULL), g_bytes_get_size(script));
    return store->backend->script(store->connection, text, error) && record(store, number, error);
}

/* Two engines may open an old store at once: what counts is the version seen inside the
 * transaction. */
static gboolean apply_next(Store *store, GError **error)
{
    if (!store_begin(store, error))
        return FALSE;
    if (!read_version(store, &store->schema, error) ||
        (store->schema < store_schema_latest() && !apply_script(store, store->schema + 1, error)) ||
        !store_commit(store, error)) {
        store_rollback(store);
        g_prefix_error(error, "migration %u: ", store->schema + 1);
        return FALSE;
    }
    return read_version(store, &store->schema, error);
}

static gboolean check_version(Store *store, gboolean change, GError **error)
{
    if (store->schema > store_schema_latest()) {
        g_set_error(error, STORE_ERROR, STORE_ERROR_SCHEMA,
                    "the database has schema %u, newer than %u, the latest this program knows",
                    store->schema, store_schema_latest());
        return FALSE;
    }
    if (!change && store->schema < store_schema_latest()) {
        g_set_error(error, STORE_ERROR, STORE_ERROR_SCHEMA,
                    "the database has schema %u, older than %u: start tapwall-engine once, it "
                    "upgrades it",
                    store->schema, store_schema_latest());
        return FALSE;
    }
    return TRUE;
}

static void count_row(const StoreValue *columns, guint n_columns, gpointer data)
{
    ++*(guint *)data;
}

/* A database without our table is ours only when it is empty. */
static gboolean prepare(Store *store, gboolean change, GError **error)
{
    if (change)
        return store->backend->script(store->connection,
                                      "CREATE TABLE IF NOT EXISTS schema_version ("
                                      "id BIGINT PRIMARY KEY, script TEXT NOT NULL, "
                                      "installed_on BIGINT NOT NULL)",
                                      error);
    guint rows = 0;
    g_autoptr(GError) missing = NULL;
    if (store_run(store, "SELECT id FROM schema_version", NULL, 0, count_row, &rows, NULL,
                  &missing))
        return TRUE;
    if (!g_error_matches(missing, STORE_ERROR, STORE_ERROR_FAILED)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    g_set_error_literal(error, STORE_ERROR, STORE_ERROR_SCHEMA,
                        "the database is not one of tapwall-engine (it has no schema_version)");
    return FALSE;
}

gboolean migrations_apply(Store *store, gboolean change, GError **error)
{
    if (!prepare(store, change, error) || !read_version(store, &store->schema, error))
        return FALSE;
    while (change && store->schema < store_schema_latest())
        if (!apply_next(store, error))
            return FALSE;
    return check_version(store, change, error);
}
