/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The engine's entities, as plain data. The store reads and writes them, the engine decides over
 * them, the REST room gives them their XML and JSON forms. Every id is a lower-case UUID string; a
 * NULL id reference means none. Each type has a _new (all zero), a _copy and a _free; members are
 * owned by the struct. record.c holds each type's table of members: what is copied, freed and
 * stored comes from it. The values of the enums are stored: new ones go before the _COUNT.
 */

typedef struct {
    char *name;
    char *value;
    char *version; /* "general", or a cluster level such as "3.2" */
    char *default_value;
} Option;

typedef struct {
    char *id, *name, *description;
} DataCenter;

typedef struct {
    char *id, *name, *description;
    char *data_center_id;
    guint level_major, level_minor; /* compatibility level, compared as numbers: 3.10 > 3.2 */
} Cluster;

/* In oVirt's words; enum order is the order of the names in host_status_names. */
typedef enum {
    HOST_UNASSIGNED,   /* never reached yet, or engine just started */
    HOST_CONNECTING,   /* answered before, being dialled again within the grace time */
    HOST_INITIALIZING, /* connected, answers code 99 */
    HOST_UP,
    HOST_NON_RESPONSIVE,  /* does not answer; its VMs are unknown */
    HOST_NON_OPERATIONAL, /* answers, but cannot serve its cluster (the reason says why) */
    HOST_STATUS_COUNT,
} HostStatus;

typedef struct {
    char *id, *name, *address;
    guint16 port;
    char *cluster_id;
    HostStatus status;
    char *status_detail;   /* a sentence for people, or NULL */
    char *os_version;      /* as getCapabilities reports, or NULL */
    char *libvirt_version; /* likewise */
    char *agent_version;   /* likewise */
    char *filters;         /* space-separated nwfilter names the host has, or NULL when unknown */
} Host;

typedef struct {
    char *id, *name, *description;
    char *data_center_id;
    char *bridge; /* the Linux bridge on the hosts; oVirt names it after the network */
} Network;

typedef enum {
    VM_DOWN,
    VM_WAIT_FOR_LAUNCH,
    VM_POWERING_UP,
    VM_UP,
    VM_PAUSED,
    VM_POWERING_DOWN,
    VM_REBOOT_IN_PROGRESS,
    VM_UNKNOWN, /* its host does not answer */
    VM_STATUS_COUNT,
} VmStatus;

typedef struct {
    char *id, *name, *description;
    char *cluster_id;
    guint64 memory; /* bytes, a multiple of 1 MiB */
    guint vcpus;
    char *kernel, *initrd, *cmdline; /* direct boot, or NULL */
    char *disk;                      /* path of a disk image on the host, or NULL */
    char *serial_log; /* path on the host that gets what the guest writes to its console; or NULL */
    /* dynamic part */
    VmStatus status;
    char *host_id;           /* where it runs or was last asked to run; NULL when down */
    char *exit_message;      /* why it went down, as the host said; or NULL */
    gint64 status_time;      /* s since 1970 of the last change of status */
    gint64 start_time;       /* s since 1970, 0 when down */
    gboolean stop_requested; /* to be destroyed as soon as its host answers; stored so as not to be
                                lost */
} Vm;

typedef struct {
    char *id, *vm_id, *name;
    char *network_id; /* NULL: in no network */
    char *mac;        /* canonical text, unique per engine */
    char *model;      /* "virtio", "e1000", "rtl8139", "e1000e": oVirt's interface */
    gboolean plugged, linked;
    /* as the host reports, while the VM runs */
    gboolean reported;          /* the host has this NIC */
    char *reported_filter;      /* the filter really on it, NULL for none */
    char *reported_parameters;  /* "NAME=VALUE NAME=VALUE", NULL for none */
    char *reported_enforcement; /* who enforces that filter: "libvirt", "tapwall"; NULL: not said */
    char *reported_device;      /* the tap's name on the host, or NULL */
    char *alias;                /* libvirt's device alias, or NULL */
    char *reported_network;     /* the bridge it is in there, NULL for none */
    gboolean reported_linked;   /* its link there */
} Nic;

typedef struct {
    char *id, *name;
    guint major, minor; /* minimum cluster level */
} NetworkFilter;

typedef enum { SEVERITY_NORMAL, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_ALERT } Severity;

typedef struct {
    gint64 id; /* ascending, assigned by the store */
    int code;  /* oVirt's audit log type number */
    Severity severity;
    gint64 time; /* s since 1970 */
    char *description;
    char *user; /* "admin@internal", or NULL */
    char *cluster_id, *host_id, *vm_id;
    char *correlation_id;
} Event;

#define ENTITY_DECLARE(Type, prefix)                                                               \
    Type *prefix##_new(void);                                                                      \
    Type *prefix##_copy(const Type *from);                                                         \
    void prefix##_free(Type *from);                                                                \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(Type, prefix##_free)

ENTITY_DECLARE(Option, option)
ENTITY_DECLARE(DataCenter, data_center)
ENTITY_DECLARE(Cluster, cluster)
ENTITY_DECLARE(Host, host)
ENTITY_DECLARE(Network, network)
ENTITY_DECLARE(Vm, vm)
ENTITY_DECLARE(Nic, nic)
ENTITY_DECLARE(NetworkFilter, network_filter)
ENTITY_DECLARE(Event, event)

/* oVirt's REST names ("up", "wait_for_launch", "non_responsive", ...), indexed by the enum. */
extern const char *const host_status_names[HOST_STATUS_COUNT];
extern const char *const vm_status_names[VM_STATUS_COUNT];
