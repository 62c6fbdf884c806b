/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>

#include "engine/engine.h"
#include "engine/pool.h"
#include "store/store.h"

/*
 * The engine's inside, for the files of this room.
 *
 * Who owns what: the worker owns store, pool, lanes, strangers, counts and outbox; the main loop
 * owns monitors; the rest is constant after engine_new().
 */

typedef struct Call Call;               /* call.h */
typedef struct HostMonitor HostMonitor; /* monitor.h */

typedef struct {
    guint poll_seconds;
    guint heartbeat_ms;
    guint reply_timeout_ms;
    guint connect_timeout_ms;
    guint grace_seconds;
    guint max_events;
} EngineTimes;

struct Engine {
    /* constant */
    EngineTimes times;
    TlsCredentials *credentials;
    gboolean anti_spoofing; /* EnableMACAntiSpoofingFilterRules as it was at start */
    GMainContext *context;  /* of the main loop */
    GThreadPool *worker;
    /* worker */
    Store *store;
    MacPool *pool;
    GHashTable *lanes;     /* VM id -> Lane, lane.h */
    GHashTable *strangers; /* "host VM" told about already */
    GHashTable *counts;    /* NIC id -> NicCounts, nic-counts.h */
    GPtrArray *outbox;     /* messages for the main loop, sent when the transaction is committed */
    GPtrArray *staged;     /* calls that join their lanes when the transaction is committed */
    GPtrArray *touched;    /* ids of VMs whose lanes are looked at after the commit */
    guint events_added;
    /* main loop */
    GHashTable *monitors; /* host id -> HostMonitor */
    gboolean started;
    /* both */
    _Atomic guint64 serial;
    _Atomic guint news; /* hosts' reports that wait for the worker */
    GMutex lock;
    GHashTable *sources; /* under lock: of the messages on their way to the main loop */
};

/* The next moment on the engine's own clock, which orders what hosts report and what changed since.
 */
guint64 engine_serial(Engine *engine);

/* ---- worker.c ---- */

/* Runs func(engine, data) on the main loop once the running transaction is committed. func takes
 * data; free_data is for when that never comes. */
typedef void (*MainFunc)(Engine *engine, gpointer data);
void engine_post(Engine *engine, MainFunc func, gpointer data, GDestroyNotify free_data);

void engine_outbox_init(Engine *engine);
/* Drops what was posted and has not run; the worker has ended. */
void engine_drop_messages(Engine *engine);

/* The thread pool's function. */
void engine_job_run(gpointer job, gpointer engine);

/* Like engine_submit() for work that nobody waits for; data is freed by free_data. */
void engine_submit_detached(Engine *engine, EngineWork work, gpointer data,
                            GDestroyNotify free_data);

/* What a work function returns when it has nothing to say. */
#define WORK_DONE GINT_TO_POINTER(1)

/* ---- errors.c ---- */

/* Turns *error from the store's domain into the engine's; always FALSE, for "return". */
gboolean engine_translate(GError **error);
/* "Entity not found: WHAT" if *error is the store's NOT_FOUND, else translated; FALSE. */
gboolean engine_reference(GError **error, const char *what);
gboolean engine_refuse(GError **error, EngineError code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* ---- names.c ---- */

/* 1 to 255 characters of [-a-zA-Z0-9_.]. verb and type make the message: "Cannot add VM. ..." */
gboolean name_check(const char *name, const char *verb, const char *type, GError **error);
/* UTF-8 of at most 4096 bytes, or NULL. */
gboolean description_check(const char *text, const char *verb, const char *type, GError **error);
/* An absolute path without control characters, or NULL. */
gboolean path_check(const char *path, const char *what, const char *verb, const char *type,
                    GError **error);
gboolean address_is_valid(const char *address);
/* A name Linux takes for an interface: 1 to 15 characters of [-a-zA-Z0-9_.], not "." or "..". */
gboolean bridge_is_valid(const char *bridge);
/* "The VM name is already in use" for the store's CONFLICT, else translated; FALSE. */
gboolean name_conflict(GError **error, const char *verb, const char *type);
