/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MARKER 0x88b6
#define FRAME_MAX 16384

char *wire_output(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *problem = NULL;
    char *out = NULL;
    int status;

    g_spawn_command_line_sync(line, &out, &problem, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_error("%s: %s", line, problem);
    return out;
}

void wire_run(const char *line)
{
    g_free(wire_output(line));
}

static void write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);

    if (file >= 0 && write(file, text, strlen(text)) >= 0)
        close(file);
}

const char *wire_enter(void)
{
    g_assert_cmpint(unshare(CLONE_NEWNET | CLONE_NEWNS), ==, 0);
    g_assert_cmpint(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
    g_assert_cmpint(mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"), ==, 0);
    write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"); /* or it talks by itself */
    write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    write_file("/proc/sys/net/bridge/bridge-nf-call-iptables", "0"); /* or it judges, too */
    write_file("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
    write_file("/proc/sys/net/bridge/bridge-nf-call-arptables", "0");
    wire_run("ip link add name bridge type bridge mcast_snooping 0");
    wire_run("ip link set bridge up");
    return "/sys/fs/bpf/tapwall-test";
}

guint wire_port(guint number)
{
    g_autofree char *add = g_strdup_printf(
        "ip link add p%u mtu 9000 type veth peer name g%u mtu 9000", number, number);
    g_autofree char *enslave = g_strdup_printf("ip link set p%u master bridge up", number);
    g_autofree char *guest = g_strdup_printf("ip link set g%u up", number);
    g_autofree char *name = g_strdup_printf("p%u", number);

    wire_run(add);
    wire_run(enslave);
    wire_run(guest);
    wire_run("ip link set bridge mtu 9000");
    return if_nametoindex(name);
}

int wire_socket(guint number, gboolean split)
{
    g_autofree char *name = g_strdup_printf("g%u", number);
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(0x0003), /* ETH_P_ALL */
                                  .sll_ifindex = (int)if_nametoindex(name)};
    const struct timeval second = {1, 0};
    const int one = 1, size = 1 << 27;
    int wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    g_assert_cmpint(wire, >=, 0);
    g_assert_cmpint(setsockopt(wire, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one), ==, 0);
    g_assert_cmpint(setsockopt(wire, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one), ==, 0);
    if (split)
        g_assert_cmpint(setsockopt(wire, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one), ==, 0);
    g_assert_cmpint(setsockopt(wire, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second), ==, 0);
    g_assert_cmpint(setsockopt(wire, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size), ==, 0);
    g_assert_cmpint(bind(wire, (struct sockaddr *)&address, sizeof address), ==, 0);
    return wire;
}

void wire_send(int wire, const GByteArray *frame, gboolean split)
{
    struct virtio_net_hdr head = {.hdr_len = 14};
    struct iovec parts[] = {{&head, sizeof head}, {frame->data, frame->len}};
    ssize_t sent = split ? writev(wire, parts, 2) : write(wire, frame->data, frame->len);

    g_assert_cmpint(sent, ==, frame->len + (split ? sizeof head : 0));
}

GByteArray *wire_octets(const char *hex)
{
    GByteArray *octets = g_byte_array_new();
    char pair[3] = {0};

    for (guint n = 0; *hex; hex++) {
        if (!g_ascii_isxdigit(*hex))
            continue;
        pair[n++ % 2] = *hex;
        if (n % 2 == 0) {
            guint8 octet = (guint8)strtoul(pair, NULL, 16);
            g_byte_array_append(octets, &octet, 1);
        }
    }
    return octets;
}

void wire_mark(int wire, const char *mac, gboolean split)
{
    g_autofree char *hex = g_strdup_printf("ffffffffffff %s 88b6 0000", mac);
    g_autoptr(GByteArray) frame = wire_octets(hex);

    wire_send(wire, frame, split);
}

/* The tag that the kernel took off, from the message's ancillary data. */
static void put_tag_back(struct msghdr *message, GByteArray *frame)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        const struct tpacket_auxdata *data = (const struct tpacket_auxdata *)CMSG_DATA(at);
        guint8 tag[4];

        if (at->cmsg_level != SOL_PACKET || at->cmsg_type != PACKET_AUXDATA ||
            !(data->tp_status & TP_STATUS_VLAN_VALID))
            continue;
        tag[0] = (guint8)(data->tp_vlan_tpid >> 8);
        tag[1] = (guint8)data->tp_vlan_tpid;
        tag[2] = (guint8)(data->tp_vlan_tci >> 8);
        tag[3] = (guint8)data->tp_vlan_tci;
        g_byte_array_set_size(frame, frame->len + 4);
        memmove(frame->data + 16, frame->data + 12, frame->len - 16);
        memcpy(frame->data + 12, tag, 4);
    }
}

/* NULL when nothing comes. */
static GByteArray *receive(int wire)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();
    char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct iovec part;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t length;

    g_byte_array_set_size(frame, FRAME_MAX);
    part = (struct iovec){frame->data, FRAME_MAX};
    length = recvmsg(wire, &message, 0);
    if (length < 14)
        return NULL;
    g_byte_array_set_size(frame, (guint)length);
    put_tag_back(&message, frame);
    return g_steal_pointer(&frame);
}

gboolean wire_collect(int wire, GPtrArray **frames)
{
    *frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    for (;;) {
        GByteArray *frame = receive(wire);

        if (!frame)
            return FALSE;
        if (frame->data[12] == MARKER >> 8 && frame->data[13] == (MARKER & 0xff)) {
            g_byte_array_unref(frame);
            return TRUE;
        }
        g_ptr_array_add(*frames, frame);
    }
}

gboolean wire_has_learnt(guint number, const char *mac)
{
    g_autofree char *line = g_strdup_printf("bridge fdb show dev p%u", number);
    g_autofree char *out = wire_output(line);

    return strstr(out, mac) != NULL;
}

static gboolean has_filter(guint number, const char *way)
{
    g_autofree char *line = g_strdup_printf("tc filter show dev p%u %s", number, way);
    g_autofree char *out = wire_output(line);

    return strstr(out, "bpf") != NULL;
}

gboolean wire_has_clsact(guint number)
{
    const gboolean has_out = has_filter(number, "ingress"), has_in = has_filter(number, "egress");

    g_assert_cmpint(has_out, ==, has_in);
    return has_out;
}
