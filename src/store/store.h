/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/record.h"

/*
 * The store: the entities of one deployment, kept in a database.
 *
 * A Store is one connection, used by one thread at a time. Behind it is a backend (backend.h):
 * SQLite now. Opening brings the schema up to date by numbered migrations, each a transaction of
 * its own, or checks it when the caller may not change it. Uniqueness of names and MAC addresses
 * and references between entities are enforced here, by the database; everything else is the
 * engine's.
 */
typedef struct Store Store;

#define STORE_ERROR store_error_quark()
typedef enum {
    STORE_ERROR_OPEN,    /* cannot be opened: missing, no permission, missing folder */
    STORE_ERROR_LOCKED,  /* another process holds it longer than the busy timeout */
    STORE_ERROR_DAMAGED, /* not a database, or one whose check fails */
    STORE_ERROR_SCHEMA,  /* schema newer than this program knows, or older and not to be changed */
    STORE_ERROR_NOT_FOUND, /* no such row */
    STORE_ERROR_CONFLICT,  /* a name or MAC address that must be unique is taken */
    STORE_ERROR_REFERENCE, /* names an entity that does not exist, or removes one still in use */
    STORE_ERROR_FAILED,    /* the database refused for another reason: disk full, ... */
} StoreError;
GQuark store_error_quark(void);

typedef enum {
    STORE_EXISTING, /* must exist with today's schema: for tools beside the running engine */
    STORE_MIGRATE,  /* created (mode 0600) or migrated as needed */
} StoreMode;

Store *store_open(const char *path, StoreMode mode, GError **error);
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* The number of the last migration applied, and of the last one known. */
guint store_schema_version(const Store *store);
guint store_schema_latest(void);

/* Between begin and commit everything is done, or nothing. Not nested. A single change outside is a
 * transaction of its own. store_rollback() never fails. */
gboolean store_begin(Store *store, GError **error);
gboolean store_commit(Store *store, GError **error);
void store_rollback(Store *store);

/* ---- options ---- */

/* The options called name, NULL for all, of version, NULL for all, by name and version; an empty
 * array when there is none. */
GPtrArray *store_options(Store *store, const char *name, const char *version, GError **error);

/* Changes the value of the one row (name, version); STORE_ERROR_NOT_FOUND when there is none. */
gboolean store_option_set(Store *store, const char *name, const char *version, const char *value,
                          GError **error);

/* ---- entities ---- */

typedef enum {
    MATCH_EQUAL,
    MATCH_NOT_EQUAL,
    MATCH_LIKE, /* text with '*' for any characters, case counts */
    MATCH_NOT_LIKE,
    MATCH_LESS,
    MATCH_GREATER,
    MATCH_NOT_LESS,
    MATCH_NOT_GREATER,
} StoreMatch;

/* One comparison of a column with text or, when that is NULL, with number. */
typedef struct {
    const char *column;
    StoreMatch match;
    const char *text;
    gint64 number;
    gboolean or_else;       /* joined to the one before by OR instead of AND, which binds tighter */
    gboolean by_name;       /* column holds an id of kind via: compare the name of that entity, */
    const char *via_column; /* or this column of it */
    EntityKind via;
} StoreCondition;

#define STORE_MAX_CONDITIONS 16

typedef struct {
    const StoreCondition *conditions;
    guint n_conditions;
    const char *order_by; /* a column, or NULL for the kind's usual order */
    gboolean descending;
    gint64 limit; /* 0 for none */
    gint64 offset;
} StoreQuery;

/* Typed access to each kind. A get or change of an unknown id fails with STORE_ERROR_NOT_FOUND.
 * Lists own their entities; query NULL means all. */
#define STORE_DECLARE(Type, prefix)                                                                \
    Type *store_##prefix(Store *store, const char *id, GError **error);                            \
    GPtrArray *store_##prefix##_list(Store *store, const StoreQuery *query, GError **error);       \
    gboolean store_##prefix##_insert(Store *store, const Type *entity, GError **error);            \
    gboolean store_##prefix##_update(Store *store, const Type *entity, GError **error);            \
    gboolean store_##prefix##_remove(Store *store, const char *id, GError **error);

STORE_DECLARE(DataCenter, data_center)
STORE_DECLARE(Cluster, cluster)
STORE_DECLARE(Host, host)
STORE_DECLARE(Network, network)
STORE_DECLARE(Vm, vm)
STORE_DECLARE(Nic, nic)
STORE_DECLARE(NetworkFilter, network_filter)

/* How many entities of kind a query finds, its limit aside; -1 on error. */
gint64 store_count(Store *store, EntityKind kind, const StoreQuery *query, GError **error);

/* ---- events: appended with ascending ids, trimmed at the old end ---- */

/* Sets event->id. */
gboolean store_event_append(Store *store, Event *event, GError **error);
Event *store_event(Store *store, gint64 id, GError **error);
GPtrArray *store_event_list(Store *store, const StoreQuery *query, GError **error);
/* Keeps the newest keep events. */
gboolean store_event_trim(Store *store, guint keep, GError **error);

/* ---- users ---- */

/* The password hash of user; STORE_ERROR_NOT_FOUND. */
char *store_user_hash(Store *store, const char *user, GError **error);
/* Sets it, for a new or a known user. */
gboolean store_user_set_hash(Store *store, const char *user, const char *hash, GError **error);
