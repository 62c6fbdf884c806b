/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: what is at a device's tcx hooks, by bpf(2) itself: libbpf knows them since 1.3 only, and
 * the headers here may not (linux/bpf.h of 6.6).
 */

enum { TCX_INGRESS = 46, TCX_EGRESS = 47 }; /* enum bpf_attach_type */

#define TCX_PROGRAMS_MAX 64 /* at one hook: the kernel's BPF_MPROG_MAX */

/* Whether this kernel has them: 6.6 and later. */
gboolean tcx_is_known(void);

/* The numbers of the programs at a hook in their order: 0, or an errno value. */
int tcx_query(guint ifindex, guint type, guint ids[TCX_PROGRAMS_MAX], guint *count);
