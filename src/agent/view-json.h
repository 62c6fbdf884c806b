/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/vm.h"

/* A VM's reports in VDSM's shapes. Pure functions of a view, for any thread. */

/* {vmId, status, statusTime}: getVMList, and the parts every report has. */
JsonObject *view_to_brief(const VmView *view);
/* with name, size and the NIC dictionaries: getVMFullList, VM.create */
JsonObject *view_to_full(const VmView *view);
/* with counters per tap and what filters each: getStats, getAllVmStats */
JsonObject *view_to_stats(const VmView *view);
/* {"<vmId>": {status, ...}, "notify_time"}: the VM_status event. Time in ms, any clock. */
JsonObject *view_to_event(const VmView *view, gint64 time_ms);

/* A list of views as JSON text, each by its function. */
typedef JsonObject *(*ViewFunc)(const VmView *view);
GBytes *views_to_bytes(GPtrArray *views, ViewFunc form);

/* The same with view_to_stats(), whose text each view keeps: pollers ask more often than counters
 * are sampled. */
GBytes *views_stats_to_bytes(GPtrArray *views);
