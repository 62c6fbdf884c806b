/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "lane.h"

/* Frames of port 1's guest. The caller unrefs the octets. */

/* UDP over IPv4, 60 octets (64 on a wire), to the guest at port 2. */
Lane frame_lane(void);

/* An ARP request to everybody, one at a time, that `receivers` ports get. */
Lane frame_arp_lane(guint receivers);
