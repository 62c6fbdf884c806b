/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/domain.h"

/* What libvirt counts about its running domains, sampled all at once. */

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

void virt_net_stats_free(VirtNetStats *net);
void virt_stats_free(VirtStats *stats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtStats, virt_stats_free)

/* Domains that are busy with another call are reported with what is known without waiting. Blocks.
 */
GPtrArray *virt_stats(Virt *virt, GError **error); /* of VirtStats */
