/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vm-state.h"

#include "engine/lane.h"
#include "engine/nic-counts.h"
#include "engine/vm-call.h"

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

gboolean vm_state_set(Engine *engine, Vm *vm, VmStatus status, GError **error)
{
    if (vm->status != status)
        vm->status_time = now();
    vm->status = status;
    return store_vm_update(engine->store, vm, error) || engine_translate(error);
}

/* ---- NICs ---- */

static gboolean take_text(char **to, const char *from)
{
    if (g_strcmp0(*to, from) == 0)
        return FALSE;
    g_free(*to);
    *to = g_strdup(from);
    return TRUE;
}

static gboolean take_flag(gboolean *to, gboolean from)
{
    gboolean changed = *to != from;
    *to = from;
    return changed;
}

gboolean vm_state_take_nic(Nic *nic, const NicReport *report)
{
    gboolean changed = take_flag(&nic->reported, TRUE);
    if (report->device)
        changed |= take_text(&nic->reported_device, report->device);
    if (report->alias)
        changed |= take_text(&nic->alias, report->alias);
    if (report->has_filter) {
        changed |= take_text(&nic->reported_filter, report->filter);
        changed |= take_text(&nic->reported_parameters, report->parameters);
        if (!report->filter || report->enforcement) /* not every report says it */
            changed |= take_text(&nic->reported_enforcement, report->enforcement);
    }
    if (report->has_network)
        changed |= take_text(&nic->reported_network, report->network);
    if (report->has_link)
        changed |= take_flag(&nic->reported_linked, report->linked);
    return changed;
}

void vm_state_take_nic_answer(Nic *nic, JsonNode *answer)
{
    NicReport *report = report_nic(answer, nic->mac);
    if (!report)
        return;
    (void)vm_state_take_nic(nic, report); /* stored by the caller in any case */
    nic_report_free(report);
}

void vm_state_clear_report(Nic *nic)
{
    nic->reported = FALSE;
    nic->reported_linked = FALSE;
    (void)take_text(&nic->reported_filter, NULL);
    (void)take_text(&nic->reported_parameters, NULL);
    (void)take_text(&nic->reported_enforcement, NULL);
    (void)take_text(&nic->reported_device, NULL);
    (void)take_text(&nic->reported_network, NULL);
    (void)take_text(&nic->alias, NULL);
}

static gboolean clear_reports(Engine *engine, const Vm *vm, GError **error)
{
    g_autoptr(GPtrArray) nics = engine_nics(engine, vm->id, error);
    if (!nics)
        return FALSE;
    for (guint i = 0; i < nics->len; i++) {
        Nic *nic = nics->pdata[i];
        if (!nic->reported && !nic->alias)
            continue;
        vm_state_clear_report(nic);
        nic_counts_forget(engine, nic);
        if (!store_nic_update(engine->store, nic, error))
            return engine_translate(error);
    }
    return TRUE;
}

static const NicReport *find_nic(const VmReport *report, const char *mac)
{
    for (guint i = 0; i < report->nics->len; i++) {
        const NicReport *nic = report->nics->pdata[i];
        if (g_str_equal(nic->mac, mac))
            return nic;
    }
    return NULL;
}

static gboolean apply_nics(Engine *engine, const GPtrArray *nics, const VmReport *report,
                           GError **error)
{
    for (guint i = 0; i < nics->len; i++) {
        Nic *nic = nics->pdata[i];
        const NicReport *said = find_nic(report, nic->mac);
        gboolean changed = FALSE;
        if (said) {
            changed = vm_state_take_nic(nic, said);
            nic_counts_take(engine, nic, said);
        } else if (report->all_nics && nic->reported) {
            vm_state_clear_report(nic);
            nic_counts_forget(engine, nic);
            changed = TRUE;
        }
        if (changed && !store_nic_update(engine->store, nic, error))
            return engine_translate(error);
        /* Out or in without our doing, such as a plug that was given up and came late. */
        if (changed && nic->plugged != nic->reported)
            lane_touch(engine, nic->vm_id);
    }
    return TRUE;
}

/* The NICs asked for; not their filters, which only the host can vouch for. */
static VmReport *report_launch(JsonNode *params)
{
    JsonObject *object = json_node_get_object(params);
    VmReport *report = report_vm(json_object_get_member(object, "vmParams"), NULL);
    for (guint i = 0; report && i < report->nics->len; i++)
        ((NicReport *)report->nics->pdata[i])->has_filter = FALSE;
    return report;
}

gboolean vm_state_take_launch(Engine *engine, const Vm *vm, JsonNode *params, JsonNode *answer,
                              GError **error)
{
    g_autoptr(VmReport) asked = report_launch(params);
    g_autoptr(VmReport) said = report_vm(answer, vm->id);
    g_autoptr(GPtrArray) nics = engine_nics(engine, vm->id, error);
    return nics && (!asked || apply_nics(engine, nics, asked, error)) &&
           (!said || apply_nics(engine, nics, said, error));
}

/* ---- down ---- */

gboolean vm_state_down(Engine *engine, Vm *vm, EventCode code, const Actor *actor, const char *text,
                       GError **error)
{
    g_autoptr(Host) host = vm->host_id ? store_host(engine->store, vm->host_id, NULL) : NULL;
    EventSubject subject = {.actor = actor, .vm = vm, .host = host, .text = text};
    if (!event_add(engine, code, &subject, error) || !clear_reports(engine, vm, error))
        return FALSE;
    g_free(vm->exit_message);
    vm->exit_message = g_strdup(text);
    g_clear_pointer(&vm->host_id, g_free);
    vm->start_time = 0;
    vm->stop_requested = FALSE;
    return vm_state_set(engine, vm, VM_DOWN, error);
}

/* The host keeps a VM that went down, with its last words, until it is told to forget it. */
static gboolean apply_down(Engine *engine, const Host *host, Vm *vm, const VmReport *report,
                           GError **error)
{
    const Lane *lane = lane_get(engine, vm->id);
    if (!lane->destroying)
        lane_push(engine, vm_call_forget(host->id, vm));
    if (vm->status == VM_DOWN)
        return TRUE;
    const char *text = report->exit_message ? report->exit_message : "no reason given";
    if (vm->stop_requested) {
        Actor actor = {.user = lane->stopper};
        return vm_state_down(engine, vm, EVENT_VM_STOPPED, lane->stopper ? &actor : NULL, text,
                             error);
    }
    return vm_state_down(engine, vm, report->failed ? EVENT_VM_DOWN_ERROR : EVENT_VM_DOWN, NULL,
                         text, error);
}

/* ---- alive ---- */

static gboolean tell_started(Engine *engine, const Host *host, const Vm *vm, GError **error)
{
    Lane *lane = lane_get(engine, vm->id);
    Actor actor = {.user = lane->starter};
    EventSubject subject = {.actor = lane->starter ? &actor : NULL, .vm = vm, .host = host};
    gboolean told = event_add(engine, EVENT_VM_STARTED, &subject, error);
    g_clear_pointer(&lane->starter, g_free);
    return told;
}

static gboolean tell_alive(Engine *engine, const Host *host, const Vm *vm, VmStatus before,
                           GError **error)
{
    EventSubject subject = {.vm = vm, .host = host};
    if (before == VM_UNKNOWN || before == VM_DOWN)
        return event_add(engine, EVENT_VM_FOUND, &subject, error);
    if (before == VM_WAIT_FOR_LAUNCH)
        return tell_started(engine, host, vm, error);
    return TRUE;
}

static gboolean apply_alive(Engine *engine, const Host *host, Vm *vm, const VmReport *report,
                            GError **error)
{
    VmStatus status = report->status;
    VmStatus before = vm->status;
    if (status == before && g_strcmp0(vm->host_id, host->id) == 0)
        return TRUE;
    if (before == VM_DOWN || take_text(&vm->host_id, host->id)) {
        (void)take_text(&vm->host_id, host->id); /* run there without our asking: taken over */
        vm->start_time = now();
    }
    if (status == VM_UP || status == VM_PAUSED)
        lane_touch(engine, vm->id);
    return vm_state_set(engine, vm, status, error) && tell_alive(engine, host, vm, before, error);
}

/* TRUE once for each pair, so that it is told once. */
static gboolean first_time(Engine *engine, const Host *host, const char *vm_id)
{
    return g_hash_table_add(engine->strangers, g_strdup_printf("%s %s", host->id, vm_id));
}

static gboolean runs_elsewhere(const Host *host, const Vm *vm)
{
    return vm->status != VM_DOWN && vm->host_id && !g_str_equal(vm->host_id, host->id);
}

gboolean vm_state_apply(Engine *engine, const Host *host, Vm *vm, const GPtrArray *nics,
                        const VmReport *report, GError **error)
{
    if (runs_elsewhere(host, vm)) {
        EventSubject subject = {.vm = vm, .host = host};
        return !first_time(engine, host, vm->id) ||
               event_add(engine, EVENT_VM_ELSEWHERE, &subject, error);
    }
    if (report->has_status && report->status == VM_DOWN)
        return apply_down(engine, host, vm, report, error);
    /* Said of a VM that is down here, "powering down" is old news. */
    if (vm->status == VM_DOWN && (!report->has_status || report->status == VM_POWERING_DOWN))
        return TRUE;
    return (!report->has_status || apply_alive(engine, host, vm, report, error)) &&
           apply_nics(engine, nics, report, error);
}
