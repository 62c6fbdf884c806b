/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/private.h"

/*
 * Events: what happened, for people. The numbers are those of oVirt's audit log where it has the
 * event, 20000 and above where it is Tapwall's own. The table in events.c holds severity and text.
 */

typedef enum {
    EVENT_HOST_NON_RESPONSIVE = 12,
    EVENT_HOST_DETECTED = 13,
    EVENT_VM_STOPPED = 33,
    EVENT_VM_ADDED = 34,
    EVENT_VM_UPDATED = 35,
    EVENT_HOST_ADDED = 42,
    EVENT_HOST_UPDATED = 43,
    EVENT_HOST_REMOVED = 44,
    EVENT_VM_RUN_FAILED = 54,
    EVENT_VM_STOP_FAILED = 56,
    EVENT_VM_DOWN = 61,
    EVENT_VM_SHUTDOWN_INITIATED = 73,
    EVENT_VM_SHUTDOWN_FAILED = 74,
    EVENT_VM_REMOVED = 113,
    EVENT_VM_DOWN_ERROR = 119,
    EVENT_VM_UNKNOWN = 142,
    EVENT_VM_RUN_INITIATED = 150,
    EVENT_VM_STARTED = 153,
    EVENT_HOST_INITIALIZING = 514,
    EVENT_HOST_NON_OPERATIONAL = 517,
    EVENT_CLUSTER_ADDED = 809,
    EVENT_CLUSTER_UPDATED = 811,
    EVENT_CLUSTER_REMOVED = 813,
    EVENT_NIC_REMOVED = 930,
    EVENT_NIC_ADDED = 932,
    EVENT_NIC_UPDATED = 934,
    EVENT_NIC_UPDATE_FAILED = 935,
    EVENT_NETWORK_ADDED = 942,
    EVENT_NETWORK_REMOVED = 944,
    EVENT_DATA_CENTER_ADDED = 950,
    EVENT_DATA_CENTER_UPDATED = 952,
    EVENT_DATA_CENTER_REMOVED = 954,
    EVENT_NIC_PLUGGED = 1012,
    EVENT_NIC_PLUG_FAILED = 1013,
    EVENT_NIC_UNPLUGGED = 1014,
    EVENT_NIC_UNPLUG_FAILED = 1015,
    EVENT_NETWORK_UPDATED = 1114,
    EVENT_HOST_CONNECTING = 20001,
    EVENT_VM_FOUND = 20002,
    EVENT_VM_STRANGER = 20003,
    EVENT_VM_ELSEWHERE = 20004,
} EventCode;

/* What the text of an event speaks of; whatever is NULL is left empty. */
typedef struct {
    const Actor *actor; /* NULL: the system itself */
    const Vm *vm;
    const Host *host;
    const Cluster *cluster;
    const Nic *nic;
    const char *name; /* of a thing that none of the above is */
    const char *text; /* what the host said, or the reason */
} EventSubject;

/* [worker] Stores an event. Once in a while the oldest beyond the configured count are dropped. */
gboolean event_add(Engine *engine, EventCode code, const EventSubject *subject, GError **error);
