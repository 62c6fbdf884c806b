/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/host-news.h"

#include <string.h>

#include "engine/events.h"
#include "engine/host-check.h"
#include "engine/lane.h"
#include "engine/vm-call.h"
#include "engine/vm-state.h"

/* Reports that wait for the worker; more are dropped, for a later poll says it all again. */
#define NEWS_MAX 4096
#define STRANGERS_MAX 10000 /* told about; more are not */
#define ID_MAX 64           /* of a VM, in bytes */

typedef struct {
    Engine *engine; /* set for what counts as waiting */
    char *host_id;
    guint64 serial;
    HostStatus status;
    char *detail;
    char *vm_id;
    JsonNode *capabilities, *full, *stats, *params;
} News;

static void news_free(gpointer data)
{
    News *news = data;
    if (news->engine)
        atomic_fetch_sub(&news->engine->news, 1);
    g_free(news->host_id);
    g_free(news->detail);
    g_free(news->vm_id);
    g_clear_pointer(&news->capabilities, json_node_unref);
    g_clear_pointer(&news->full, json_node_unref);
    g_clear_pointer(&news->stats, json_node_unref);
    g_clear_pointer(&news->params, json_node_unref);
    g_free(news);
}

static News *news_new(const char *host_id)
{
    News *news = g_new0(News, 1);
    news->host_id = g_strdup(host_id);
    return news;
}

/* NULL when too much waits already. */
static News *report_new(Engine *engine, const char *host_id)
{
    if (atomic_load(&engine->news) >= NEWS_MAX)
        return NULL;
    atomic_fetch_add(&engine->news, 1);
    News *news = news_new(host_id);
    news->engine = engine;
    return news;
}

/* NULL with *error unset: the host was removed meanwhile, and its news are nobody's any more. */
static Host *news_host(Engine *engine, const News *news, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Host *host = store_host(engine->store, news->host_id, &failure);
    if (failure && !g_error_matches(failure, STORE_ERROR, STORE_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        engine_translate(error);
    }
    return host;
}

/* ---- the host's status ---- */

static GPtrArray *host_vms(Engine *engine, const char *host_id, GError **error)
{
    StoreCondition there = {.column = "run_on_vds", .text = host_id};
    StoreQuery query = {.conditions = &there, .n_conditions = 1};
    GPtrArray *vms = store_vm_list(engine->store, &query, error);
    if (!vms)
        engine_translate(error);
    return vms;
}

static gboolean vms_unknown(Engine *engine, const Host *host, GError **error)
{
    g_autoptr(GPtrArray) vms = host_vms(engine, host->id, error);
    for (guint i = 0; vms && i < vms->len; i++) {
        Vm *vm = vms->pdata[i];
        EventSubject subject = {.vm = vm, .host = host};
        if (vm->status == VM_DOWN || vm->status == VM_UNKNOWN)
            continue;
        if (!vm_state_set(engine, vm, VM_UNKNOWN, error) ||
            !event_add(engine, EVENT_VM_UNKNOWN, &subject, error))
            return FALSE;
    }
    return vms != NULL;
}

static gboolean tell_status(Engine *engine, const Host *host, GError **error)
{
    static const EventCode codes[HOST_STATUS_COUNT] = {
        [HOST_CONNECTING] = EVENT_HOST_CONNECTING,
        [HOST_INITIALIZING] = EVENT_HOST_INITIALIZING,
        [HOST_UP] = EVENT_HOST_DETECTED,
        [HOST_NON_RESPONSIVE] = EVENT_HOST_NON_RESPONSIVE,
        [HOST_NON_OPERATIONAL] = EVENT_HOST_NON_OPERATIONAL,
    };
    EventSubject subject = {.host = host, .text = host->status_detail};
    return !codes[host->status] || event_add(engine, codes[host->status], &subject, error);
}

static gboolean set_status(Engine *engine, Host *host, HostStatus status, const char *detail,
                           GError **error)
{
    gboolean changed = host->status != status;
    host->status = status;
    g_free(host->status_detail);
    host->status_detail = g_strdup(detail);
    if (!store_host_update(engine->store, host, error))
        return engine_translate(error);
    return !changed || tell_status(engine, host, error);
}

static gpointer status_work(Engine *engine, gpointer data, GError **error)
{
    const News *news = data;
    GError *failure = NULL;
    g_autoptr(Host) host = news_host(engine, news, &failure);
    if (!host) {
        if (failure)
            g_propagate_error(error, failure);
        return failure ? NULL : WORK_DONE;
    }
    if (!set_status(engine, host, news->status, news->detail, error))
        return NULL;
    if (news->status == HOST_NON_RESPONSIVE && !vms_unknown(engine, host, error))
        return NULL;
    return WORK_DONE;
}

void host_news_status(Engine *engine, const char *host_id, HostStatus status, const char *detail)
{
    News *news = news_new(host_id);
    news->status = status;
    news->detail = g_strdup(detail);
    engine_submit_detached(engine, status_work, news, news_free);
}

/* ---- reports about VMs ---- */

/* What the store has about the host's VMs, read in two queries however many there are. */
typedef struct {
    GHashTable *vms;  /* id -> Vm, borrowed from list */
    GHashTable *nics; /* VM id -> GPtrArray of Nic */
    GPtrArray *list;
} Stored;

static void stored_clear(Stored *stored)
{
    g_clear_pointer(&stored->vms, g_hash_table_unref);
    g_clear_pointer(&stored->nics, g_hash_table_unref);
    g_clear_pointer(&stored->list, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stored, stored_clear)

static GPtrArray *nics_of(Stored *stored, const char *vm_id)
{
    GPtrArray *nics = g_hash_table_lookup(stored->nics, vm_id);
    if (!nics) {
        nics = g_ptr_array_new_with_free_func((GDestroyNotify)nic_free);
        g_hash_table_insert(stored->nics, g_strdup(vm_id), nics);
    }
    return nics;
}

static gboolean stored_load(Engine *engine, const Host *host, Stored *stored, GError **error)
{
    StoreCondition there = {.column = "vm_guid",
                            .text = host->id,
                            .by_name = TRUE,
                            .via = ENTITY_VM,
                            .via_column = "run_on_vds"};
    StoreQuery query = {.conditions = &there, .n_conditions = 1};
    g_autoptr(GPtrArray) nics = store_nic_list(engine->store, &query, error);
    stored->list = nics ? host_vms(engine, host->id, error) : NULL;
    if (!stored->list)
        return engine_translate(error);
    stored->vms = g_hash_table_new(g_str_hash, g_str_equal);
    stored->nics =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < stored->list->len; i++) {
        Vm *vm = stored->list->pdata[i];
        g_hash_table_insert(stored->vms, vm->id, vm);
    }
    g_ptr_array_set_free_func(nics, NULL);
    for (guint i = 0; i < nics->len; i++) {
        Nic *nic = nics->pdata[i];
        g_ptr_array_add(nics_of(stored, nic->vm_id), nic);
    }
    return TRUE;
}

static gboolean tell_stranger(Engine *engine, const Host *host, const VmReport *report,
                              GError **error)
{
    g_autofree char *key = g_strdup_printf("%s %s", host->id, report->vm_id);
    if (g_hash_table_size(engine->strangers) >= STRANGERS_MAX ||
        g_hash_table_contains(engine->strangers, key))
        return TRUE;
    g_hash_table_add(engine->strangers, g_steal_pointer(&key));
    EventSubject subject = {.host = host, .name = report->vm_id};
    return event_add(engine, EVENT_VM_STRANGER, &subject, error);
}

/* A VM that is not stored as running there: down here, running elsewhere, or not ours at all. */
static gboolean apply_other(Engine *engine, const Host *host, const VmReport *report,
                            GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Vm) vm = store_vm(engine->store, report->vm_id, &failure);
    if (!vm && g_error_matches(failure, STORE_ERROR, STORE_ERROR_NOT_FOUND))
        return tell_stranger(engine, host, report, error);
    g_autoptr(GPtrArray) nics = vm ? engine_nics(engine, vm->id, error) : NULL;
    if (nics && vm_state_apply(engine, host, vm, nics, report, error)) {
        lane_mark(engine, vm->id);
        return TRUE;
    }
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return engine_translate(error);
}

static gboolean apply_report(Engine *engine, const Host *host, Stored *stored,
                             const VmReport *report, GError **error)
{
    Vm *vm = g_hash_table_lookup(stored->vms, report->vm_id);
    if (!vm)
        return apply_other(engine, host, report, error);
    return vm_state_apply(engine, host, vm, nics_of(stored, vm->id), report, error);
}

/* A VM the host does not have any more went down without our hearing why. */
static gboolean apply_absent(Engine *engine, const Stored *stored, GHashTable *seen, guint64 serial,
                             GError **error)
{
    for (guint i = 0; i < stored->list->len; i++) {
        Vm *vm = stored->list->pdata[i];
        if (vm->status == VM_DOWN || g_hash_table_contains(seen, vm->id) ||
            lane_outdates(engine, vm->id, serial))
            continue;
        EventCode code = vm->stop_requested ? EVENT_VM_STOPPED : EVENT_VM_DOWN_ERROR;
        if (!vm_state_down(engine, vm, code, NULL, "the host does not have the VM any more", error))
            return FALSE;
    }
    return TRUE;
}

static gboolean apply_list(Engine *engine, const Host *host, JsonNode *answer, guint64 serial,
                           gboolean absent, GError **error)
{
    g_auto(Stored) stored = {NULL};
    g_autoptr(GPtrArray) reports = report_vms(answer);
    if (!reports)
        return TRUE; /* an answer that is no list says nothing about VMs */
    if (!stored_load(engine, host, &stored, error))
        return FALSE;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < reports->len; i++) {
        const VmReport *report = reports->pdata[i];
        g_hash_table_add(seen, report->vm_id);
        if (!lane_outdates(engine, report->vm_id, serial) &&
            !apply_report(engine, host, &stored, report, error))
            return FALSE;
    }
    return !absent || apply_absent(engine, &stored, seen, serial, error);
}

static gpointer stats_work(Engine *engine, gpointer data, GError **error)
{
    const News *news = data;
    GError *failure = NULL;
    g_autoptr(Host) host = news_host(engine, news, &failure);
    if (failure)
        g_propagate_error(error, failure);
    if (!host)
        return failure ? NULL : WORK_DONE;
    return apply_list(engine, host, news->stats, news->serial, TRUE, error) ? WORK_DONE : NULL;
}

void host_news_stats(Engine *engine, const char *host_id, guint64 serial, JsonNode *stats)
{
    News *news = report_new(engine, host_id);
    if (!news)
        return;
    news->serial = serial;
    news->stats = json_node_ref(stats);
    engine_submit_detached(engine, stats_work, news, news_free);
}

/* ---- a new connection ---- */

/* Wishes that came while the host was away. */
static gboolean send_wishes(Engine *engine, const Host *host, GError **error)
{
    g_autoptr(GPtrArray) vms = host_vms(engine, host->id, error);
    for (guint i = 0; vms && i < vms->len; i++) {
        const Vm *vm = vms->pdata[i];
        lane_touch(engine, vm->id);
        if (vm->stop_requested && vm->status != VM_DOWN)
            lane_push(engine, vm_call_destroy(vm, NULL));
    }
    return vms != NULL;
}

static gboolean take_capabilities(Engine *engine, Host *host, JsonNode *answer, GError **error)
{
    g_autoptr(HostReport) report = report_capabilities(answer);
    g_autoptr(Cluster) cluster = store_cluster(engine->store, host->cluster_id, error);
    if (!cluster)
        return engine_translate(error);
    host_check_take(host, report);
    g_autofree char *reason = host_check(report, cluster, engine->anti_spoofing);
    return set_status(engine, host, reason ? HOST_NON_OPERATIONAL : HOST_UP, reason, error);
}

static gpointer connected_work(Engine *engine, gpointer data, GError **error)
{
    const News *news = data;
    GError *failure = NULL;
    g_autoptr(Host) host = news_host(engine, news, &failure);
    if (failure)
        g_propagate_error(error, failure);
    else if (!host)
        engine_refuse(error, ENGINE_ERROR_NOT_FOUND, "the host was removed");
    if (!host || !take_capabilities(engine, host, news->capabilities, error) ||
        !apply_list(engine, host, news->full, news->serial, FALSE, error) ||
        !apply_list(engine, host, news->stats, news->serial, TRUE, error) ||
        !send_wishes(engine, host, error))
        return NULL;
    return GINT_TO_POINTER((int)host->status + 1);
}

void host_news_connected(Engine *engine, const char *host_id, guint64 serial,
                         JsonNode *capabilities, JsonNode *full, JsonNode *stats,
                         GAsyncReadyCallback callback, gpointer data)
{
    News *news = news_new(host_id);
    news->serial = serial;
    news->capabilities = json_node_ref(capabilities);
    news->full = json_node_ref(full);
    news->stats = json_node_ref(stats);
    engine_submit(engine, connected_work, news, news_free, NULL, callback, data);
}

/* ---- events ---- */

static gpointer event_work(Engine *engine, gpointer data, GError **error)
{
    const News *news = data;
    GError *failure = NULL;
    g_autoptr(Host) host = news_host(engine, news, &failure);
    if (failure)
        g_propagate_error(error, failure);
    if (!host)
        return failure ? NULL : WORK_DONE;
    JsonObject *params = json_node_get_object(news->params);
    g_autoptr(VmReport) report =
        report_vm(json_object_get_member(params, news->vm_id), news->vm_id);
    if (!report)
        return WORK_DONE;
    return apply_other(engine, host, report, error) ? WORK_DONE : NULL;
}

/* "|virt|VM_status|<id>" */
void host_news_event(Engine *engine, const char *host_id, const char *method, JsonNode *params)
{
    static const char prefix[] = "|virt|VM_status|";
    if (!method || !g_str_has_prefix(method, prefix) || !JSON_NODE_HOLDS_OBJECT(params) ||
        strlen(method + strlen(prefix)) > ID_MAX)
        return;
    News *news = report_new(engine, host_id);
    if (!news)
        return;
    news->vm_id = g_strdup(method + strlen(prefix));
    news->params = json_node_ref(params);
    engine_submit_detached(engine, event_work, news, news_free);
}
