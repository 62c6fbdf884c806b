/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/domain.h"

/* What libvirt counts about its running domains, sampled all at once. A sample is immutable once it
 * is shared between threads, which is done by reference. */

typedef struct {
    char *name;                              /* the tap on the host */
    guint64 rx_bytes, rx_errors, rx_dropped; /* rx: received by the guest */
    guint64 tx_bytes, tx_errors, tx_dropped;
} VirtNetStats;

typedef struct {
    char *uuid;
    VirtDomainState state;
    guint64 cpu_time;   /* ns since the domain started */
    GPtrArray *nets;    /* of VirtNetStats */
    gint64 sample_time; /* us since 1970 */
} VirtStats;

VirtStats *virt_stats_ref(VirtStats *stats);
void virt_stats_unref(VirtStats *stats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtStats, virt_stats_unref)
/* An empty sample of now, to be filled before it is shared. */
VirtStats *virt_stats_new(const char *uuid);
VirtNetStats *virt_stats_add_net(VirtStats *stats, const char *name);

/* Domains that are busy with another call are reported with what is known without waiting. Blocks.
 */
GPtrArray *virt_stats(Virt *virt, GError **error); /* of VirtStats */
