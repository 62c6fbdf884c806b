/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/events.h"

#include <string.h>

#define TRIM_EVERY 64       /* events between two trims */
#define TEXT_MAX_BYTES 4096 /* of one description: a host's message may be any length */

typedef struct {
    EventCode code;
    Severity severity;
    const char *text;
} EventKind;

static const EventKind kinds[] = {
    {EVENT_HOST_NON_RESPONSIVE, SEVERITY_ERROR, "Host ${VdsName} is non responsive. ${Text}"},
    {EVENT_HOST_DETECTED, SEVERITY_NORMAL, "Status of host ${VdsName} was set to Up."},
    {EVENT_VM_STOPPED, SEVERITY_NORMAL,
     "VM ${VmName} powered off by ${UserName} (Host: ${VdsName})."},
    {EVENT_VM_ADDED, SEVERITY_NORMAL, "VM ${VmName} was created by ${UserName}."},
    {EVENT_VM_UPDATED, SEVERITY_NORMAL, "VM ${VmName} configuration was updated by ${UserName}."},
    {EVENT_HOST_ADDED, SEVERITY_NORMAL, "Host ${VdsName} was added by ${UserName}."},
    {EVENT_HOST_UPDATED, SEVERITY_NORMAL,
     "Host ${VdsName} configuration was updated by ${UserName}."},
    {EVENT_HOST_REMOVED, SEVERITY_NORMAL, "Host ${VdsName} was removed by ${UserName}."},
    {EVENT_VM_RUN_FAILED, SEVERITY_ERROR, "Failed to run VM ${VmName} on Host ${VdsName}. ${Text}"},
    {EVENT_VM_STOP_FAILED, SEVERITY_ERROR, "Failed to power off VM ${VmName}. ${Text}"},
    {EVENT_VM_DOWN, SEVERITY_NORMAL, "VM ${VmName} is down. Exit message: ${Text}."},
    {EVENT_VM_SHUTDOWN_INITIATED, SEVERITY_NORMAL,
     "VM shutdown initiated by ${UserName} on VM ${VmName} (Host: ${VdsName})."},
    {EVENT_VM_SHUTDOWN_FAILED, SEVERITY_ERROR, "Shutdown of VM ${VmName} failed. ${Text}"},
    {EVENT_VM_REMOVED, SEVERITY_NORMAL, "VM ${VmName} was successfully removed."},
    {EVENT_VM_DOWN_ERROR, SEVERITY_ERROR,
     "VM ${VmName} is down with error. Exit message: ${Text}."},
    {EVENT_VM_UNKNOWN, SEVERITY_WARNING, "VM ${VmName} was set to the Unknown status."},
    {EVENT_VM_RUN_INITIATED, SEVERITY_NORMAL,
     "Starting VM ${VmName} was initiated by ${UserName}."},
    {EVENT_VM_STARTED, SEVERITY_NORMAL,
     "VM ${VmName} was started by ${UserName} (Host: ${VdsName})."},
    {EVENT_HOST_INITIALIZING, SEVERITY_WARNING, "Host ${VdsName} is initializing. ${Text}"},
    {EVENT_HOST_NON_OPERATIONAL, SEVERITY_ERROR,
     "Host ${VdsName} moved to Non-Operational state: ${Text}"},
    {EVENT_CLUSTER_ADDED, SEVERITY_NORMAL, "Cluster ${Name} was added by ${UserName}."},
    {EVENT_CLUSTER_UPDATED, SEVERITY_NORMAL, "Cluster ${Name} was updated by ${UserName}."},
    {EVENT_CLUSTER_REMOVED, SEVERITY_NORMAL, "Cluster ${Name} was removed by ${UserName}."},
    {EVENT_NIC_REMOVED, SEVERITY_NORMAL,
     "Interface ${NicName} (${NicType}) was removed from VM ${VmName}. (User: ${UserName})"},
    {EVENT_NIC_ADDED, SEVERITY_NORMAL,
     "Interface ${NicName} (${NicType}) was added to VM ${VmName}. (User: ${UserName})"},
    {EVENT_NIC_UPDATED, SEVERITY_NORMAL,
     "Interface ${NicName} (${NicType}) was updated for VM ${VmName}. (User: ${UserName})"},
    {EVENT_NIC_UPDATE_FAILED, SEVERITY_ERROR,
     "Failed to update Interface ${NicName} (${NicType}) for VM ${VmName}. ${Text}"},
    {EVENT_NETWORK_ADDED, SEVERITY_NORMAL, "Network ${Name} was added by ${UserName}."},
    {EVENT_NETWORK_REMOVED, SEVERITY_NORMAL, "Network ${Name} was removed by ${UserName}."},
    {EVENT_DATA_CENTER_ADDED, SEVERITY_NORMAL, "Data Center ${Name} was added by ${UserName}."},
    {EVENT_DATA_CENTER_UPDATED, SEVERITY_NORMAL, "Data Center ${Name} was updated by ${UserName}."},
    {EVENT_DATA_CENTER_REMOVED, SEVERITY_NORMAL, "Data Center ${Name} was removed by ${UserName}."},
    {EVENT_NIC_PLUGGED, SEVERITY_NORMAL,
     "Network Interface ${NicName} (${NicType}) was plugged to VM ${VmName}. (User: ${UserName})"},
    {EVENT_NIC_PLUG_FAILED, SEVERITY_ERROR,
     "Failed to plug Network Interface ${NicName} (${NicType}) to VM ${VmName}. "
     "(User: ${UserName}) ${Text}"},
    {EVENT_NIC_UNPLUGGED, SEVERITY_NORMAL,
     "Network Interface ${NicName} (${NicType}) was unplugged from VM ${VmName}. "
     "(User: ${UserName})"},
    {EVENT_NIC_UNPLUG_FAILED, SEVERITY_ERROR,
     "Failed to unplug Network Interface ${NicName} (${NicType}) from VM ${VmName}. "
     "(User: ${UserName}) ${Text}"},
    {EVENT_NETWORK_UPDATED, SEVERITY_NORMAL, "Network ${Name} was updated by ${UserName}."},
    {EVENT_HOST_CONNECTING, SEVERITY_WARNING,
     "Host ${VdsName} does not answer and is being connected again. ${Text}"},
    {EVENT_VM_FOUND, SEVERITY_NORMAL, "VM ${VmName} was found running on Host ${VdsName}."},
    {EVENT_VM_STRANGER, SEVERITY_WARNING,
     "Host ${VdsName} runs VM ${Name}, which is not known here; it is left alone."},
    {EVENT_VM_ELSEWHERE, SEVERITY_ERROR,
     "Host ${VdsName} runs VM ${VmName}, which is known to run on another host; it is left alone "
     "there."},
};

static const EventKind *kind_lookup(EventCode code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].code == code)
            return &kinds[i];
    g_assert_not_reached(); /* a code without a row is our own mistake */
}

static const char *variable(const EventSubject *s, const char *name, gsize length)
{
    const struct {
        const char *name, *value;
    } variables[] = {
        {"VmName", s->vm ? s->vm->name : NULL},
        {"VdsName", s->host ? s->host->name : NULL},
        {"NicName", s->nic ? s->nic->name : NULL},
        {"NicType", s->nic ? s->nic->model : NULL},
        {"Name", s->cluster ? s->cluster->name : s->name},
        {"UserName", s->actor ? s->actor->user : "SYSTEM"},
        {"Text", s->text},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(variables); i++)
        if (strlen(variables[i].name) == length && !strncmp(variables[i].name, name, length))
            return variables[i].value ? variables[i].value : "";
    g_assert_not_reached(); /* a template of ours names a variable that is none */
}

static char *describe(const EventKind *kind, const EventSubject *subject)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *at = kind->text;
    for (const char *open; (open = strstr(at, "${")); at = strchr(open, '}') + 1) {
        const char *name = open + 2;
        g_string_append_len(text, at, open - at);
        g_string_append(text, variable(subject, name, (gsize)(strchr(name, '}') - name)));
    }
    g_string_append(text, at);
    if (text->len > TEXT_MAX_BYTES)
        g_string_truncate(text, TEXT_MAX_BYTES);
    g_autofree char *valid = g_utf8_make_valid(text->str, (gssize)text->len);
    return g_strdup(g_strstrip(valid));
}

gboolean event_add(Engine *engine, EventCode code, const EventSubject *s, GError **error)
{
    const EventKind *kind = kind_lookup(code);
    g_autoptr(Event) event = event_new();
    event->code = (int)code;
    event->severity = kind->severity;
    event->time = g_get_real_time() / G_USEC_PER_SEC;
    event->description = describe(kind, s);
    event->user = g_strdup(s->actor ? s->actor->user : NULL);
    event->correlation_id = g_strdup(s->actor ? s->actor->correlation_id : NULL);
    event->vm_id = g_strdup(s->vm ? s->vm->id : NULL);
    event->host_id = g_strdup(s->host ? s->host->id : NULL);
    event->cluster_id = g_strdup(s->cluster ? s->cluster->id
                                 : s->vm    ? s->vm->cluster_id
                                 : s->host  ? s->host->cluster_id
                                            : NULL);
    if (!store_event_append(engine->store, event, error))
        return engine_translate(error);
    if (++engine->events_added % TRIM_EVERY)
        return TRUE;
    return store_event_trim(engine->store, engine->times.max_events, error) ||
           engine_translate(error);
}
