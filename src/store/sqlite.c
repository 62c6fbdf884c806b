/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

/*
 * The SQLite backend. One file in WAL mode, so that engine-config may read and write it while the
 * engine runs; every commit reaches the disk (synchronous=FULL). Statements are prepared once and
 * kept by their text.
 */

#define BUSY_TIMEOUT_MS 5000
#define STATEMENTS_KEPT 256 /* more kinds of searches than that: start over */

typedef struct {
    sqlite3 *db;
    GHashTable *statements; /* SQL -> sqlite3_stmt */
    char *path;
} Sqlite;

static StoreError error_kind(int code)
{
    static const struct {
        int code;
        StoreError kind;
    } kinds[] = {
        {SQLITE_BUSY, STORE_ERROR_LOCKED},     {SQLITE_LOCKED, STORE_ERROR_LOCKED},
        {SQLITE_CORRUPT, STORE_ERROR_DAMAGED}, {SQLITE_NOTADB, STORE_ERROR_DAMAGED},
        {SQLITE_CANTOPEN, STORE_ERROR_OPEN},   {SQLITE_PERM, STORE_ERROR_OPEN},
        {SQLITE_READONLY, STORE_ERROR_OPEN},   {SQLITE_AUTH, STORE_ERROR_OPEN},
    };
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return STORE_ERROR_CONFLICT;
    if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
        return STORE_ERROR_REFERENCE;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].code == (code & 0xff))
            return kinds[i].kind;
    return STORE_ERROR_FAILED;
}

static gboolean fail(const Sqlite *sqlite, GError **error)
{
    g_set_error(error, STORE_ERROR, error_kind(sqlite3_extended_errcode(sqlite->db)),
                "database %s: %s", sqlite->path, sqlite3_errmsg(sqlite->db));
    return FALSE;
}

static void statement_free(gpointer statement)
{
    (void)sqlite3_finalize(statement); /* repeats the error of the last run, long reported */
}

static void sqlite_close(gpointer connection)
{
    Sqlite *sqlite = connection;
    g_hash_table_unref(sqlite->statements);
    sqlite3_close_v2(sqlite->db);
    g_free(sqlite->path);
    g_free(sqlite);
}

static gboolean sqlite_script(gpointer connection, const char *sql, GError **error)
{
    Sqlite *sqlite = connection;
    if (sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(sqlite, error);
    return TRUE;
}

static sqlite3_stmt *statement_lookup(Sqlite *sqlite, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(sqlite->statements, sql);
    if (statement)
        return statement;
    if (sqlite3_prepare_v3(sqlite->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        fail(sqlite, error);
        return NULL;
    }
    if (g_hash_table_size(sqlite->statements) >= STATEMENTS_KEPT)
        g_hash_table_remove_all(sqlite->statements);
    g_hash_table_insert(sqlite->statements, g_strdup(sql), statement);
    return statement;
}

static void bind(sqlite3_stmt *statement, const StoreValue *values, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (values[i].is_null)
            sqlite3_bind_null(statement, (int)i + 1);
        else if (values[i].text)
            sqlite3_bind_text(statement, (int)i + 1, values[i].text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(statement, (int)i + 1, values[i].number);
    }
}

static void take_row(sqlite3_stmt *statement, StoreRowFunc row, gpointer data)
{
    StoreValue columns[RECORD_MAX_FIELDS];
    guint n = MIN((guint)sqlite3_column_count(statement), RECORD_MAX_FIELDS);
    for (guint i = 0; i < n; i++) {
        int type = sqlite3_column_type(statement, (int)i);
        if (type == SQLITE_NULL)
            columns[i] = STORE_TEXT(NULL);
        else if (type == SQLITE_INTEGER)
            columns[i] = STORE_NUMBER(sqlite3_column_int64(statement, (int)i));
        else
            columns[i] = STORE_TEXT((const char *)sqlite3_column_text(statement, (int)i));
    }
    row(columns, n, data);
}

static gboolean sqlite_run(gpointer connection, const char *sql, const StoreValue *values,
                           guint n_values, StoreRowFunc row, gpointer data, guint *changed,
                           GError **error)
{
    Sqlite *sqlite = connection;
    sqlite3_stmt *statement = statement_lookup(sqlite, sql, error);
    if (!statement)
        return FALSE;
    bind(statement, values, n_values);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        if (row)
            take_row(statement, row, data);
    if (code != SQLITE_DONE)
        fail(sqlite, error);
    else if (changed)
        *changed = (guint)sqlite3_changes(sqlite->db);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE;
}

static const StoreBackend sqlite_backend = {
    .begin = "BEGIN IMMEDIATE", /* a read turned into a write could find the database changed */
    .close = sqlite_close,
    .script = sqlite_script,
    .run = sqlite_run,
};

/* Makes an empty file that only its owner may read, before SQLite would make one for everybody. */
static gboolean create_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        g_set_error(error, STORE_ERROR, STORE_ERROR_OPEN, "database %s cannot be created: %s", path,
                    g_strerror(errno));
        return FALSE;
    }
    close(fd);
    return TRUE;
}

static gboolean check_file(const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    g_set_error(error, STORE_ERROR, STORE_ERROR_OPEN, "database %s: %s", path,
                g_file_test(path, G_FILE_TEST_EXISTS) ? "is not a regular file" : "does not exist");
    return FALSE;
}

static void take_check(const StoreValue *columns, guint n_columns, gpointer data)
{
    char **verdict = data;
    if (!*verdict)
        *verdict = g_strdup(columns[0].text);
}

static gboolean check_sound(Sqlite *sqlite, GError **error)
{
    g_autofree char *verdict = NULL;
    if (!sqlite_run(sqlite, "PRAGMA quick_check(1)", NULL, 0, take_check, &verdict, NULL, error))
        return FALSE;
    if (g_strcmp0(verdict, "ok") == 0)
        return TRUE;
    g_set_error(error, STORE_ERROR, STORE_ERROR_DAMAGED, "database %s is damaged: %s", sqlite->path,
                verdict ? verdict : "no answer to the check");
    return FALSE;
}

/* case_sensitive_like: LIKE as PostgreSQL understands it. */
static gboolean configure(Sqlite *sqlite, GError **error)
{
    sqlite3_busy_timeout(sqlite->db, BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(sqlite->db, 1);
    return sqlite_script(sqlite, "PRAGMA case_sensitive_like=ON; PRAGMA foreign_keys=ON;", error) &&
           check_sound(sqlite, error) &&
           sqlite_script(sqlite, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", error);
}

gboolean sqlite_backend_open(const char *path, gboolean create, Store *store, GError **error)
{
    if (create ? !create_file(path, error) : !check_file(path, error))
        return FALSE;
    Sqlite *sqlite = g_new0(Sqlite, 1);
    sqlite->path = g_strdup(path);
    sqlite->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, statement_free);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    gboolean opened = sqlite3_open_v2(path, &sqlite->db, flags, NULL) == SQLITE_OK;
    if (!opened)
        fail(sqlite, error);
    if (!opened || !configure(sqlite, error)) {
        sqlite_close(sqlite);
        return FALSE;
    }
    store->backend = &sqlite_backend;
    store->connection = sqlite;
    return TRUE;
}
