/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/survey.h"

/* Appends what is at the device's clsact qdisc, in order; is_ours is left to the caller. */
gboolean survey_clsact(GArray *programs, guint ifindex, guint way, GError **error);

/* The number of the device's XDP program, 0 when it has none. (libbpf's own query reads all devices
 * for each.) */
guint survey_xdp(guint ifindex);
