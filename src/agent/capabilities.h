/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"

/* Host.getCapabilities in VDSM's shape, as JSON text: what the host is, what libvirt it has, its
 * bridges, who enforces its network filters and which are defined there. Blocks; of the agent only
 * the settings and the connections are used. */
GBytes *capabilities_read(const Agent *agent, GError **error);
