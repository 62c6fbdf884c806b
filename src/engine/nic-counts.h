/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/report.h"

/*
 * [worker] What hosts count at the NICs of running VMs: the newest numbers, in memory alone, since
 * every host says them again with its next report. Of NICs that are on no host nothing is kept.
 */

/* Takes what a report counts, if it counts anything. */
void nic_counts_take(Engine *engine, const Nic *nic, const NicReport *report);
/* The NIC is on no host any more. */
void nic_counts_forget(Engine *engine, const Nic *nic);
