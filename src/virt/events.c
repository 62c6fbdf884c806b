/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/private.h"

/* libvirt's domain events, translated into ours by tables. */

static const struct {
    int event;
    VirtEventKind kind;
} lifecycle_kinds[] = {
    {VIR_DOMAIN_EVENT_STARTED, VIRT_EVENT_STARTED},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIRT_EVENT_SUSPENDED},
    {VIR_DOMAIN_EVENT_RESUMED, VIRT_EVENT_RESUMED},
    {VIR_DOMAIN_EVENT_STOPPED, VIRT_EVENT_STOPPED},
    {VIR_DOMAIN_EVENT_SHUTDOWN, VIRT_EVENT_SHUTTING_DOWN},
    {VIR_DOMAIN_EVENT_PMSUSPENDED, VIRT_EVENT_SUSPENDED},
    {VIR_DOMAIN_EVENT_CRASHED, VIRT_EVENT_SUSPENDED},
};

static const VirtStop stops[] = {
    [VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN] = VIRT_STOP_SHUTDOWN,
    [VIR_DOMAIN_EVENT_STOPPED_DESTROYED] = VIRT_STOP_DESTROYED,
    [VIR_DOMAIN_EVENT_STOPPED_CRASHED] = VIRT_STOP_CRASHED,
    [VIR_DOMAIN_EVENT_STOPPED_MIGRATED] = VIRT_STOP_MIGRATED,
    [VIR_DOMAIN_EVENT_STOPPED_SAVED] = VIRT_STOP_SAVED,
    [VIR_DOMAIN_EVENT_STOPPED_FAILED] = VIRT_STOP_FAILED,
    [VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT] = VIRT_STOP_DESTROYED,
};

static void event_deliver(Virt *virt, virDomainPtr domain, VirtEvent *event)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) < 0)
        return;
    event->uuid = uuid;
    virt_deliver(virt, event);
}

static void on_lifecycle(virConnectPtr connection, virDomainPtr domain, int what, int detail,
                         void *data)
{
    VirtEvent event = {0};

    for (guint i = 0; i < G_N_ELEMENTS(lifecycle_kinds); i++) {
        if (lifecycle_kinds[i].event != what)
            continue;
        event.kind = lifecycle_kinds[i].kind;
        if (event.kind == VIRT_EVENT_STOPPED)
            event.stop = (guint)detail < G_N_ELEMENTS(stops) ? stops[detail] : VIRT_STOP_FAILED;
        event_deliver(data, domain, &event);
    }
}

static void on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
    event_deliver(data, domain, &(VirtEvent){.kind = VIRT_EVENT_REBOOTED});
}

static void on_device_removed(virConnectPtr connection, virDomainPtr domain, const char *alias,
                              void *data)
{
    event_deliver(data, domain, &(VirtEvent){.kind = VIRT_EVENT_DEVICE_REMOVED, .alias = alias});
}

static void on_device_kept(virConnectPtr connection, virDomainPtr domain, const char *alias,
                           void *data)
{
    event_deliver(data, domain, &(VirtEvent){.kind = VIRT_EVENT_DEVICE_KEPT, .alias = alias});
}

gboolean virt_events_register(Virt *virt, virConnectPtr connection, int ids[VIRT_EVENT_IDS],
                              GError **error)
{
    static const struct {
        int event;
        virConnectDomainEventGenericCallback callback;
    } wanted[VIRT_EVENT_IDS] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
        {VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device_removed)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, VIR_DOMAIN_EVENT_CALLBACK(on_device_kept)},
    };

    for (guint i = 0; i < VIRT_EVENT_IDS; i++) {
        ids[i] = virConnectDomainEventRegisterAny(connection, NULL, wanted[i].event,
                                                  wanted[i].callback, virt, NULL);
        if (ids[i] < 0) {
            virt_error_take(error);
            return FALSE;
        }
    }
    return TRUE;
}
