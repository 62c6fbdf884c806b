/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/connection.h"

/* Host.getCapabilities in VDSM's shape, as JSON text: what the host is, what libvirt it has, its
 * bridges and the network filters defined on it. Blocks. */
GBytes *capabilities_read(Virt *virt, GError **error);
