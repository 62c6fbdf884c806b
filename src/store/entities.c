/* SPDX-License-Identifier: Apache-2.0 */
#include "store/entities.h"

#include "store/record.h"

const char *const host_status_names[HOST_STATUS_COUNT] = {
    [HOST_UNASSIGNED] = "unassigned",         [HOST_CONNECTING] = "connecting",
    [HOST_INITIALIZING] = "initializing",     [HOST_UP] = "up",
    [HOST_NON_RESPONSIVE] = "non_responsive", [HOST_NON_OPERATIONAL] = "non_operational",
};

const char *const vm_status_names[VM_STATUS_COUNT] = {
    [VM_DOWN] = "down",
    [VM_WAIT_FOR_LAUNCH] = "wait_for_launch",
    [VM_POWERING_UP] = "powering_up",
    [VM_UP] = "up",
    [VM_PAUSED] = "paused",
    [VM_POWERING_DOWN] = "powering_down",
    [VM_REBOOT_IN_PROGRESS] = "reboot_in_progress",
    [VM_UNKNOWN] = "unknown",
};

#define ENTITY_DEFINE(Type, prefix, kind)                                                          \
    Type *prefix##_new(void)                                                                       \
    {                                                                                              \
        return g_new0(Type, 1);                                                                    \
    }                                                                                              \
    Type *prefix##_copy(const Type *from)                                                          \
    {                                                                                              \
        return record_copy(&records[kind], from);                                                  \
    }                                                                                              \
    void prefix##_free(Type *from)                                                                 \
    {                                                                                              \
        record_free(&records[kind], from);                                                         \
    }

ENTITY_DEFINE(Option, option, ENTITY_OPTION)
ENTITY_DEFINE(DataCenter, data_center, ENTITY_DATA_CENTER)
ENTITY_DEFINE(Cluster, cluster, ENTITY_CLUSTER)
ENTITY_DEFINE(Host, host, ENTITY_HOST)
ENTITY_DEFINE(Network, network, ENTITY_NETWORK)
ENTITY_DEFINE(Vm, vm, ENTITY_VM)
ENTITY_DEFINE(Nic, nic, ENTITY_NIC)
ENTITY_DEFINE(NetworkFilter, network_filter, ENTITY_NETWORK_FILTER)
ENTITY_DEFINE(Event, event, ENTITY_EVENT)
