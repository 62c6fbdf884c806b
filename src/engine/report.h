/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/engine.h"

/*
 * What hosts say, read into plain structs. Hosts are of every age and not all ours: unknown members
 * are skipped, numbers may be strings, and nothing missing is made up: each fact says whether it
 * was there.
 */

/* Text members are NULL when not said. */
typedef struct {
    char *mac; /* canonical */
    char *device, *alias;
    gboolean has_filter, has_network, has_link;
    char *filter, *parameters; /* NULL for none, if has_filter */
    char *network;             /* the bridge, NULL for none, if has_network */
    gboolean linked;           /* if has_link */
    char *enforcement;         /* "libvirt", "tapwall", or NULL: not said */
    NicCounts counts;
} NicReport;

typedef struct {
    char *vm_id;
    gboolean has_status;
    VmStatus status; /* if has_status */
    gboolean failed; /* a VM that went down: not of its own will */
    char *exit_message;
    GPtrArray *nics;   /* of NicReport */
    gboolean all_nics; /* a NIC that is not in nics is not there */
} VmReport;

typedef struct {
    char *os_version, *libvirt_version, *agent_version;
    char *filters;     /* space-separated; NULL when not said */
    GPtrArray *levels; /* of "4.7"; NULL when not said */
} HostReport;

#define REPORT_MAX_VMS 10000
#define REPORT_MAX_NICS 64
#define REPORT_MAX_WORDS 1024 /* of a list such as the host's filters */
#define REPORT_MAX_TEXT 4096  /* bytes of any text; longer ones are cut */

void nic_report_free(gpointer report);
void vm_report_free(gpointer report);
void host_report_free(HostReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmReport, vm_report_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostReport, host_report_free)

/* The answer of Host.getAllVmStats or Host.getVMFullList; NULL when it is no list. */
GPtrArray *report_vms(JsonNode *answer); /* of VmReport */
/* One VM's dictionary; NULL when it is none or has no vmId (id then fills in, if not NULL). */
VmReport *report_vm(JsonNode *node, const char *id);
/* The answer of VM.hotplugNic: the NIC with that MAC in it, or NULL. */
NicReport *report_nic(JsonNode *answer, const char *mac);
HostReport *report_capabilities(JsonNode *answer);
