/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* Bridges of the agent's network namespace, asked of the kernel by ioctl: /sys may be mounted for
 * another namespace. */

#define BRIDGE_ERROR bridge_error_quark()
GQuark bridge_error_quark(void);

/* Whether name is a bridge (Linux or Open vSwitch). The error says what it is instead. VDSM's dummy
 * bridge is made when it is missing: it leads nowhere, and NICs in no network need one. */
gboolean bridge_check(const char *name, GError **error);

/* The names of the bridges there are. */
GPtrArray *bridge_names(void);
