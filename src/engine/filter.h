/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/entities.h"

/*
 * The decision: which network filter a NIC gets. One pure function for run VM, hot plug, update and
 * every display of what should be.
 */

#define FILTER_NO_MAC_SPOOFING "vdsm-no-mac-spoofing"
#define OPTION_ANTI_SPOOFING "EnableMACAntiSpoofingFilterRules"

/* Whether level a.b is at least c.d, as numbers: 3.10 is above 3.2. */
gboolean level_at_least(guint major, guint minor, guint wanted_major, guint wanted_minor);

/* The filter's name, a constant, or NULL for none. A NIC in no network gets none; else it is
 * vdsm-no-mac-spoofing if the option is on and the cluster level is at least 3.2. */
const char *nic_filter(const Nic *nic, const Cluster *cluster, gboolean option);
