/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/bpf/layout.h"
#include "datapath/error.h"

/*
 * Purpose: programs at a device's clsact qdisc, for kernels without tcx. It stays when the process
 * ends, and goes with the device.
 */

/* programs, and the kernel's numbers of them, by way. What is ours already is replaced. Errors:
 * BUSY when the device has an ingress qdisc, which excludes clsact (libvirt puts one there for
 * <bandwidth><outbound>). */
gboolean clsact_attach(guint ifindex, const int programs[N_WAYS], const guint ids[N_WAYS],
                       GError **error);
gboolean clsact_detach(guint ifindex, GError **error);

/* Both programs are where clsact_attach() puts them. */
gboolean clsact_is_attached(guint ifindex, const guint ids[N_WAYS]);
