/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/test-support.h"

#include <glib/gstdio.h>
#include <string.h>

static const Actor actor = {.user = "tester@internal", .correlation_id = "flow-1"};

static void open_engine(TestEngine *t)
{
    g_autoptr(GError) error = NULL;
    t->settings.store = t->path;
    t->engine = engine_new(&t->settings, &error);
    g_assert_no_error(error);
}

void test_engine_set_up(TestEngine *t)
{
    g_autoptr(GError) error = NULL;
    t->dir = g_dir_make_tmp("tapwall-engine-XXXXXX", NULL);
    t->path = g_build_filename(t->dir, "engine.db", NULL);
    t->settings = (EngineSettings){.poll_seconds = 1, .grace_seconds = 1, .reply_timeout_ms = 1500};
    g_assert_true(engine_init_store(t->path, "$hash", &error));
    open_engine(t);
}

void test_engine_tear_down(TestEngine *t)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    g_clear_pointer(&t->engine, engine_free);
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(t->path, suffixes[i], NULL);
        (void)g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(t->dir), ==, 0);
    g_clear_pointer(&t->dir, g_free);
    g_clear_pointer(&t->path, g_free);
    while (g_main_context_iteration(NULL, FALSE))
        ; /* what is still to be freed */
}

void test_engine_restart(TestEngine *t)
{
    engine_free(t->engine);
    open_engine(t);
}

/* ---- waiting ---- */

static gboolean wake(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

void test_wait(TestCheck check, gpointer data, const char *what)
{
    gint64 end = g_get_monotonic_time() + TEST_PATIENCE_MS * 1000;
    guint timer = g_timeout_add(20, wake, NULL);
    while (!check(data)) {
        if (g_get_monotonic_time() > end)
            g_error("waited in vain for: %s", what);
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}

void test_run_for(guint ms)
{
    gint64 end = g_get_monotonic_time() + ms * 1000;
    guint timer = g_timeout_add(10, wake, NULL);
    while (g_get_monotonic_time() < end)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

typedef struct {
    gboolean done;
    gpointer result;
    GError *error;
} Outcome;

static void finished(GObject *source, GAsyncResult *result, gpointer data)
{
    Outcome *outcome = data;
    outcome->result = engine_submit_finish(NULL, result, &outcome->error);
    outcome->done = TRUE;
}

gpointer test_work(TestEngine *t, EngineWork work, gpointer data, GError **error)
{
    Outcome outcome = {FALSE};
    engine_submit(t->engine, work, data, NULL, NULL, finished, &outcome);
    while (!outcome.done)
        g_main_context_iteration(NULL, TRUE);
    if (outcome.error)
        g_propagate_error(error, outcome.error);
    return outcome.result;
}

static gpointer work_ok(TestEngine *t, EngineWork work, gpointer data)
{
    g_autoptr(GError) error = NULL;
    gpointer result = test_work(t, work, data, &error);
    g_assert_no_error(error);
    return result;
}

/* ---- entities ---- */

#define DONE(ok) ((ok) ? GINT_TO_POINTER(1) : NULL)

static gpointer add_cluster(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(Cluster) cluster = engine_cluster_add(engine, &actor, data, error);
    return cluster ? g_strdup(cluster->id) : NULL;
}

char *test_cluster_add(TestEngine *t, const char *name, guint major, guint minor)
{
    Cluster wish = {.name = (char *)name, .level_major = major, .level_minor = minor};
    return work_ok(t, add_cluster, &wish);
}

static gpointer add_host(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(Host) host = engine_host_add(engine, &actor, data, error);
    return host ? g_strdup(host->id) : NULL;
}

char *test_host_add(TestEngine *t, const char *name, const char *cluster_id, guint16 port)
{
    Host wish = {.name = (char *)name,
                 .address = (char *)"127.0.0.1",
                 .port = port,
                 .cluster_id = (char *)cluster_id};
    return work_ok(t, add_host, &wish);
}

static gpointer add_vm(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(Vm) vm = engine_vm_add(engine, &actor, data, error);
    return vm ? g_strdup(vm->id) : NULL;
}

char *test_vm_add(TestEngine *t, const char *name, const char *cluster_id)
{
    Vm wish = {.name = (char *)name,
               .cluster_id = (char *)cluster_id,
               .memory = 64 << 20,
               .kernel = (char *)"/boot/vmlinuz",
               .cmdline = (char *)"quiet"};
    return work_ok(t, add_vm, &wish);
}

static gpointer add_network(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(Network) network = engine_network_add(engine, &actor, data, error);
    return network ? g_strdup(network->id) : NULL;
}

char *test_network_add(TestEngine *t, const char *name)
{
    Network wish = {.name = (char *)name};
    return work_ok(t, add_network, &wish);
}

static gpointer add_nic(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(Nic) nic = engine_nic_add(engine, &actor, data, error);
    return nic ? g_strdup(nic->id) : NULL;
}

char *test_nic_add(TestEngine *t, const char *vm_id, const char *name, const char *network_id)
{
    Nic wish = {.vm_id = (char *)vm_id,
                .name = (char *)name,
                .network_id = (char *)network_id,
                .plugged = TRUE,
                .linked = TRUE};
    return work_ok(t, add_nic, &wish);
}

static gpointer get_vm(Engine *engine, gpointer data, GError **error)
{
    return engine_vm(engine, data, error);
}

Vm *test_vm(TestEngine *t, const char *id)
{
    return work_ok(t, get_vm, (gpointer)id);
}

static gpointer get_host(Engine *engine, gpointer data, GError **error)
{
    return engine_host(engine, data, error);
}

Host *test_host(TestEngine *t, const char *id)
{
    return work_ok(t, get_host, (gpointer)id);
}

typedef struct {
    const char *vm_id, *id;
    gboolean link, on;
} NicKey;

static gpointer get_nic(Engine *engine, gpointer data, GError **error)
{
    const NicKey *key = data;
    return engine_nic(engine, key->vm_id, key->id, error);
}

Nic *test_nic(TestEngine *t, const char *vm_id, const char *id)
{
    return work_ok(t, get_nic, &(NicKey){vm_id, id, FALSE, FALSE});
}

/* ---- commands ---- */

static gpointer start(Engine *engine, gpointer data, GError **error)
{
    return DONE(engine_vm_start(engine, &actor, data, error));
}

static gpointer stop(Engine *engine, gpointer data, GError **error)
{
    return DONE(engine_vm_stop(engine, &actor, data, error));
}

static gpointer shut_down(Engine *engine, gpointer data, GError **error)
{
    return DONE(engine_vm_shutdown(engine, &actor, data, error));
}

static GError *command(TestEngine *t, EngineWork work, const char *id)
{
    GError *error = NULL;
    (void)test_work(t, work, (gpointer)id, &error);
    return error;
}

GError *test_vm_start(TestEngine *t, const char *id)
{
    return command(t, start, id);
}

GError *test_vm_stop(TestEngine *t, const char *id)
{
    return command(t, stop, id);
}

GError *test_vm_shutdown(TestEngine *t, const char *id)
{
    return command(t, shut_down, id);
}

static gpointer change_nic(Engine *engine, gpointer data, GError **error)
{
    const NicKey *key = data;
    g_autoptr(Nic) nic = engine_nic(engine, key->vm_id, key->id, error);
    if (!nic)
        return NULL;
    *(key->link ? &nic->linked : &nic->plugged) = key->on;
    return DONE(engine_nic_update(engine, &actor, nic, error));
}

void test_nic_plug(TestEngine *t, const char *vm_id, const char *id, gboolean plugged)
{
    (void)work_ok(t, change_nic, &(NicKey){vm_id, id, FALSE, plugged});
}

void test_nic_link(TestEngine *t, const char *vm_id, const char *id, gboolean linked)
{
    (void)work_ok(t, change_nic, &(NicKey){vm_id, id, TRUE, linked});
}

static gpointer list_events(Engine *engine, gpointer data, GError **error)
{
    return engine_events(engine, data, error);
}

guint test_events(TestEngine *t, int code, const char *text)
{
    g_autofree char *search = g_strdup_printf("type=%d", code);
    ListQuery query = {.search = search, .max = -1};
    g_autoptr(GPtrArray) events = work_ok(t, list_events, &query);
    guint count = 0;
    for (guint i = 0; i < events->len; i++)
        if (!text || strstr(((Event *)events->pdata[i])->description, text))
            count++;
    return count;
}
