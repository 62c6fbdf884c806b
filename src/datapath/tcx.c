/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/tcx.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

/* bpf(2)'s arguments of BPF_PROG_QUERY as of 6.6. */
typedef struct {
    __u32 ifindex, type, query_flags, attach_flags;
    __u64 ids;
    __u32 count, zero;
    __u64 rest[4];
} Query;

int tcx_query(guint ifindex, guint type, guint ids[TCX_PROGRAMS_MAX], guint *count)
{
    Query query = {
        .ifindex = ifindex, .type = type, .ids = (__u64)(gsize)ids, .count = TCX_PROGRAMS_MAX};

    if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query) != 0)
        return errno;
    *count = query.count;
    return 0;
}

/* Without tcx the kernel does not know the type; with it, it looks for the device first. */
gboolean tcx_is_known(void)
{
    guint ids[TCX_PROGRAMS_MAX], count;

    return tcx_query(G_MAXINT, TCX_INGRESS, ids, &count) == ENODEV;
}
