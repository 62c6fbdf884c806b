/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/report.h"

/* Whether a host can serve its cluster, judged by what it says of itself. Pure. */

/* A sentence that says what it lacks, or NULL. What an older host does not say is not held against
 * it. */
char *host_check(const HostReport *report, const Cluster *cluster, gboolean anti_spoofing);

/* Takes the facts of a report over. */
void host_check_take(Host *host, const HostReport *report);
