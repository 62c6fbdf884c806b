/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/survey-private.h"

/* Classifiers of any kind, by a dump: what stands beside our filters need not be BPF. */

static gboolean ask(int socket, guint ifindex, guint way)
{
    struct {
        struct nlmsghdr header;
        struct tcmsg message;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETTFILTER,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .message = {.tcm_ifindex = (int)ifindex,
                    .tcm_parent = TC_H_MAKE(TC_H_CLSACT,
                                            way == WAY_OUT ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS)},
    };

    return send(socket, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

static const struct rtattr *find(const struct rtattr *first, int left, guint type)
{
    for (const struct rtattr *at = first; RTA_OK(at, left); at = RTA_NEXT(at, left))
        if ((at->rta_type & NLA_TYPE_MASK) == type)
            return at;
    return NULL;
}

static void add_filter(GArray *programs, const struct nlmsghdr *header)
{
    const struct tcmsg *message = NLMSG_DATA(header);
    const struct rtattr *first = (const struct rtattr *)(message + 1);
    const int left = (int)NLMSG_PAYLOAD(header, sizeof *message);
    const struct rtattr *kind = find(first, left, TCA_KIND);
    const struct rtattr *options = find(first, left, TCA_OPTIONS);
    const struct rtattr *id = NULL;
    SurveyProgram program = {.place = SURVEY_CLSACT};

    if (header->nlmsg_type != RTM_NEWTFILTER || !kind || !options || message->tcm_handle == 0)
        return; /* a filter is told once as itself, and its kind's head without a handle */
    g_strlcpy(program.name, RTA_DATA(kind), MIN(sizeof program.name, RTA_PAYLOAD(kind)));
    if (g_str_equal(program.name, "bpf"))
        id = find(RTA_DATA(options), (int)RTA_PAYLOAD(options), TCA_BPF_ID);
    if (id)
        program.id = *(const guint *)RTA_DATA(id);
    g_array_append_val(programs, program);
}

/* One datagram; FALSE at the last. */
static gboolean read_some(GArray *programs, int socket, int *failure)
{
    char buffer[32768] __attribute__((aligned(8)));
    ssize_t length = recv(socket, buffer, sizeof buffer, 0);
    int left = (int)length;

    *failure = length < 0 ? errno : 0;
    for (const struct nlmsghdr *at = (const struct nlmsghdr *)buffer;
         length > 0 && NLMSG_OK(at, (guint)left); at = NLMSG_NEXT(at, left)) {
        if (at->nlmsg_type == NLMSG_ERROR)
            *failure = -((const struct nlmsgerr *)NLMSG_DATA(at))->error;
        if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR)
            return FALSE;
        add_filter(programs, at);
    }
    return length > 0;
}

gboolean survey_clsact(GArray *programs, guint ifindex, guint way, GError **error)
{
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), failure = 0;

    if (netlink < 0)
        return datapath_kernel_error(error, errno, "opening a netlink socket");
    if (!ask(netlink, ifindex, way))
        failure = errno;
    else
        while (read_some(programs, netlink, &failure))
            continue;
    close(netlink);
    if (failure == 0 || failure == EINVAL || failure == ENOENT || failure == ENODEV)
        return TRUE; /* no such qdisc, or no such device any more */
    return datapath_kernel_error(error, failure, "asking for the classifiers of port %u", ifindex);
}

/* ---- XDP ---- */

static guint xdp_of(const struct nlmsghdr *header)
{
    const struct ifinfomsg *message = NLMSG_DATA(header);
    const struct rtattr *xdp, *id;

    if (header->nlmsg_type != RTM_NEWLINK)
        return 0;
    xdp = find((const struct rtattr *)(message + 1), (int)NLMSG_PAYLOAD(header, sizeof *message),
               IFLA_XDP);
    id = xdp ? find(RTA_DATA(xdp), (int)RTA_PAYLOAD(xdp), IFLA_XDP_PROG_ID) : NULL;
    return id ? *(const guint *)RTA_DATA(id) : 0;
}

guint survey_xdp(guint ifindex)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg message;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST},
        .message = {.ifi_index = (int)ifindex},
    };
    char buffer[32768] __attribute__((aligned(8)));
    const struct nlmsghdr *answer = (const struct nlmsghdr *)buffer;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    ssize_t length = 0;

    if (netlink < 0)
        return 0;
    if (send(netlink, &request, sizeof request, 0) == (ssize_t)sizeof request)
        length = recv(netlink, buffer, sizeof buffer, 0);
    close(netlink);
    return length > 0 && NLMSG_OK(answer, (guint)length) ? xdp_of(answer) : 0;
}
