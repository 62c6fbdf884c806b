/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/links.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filterd/error.h"

#define BUFFER_SIZE (8 << 20) /* in the kernel: some ten thousand events */
#define READ_SIZE 32768
#define READS_MAX 64 /* before others have their turn */

struct Links {
    LinksEvents events;
    gpointer data;
    int socket;
    guint source;
};

/* ---- one message ---- */

static void tell_link(const Links *links, struct nlmsghdr *message)
{
    const struct ifinfomsg *info = NLMSG_DATA(message);
    int length = (int)IFLA_PAYLOAD(message);

    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *info) || info->ifi_index <= 0)
        return;
    if (message->nlmsg_type == RTM_DELLINK) {
        /* A bridge says of its own half of a port, too, that it is gone. */
        if (info->ifi_family == AF_UNSPEC)
            links->events.vanished((guint)info->ifi_index, links->data);
        return;
    }
    for (const struct rtattr *part = IFLA_RTA(info); RTA_OK(part, length);
         part = RTA_NEXT(part, length)) {
        if (part->rta_type != IFLA_IFNAME || RTA_PAYLOAD(part) == 0)
            continue;
        g_autofree char *name = g_strndup(RTA_DATA(part), RTA_PAYLOAD(part));
        links->events.appeared(name, (guint)info->ifi_index, links->data);
        return;
    }
}

static void tell_hook(const Links *links, const struct nlmsghdr *message)
{
    const struct tcmsg *info = NLMSG_DATA(message);

    if (message->nlmsg_len >= NLMSG_LENGTH(sizeof *info) && info->tcm_ifindex > 0)
        links->events.hook_changed((guint)info->tcm_ifindex, links->data);
}

static void tell(const Links *links, struct nlmsghdr *message)
{
    switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        tell_link(links, message);
        break;
    case RTM_DELTFILTER:
    case RTM_DELQDISC:
        tell_hook(links, message);
        break;
    default: /* of the many that these groups bring */
        break;
    }
}

/* ---- reading ---- */

/* FALSE when there is nothing more. */
static gboolean read_some(Links *links)
{
    union {
        char octets[READ_SIZE];
        struct nlmsghdr message; /* aligned for it */
    } buffer;
    ssize_t got = recv(links->socket, &buffer, sizeof buffer, MSG_DONTWAIT);
    guint length = got > 0 ? (guint)got : 0;

    if (got < 0 && errno == ENOBUFS) {
        links->events.overrun(links->data);
        return TRUE;
    }
    for (struct nlmsghdr *message = &buffer.message; NLMSG_OK(message, length);
         message = NLMSG_NEXT(message, length))
        tell(links, message);
    return got > 0 || (got < 0 && errno == EINTR);
}

static gboolean readable(int socket, GIOCondition condition, gpointer data)
{
    for (guint i = 0; i < READS_MAX; i++)
        if (!read_some(data))
            break;
    return G_SOURCE_CONTINUE;
}

static gboolean links_open(Links *links, GError **error)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_LINK | RTMGRP_TC};
    const int size = BUFFER_SIZE;

    links->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (links->socket >= 0 &&
        setsockopt(links->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(links->socket, SOL_SOCKET, SO_RCVBUF, &size,
                         sizeof size); /* a smaller one overruns sooner, which is seen */
    if (links->socket >= 0 &&
        bind(links->socket, (const struct sockaddr *)&address, sizeof address) == 0)
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM,
                "cannot hear of network devices (rtnetlink): %s", g_strerror(errno));
    return FALSE;
}

Links *links_new(const LinksEvents *events, gpointer data, GError **error)
{
    g_autoptr(Links) links = g_new0(Links, 1);

    links->events = *events;
    links->data = data;
    if (!links_open(links, error))
        return NULL;
    links->source = g_unix_fd_add(links->socket, G_IO_IN | G_IO_ERR, readable, links);
    return g_steal_pointer(&links);
}

void links_free(Links *links)
{
    if (links->source > 0)
        g_source_remove(links->source);
    if (links->socket >= 0)
        close(links->socket);
    g_free(links);
}

/* ---- now ---- */

guint link_index(const char *name)
{
    return if_nametoindex(name);
}

gboolean link_is(guint ifindex, const char *name)
{
    char found[IF_NAMESIZE];

    return if_indextoname(ifindex, found) && strcmp(found, name) == 0;
}

gboolean link_exists(guint ifindex)
{
    char found[IF_NAMESIZE];

    return if_indextoname(ifindex, found) != NULL;
}
