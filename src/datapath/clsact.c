/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/clsact.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITY 1 /* of our filters: before others */
#define HANDLE 1

static const enum bpf_tc_attach_point points[N_WAYS] = {
    [WAY_OUT] = BPF_TC_INGRESS, [WAY_IN] = BPF_TC_EGRESS};

/* ---- which qdisc is in the place ---- */

/* One device's ingress place is asked for: a list of a device's qdiscs is for the kernel one of all
 * devices. Without the echo a qdisc that is asked for is not told to who asks. */
static gboolean ask_for_qdisc(int socket, guint ifindex)
{
    struct {
        struct nlmsghdr header;
        struct tcmsg message;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETQDISC,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ECHO},
        .message = {.tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_INGRESS},
    };

    return send(socket, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* The qdisc's kind in the answer, or NULL where it is an error. The caller frees. */
static char *read_kind(int socket)
{
    char buffer[32768] __attribute__((aligned(8)));
    const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
    const struct tcmsg *message = NLMSG_DATA(header);
    const struct rtattr *attribute = (const struct rtattr *)(message + 1);
    ssize_t length = recv(socket, buffer, sizeof buffer, 0);
    int left;

    if (length <= 0 || !NLMSG_OK(header, (guint)length) || header->nlmsg_type != RTM_NEWQDISC)
        return NULL;
    for (left = (int)NLMSG_PAYLOAD(header, sizeof *message); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left))
        if (attribute->rta_type == TCA_KIND)
            return g_strndup(RTA_DATA(attribute), RTA_PAYLOAD(attribute));
    return NULL;
}

/* "clsact", "ingress" (clsact's place is the same), or NULL for an empty place. The caller frees.
 */
static char *qdisc_kind(guint ifindex)
{
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    char *kind = NULL;

    if (netlink < 0)
        return NULL;
    if (ask_for_qdisc(netlink, ifindex))
        kind = read_kind(netlink);
    close(netlink);
    return kind;
}

static gboolean make_qdisc(guint ifindex, GError **error)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
                .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
    int result = bpf_tc_hook_create(&hook);
    g_autofree char *kind = qdisc_kind(ifindex);

    if (result != 0 && result != -EEXIST)
        return datapath_kernel_error(error, result, "adding clsact to port %u", ifindex);
    if (g_strcmp0(kind, "clsact") == 0)
        return TRUE;
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY,
                "port %u has the qdisc '%s' where clsact must be; libvirt puts ingress there for "
                "<bandwidth><outbound>, which needs Linux 6.6 or later together with Tapwall",
                ifindex, kind ? kind : "none");
    return FALSE;
}

/* ---- filters ---- */

/* The filter is read back: it must be in its own direction. */
static gboolean filter_holds(guint ifindex, guint way, guint id)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = points[way]);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = HANDLE, .priority = PRIORITY);

    return bpf_tc_query(&hook, &options) == 0 && options.prog_id == id;
}

static gboolean filter_attach(guint ifindex, guint way, int program, guint id, GError **error)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = points[way]);
    LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .flags = BPF_TC_F_REPLACE,
                .handle = HANDLE, .priority = PRIORITY);
    int result = bpf_tc_attach(&hook, &options);

    if (result != 0)
        return datapath_kernel_error(error, result, "attaching to clsact of port %u", ifindex);
    if (filter_holds(ifindex, way, id))
        return TRUE;
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY,
                "port %u: the filter is not where it was put", ifindex);
    return FALSE;
}

gboolean clsact_attach(guint ifindex, const int programs[N_WAYS], const guint ids[N_WAYS],
                       GError **error)
{
    if (!make_qdisc(ifindex, error))
        return FALSE;
    for (guint way = 0; way < N_WAYS; way++)
        if (!filter_attach(ifindex, way, programs[way], ids[way], error))
            return FALSE;
    return TRUE;
}

/* The qdisc stays: others may use it. */
gboolean clsact_detach(guint ifindex, GError **error)
{
    for (guint way = 0; way < N_WAYS; way++) {
        LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = points[way]);
        LIBBPF_OPTS(bpf_tc_opts, options, .handle = HANDLE, .priority = PRIORITY);
        int result = bpf_tc_detach(&hook, &options);

        if (result != 0 && result != -ENOENT && result != -ENODEV && result != -EINVAL)
            return datapath_kernel_error(error, result, "detaching from port %u", ifindex);
    }
    return TRUE;
}

gboolean clsact_is_attached(guint ifindex, const guint ids[N_WAYS])
{
    for (guint way = 0; way < N_WAYS; way++)
        if (!filter_holds(ifindex, way, ids[way]))
            return FALSE;
    return TRUE;
}
