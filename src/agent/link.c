/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* A dump's message is at most a page of links, 32 KiB where the reader has that much room. */
enum { MESSAGE_BYTES = 32768, MAC_BYTES = 6 };

G_DEFINE_QUARK(tapwall - link - error, link_error)

void link_free(Link *link)
{
    g_free(link->name);
    g_free(link->alias);
    g_free(link);
}

/* ---- messages ---- */

/* A request with room for its attributes. */
typedef struct {
    char bytes[1024];
    struct nlmsghdr *head;
    struct ifinfomsg *info;
} Request;

static void request_begin(Request *request, guint16 type, guint16 flags, const char *name)
{
    request->head = mnl_nlmsg_put_header(request->bytes);
    request->head->nlmsg_type = type;
    request->head->nlmsg_flags = NLM_F_REQUEST | flags;
    request->info = mnl_nlmsg_put_extra_header(request->head, sizeof *request->info);
    request->info->ifi_family = AF_UNSPEC;
    if (name)
        mnl_attr_put_strz(request->head, IFLA_IFNAME, name);
}

static gboolean fail(GError **error, int code, const char *name, const char *what)
{
    g_set_error(error, LINK_ERROR, code, "%s: %s: %s", name, what, g_strerror(code));
    return FALSE;
}

static gboolean answers_take(struct mnl_socket *socket, mnl_cb_t take, void *data)
{
    g_autofree char *bytes = g_malloc(MESSAGE_BYTES);
    unsigned int port = mnl_socket_get_portid(socket);
    ssize_t got;

    do {
        got = mnl_socket_recvfrom(socket, bytes, MESSAGE_BYTES);
        if (got < 0)
            return FALSE;
        got = mnl_cb_run(bytes, (size_t)got, 0, port, take, data);
    } while (got > MNL_CB_STOP);
    return got == MNL_CB_STOP;
}

/* Sends it and takes what comes back; errno says why not. */
static gboolean request_ask(const Request *request, mnl_cb_t take, void *data)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    gboolean done;
    int code;

    if (!socket)
        return FALSE;
    done = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
           mnl_socket_sendto(socket, request->head, request->head->nlmsg_len) >= 0 &&
           answers_take(socket, take, data);
    code = errno;
    (void)mnl_socket_close(socket); /* nothing is left to be lost */
    errno = code;
    return done;
}

static gboolean request_do(const Request *request, const char *name, const char *what,
                           GError **error)
{
    return request_ask(request, NULL, NULL) || fail(error, errno, name, what);
}

/* ---- reading ---- */

static int attribute_take(const struct nlattr *attribute, void *data)
{
    Link *link = data;
    const struct nlattr *inner;

    switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
        link->name = g_strdup(mnl_attr_get_str(attribute));
        break;
    case IFLA_IFALIAS:
        link->alias = g_strndup(mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute));
        break;
    case IFLA_MASTER:
        link->master = mnl_attr_get_u32(attribute);
        break;
    case IFLA_MTU:
        link->mtu = mnl_attr_get_u32(attribute);
        break;
    case IFLA_CARRIER:
        link->has_carrier = mnl_attr_get_u8(attribute) != 0;
        break;
    case IFLA_LINKINFO:
        mnl_attr_for_each_nested(inner, attribute) if (mnl_attr_get_type(inner) == IFLA_INFO_KIND)
            link->is_tun = strcmp(mnl_attr_get_str(inner), "tun") == 0;
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int link_take(const struct nlmsghdr *head, void *data)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(head);
    Link *link = g_new0(Link, 1);

    link->index = (guint)info->ifi_index;
    link->is_up = (info->ifi_flags & IFF_UP) != 0;
    (void)mnl_attr_parse(head, sizeof *info, attribute_take, link); /* always OK */
    g_ptr_array_add(data, link);
    return MNL_CB_OK;
}

static GPtrArray *links_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)link_free);
}

GPtrArray *links_read(GError **error)
{
    g_autoptr(GPtrArray) links = links_new();
    Request request;

    request_begin(&request, RTM_GETLINK, NLM_F_DUMP, NULL);
    if (request_ask(&request, link_take, links))
        return g_steal_pointer(&links);
    (void)fail(error, errno, "the host's links", "cannot be listed");
    return NULL;
}

gboolean link_read(const char *name, Link **link, GError **error)
{
    g_autoptr(GPtrArray) links = links_new();
    Request request;

    request_begin(&request, RTM_GETLINK, NLM_F_ACK, name);
    if (!request_ask(&request, link_take, links) && errno != ENODEV)
        return fail(error, errno, name, "the link cannot be read");
    *link = links->len > 0 ? g_ptr_array_steal_index(links, 0) : NULL;
    return TRUE;
}

/* ---- changing ---- */

static gboolean flags_set(const char *name, gboolean is_up, GError **error)
{
    Request request;

    request_begin(&request, RTM_NEWLINK, NLM_F_ACK, name);
    request.info->ifi_change = IFF_UP;
    request.info->ifi_flags = is_up ? IFF_UP : 0;
    return request_do(&request, name, is_up ? "cannot be set up" : "cannot be set down", error);
}

static gboolean master_set(const char *name, guint master, guint mtu, GError **error)
{
    Request request;

    request_begin(&request, RTM_NEWLINK, NLM_F_ACK, name);
    mnl_attr_put_u32(request.head, IFLA_MASTER, master);
    if (mtu != 0)
        mnl_attr_put_u32(request.head, IFLA_MTU, mtu);
    return request_do(&request, name,
                      master ? "cannot join its bridge" : "cannot be taken out of its bridge",
                      error);
}

gboolean link_join(const char *name, const char *bridge, GError **error)
{
    g_autoptr(Link) master = NULL;

    if (!link_read(bridge, &master, error))
        return FALSE;
    if (!master) {
        g_set_error(error, LINK_ERROR, ENODEV, "this host has no bridge '%s'", bridge);
        return FALSE;
    }
    return master_set(name, master->index, master->mtu, error) && flags_set(name, TRUE, error);
}

gboolean link_leave(const char *name, GError **error)
{
    return flags_set(name, FALSE, error) && master_set(name, 0, 0, error);
}

static void mac_put(struct nlmsghdr *head, guint64 mac)
{
    guint8 bytes[MAC_BYTES];

    for (guint i = 0; i < MAC_BYTES; i++)
        bytes[i] = (guint8)(mac >> 8 * (MAC_BYTES - 1 - i));
    mnl_attr_put(head, IFLA_ADDRESS, MAC_BYTES, bytes);
}

static void addresses_forbid(const char *name)
{
    Request request;
    struct nlattr *families, *ipv6;

    request_begin(&request, RTM_NEWLINK, NLM_F_ACK, name);
    families = mnl_attr_nest_start(request.head, IFLA_AF_SPEC);
    ipv6 = mnl_attr_nest_start(request.head, AF_INET6);
    mnl_attr_put_u8(request.head, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(request.head, ipv6);
    mnl_attr_nest_end(request.head, families);
    (void)request_ask(&request, NULL, NULL); /* a host without IPv6 makes no address either */
}

gboolean link_mark(const char *name, const char *alias, guint64 mac, GError **error)
{
    Request request;

    request_begin(&request, RTM_NEWLINK, NLM_F_ACK, name);
    mnl_attr_put_str(request.head, IFLA_IFALIAS, alias);
    mac_put(request.head, mac);
    if (!request_do(&request, name, "cannot be marked", error))
        return FALSE;
    addresses_forbid(name);
    return TRUE;
}

gboolean link_remove(const char *name, GError **error)
{
    g_autoptr(GError) reason = NULL;
    Request request;

    request_begin(&request, RTM_DELLINK, NLM_F_ACK, name);
    if (request_do(&request, name, "cannot be removed", &reason) ||
        g_error_matches(reason, LINK_ERROR, ENODEV))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}
