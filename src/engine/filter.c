/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/filter.h"

/* The level that brought VDSM's "filter" key (oVirt 3.2). */
#define LEVEL_MAJOR 3
#define LEVEL_MINOR 2

gboolean level_at_least(guint major, guint minor, guint wanted_major, guint wanted_minor)
{
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}

const char *nic_filter(const Nic *nic, const Cluster *cluster, gboolean option)
{
    if (!nic->network_id || !option)
        return NULL;
    if (!level_at_least(cluster->level_major, cluster->level_minor, LEVEL_MAJOR, LEVEL_MINOR))
        return NULL;
    return FILTER_NO_MAC_SPOOFING;
}
