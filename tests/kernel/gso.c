/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests' taps as QEMU opens them, with a virtio header before each frame: large frames that are
 * to be cut into segments later (GSO), checksums left to others, tags. What is honest arrives,
 * whole; what is forged does not, nor does it move the bridge's table; and likewise towards the
 * guest. usage: gso STOCK OWN tcx|no-tcx|clsact
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "datapath/datapath.h"
#include "decide/test-world.h"
#include "stock.h"
#include "wire.h"

#define GSO_UDP_L4 5 /* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 and later */
#define SEGMENT 1400 /* octets of payload in one */
#define FRAME_MAX 70000
#define MARKER 0x0806 /* ARP: no filter here minds it */
#define LONGEST 65400 /* of payload: an IPv4 packet has up to 65,535 octets */

/* One that sees everything a frame says: addresses inside tags, too, and ports. */
static const char *const own_filter =
    "<filter name='a' chain='root'>\n"
    "<rule action='drop' direction='out'><mac match='no' srcmacaddr='$MAC'/></rule>\n"
    "<rule action='drop' direction='out'><ip match='no' srcipaddr='$IP'/></rule>\n"
    "<rule action='drop' direction='out'><ipv6 match='no' srcipaddr='$IPV6'/></rule>\n"
    "<rule action='drop' direction='in'><ip match='no' dstipaddr='$IP'/></rule>\n"
    "<rule action='drop' direction='in'><ipv6 match='no' dstipaddr='$IPV6'/></rule>\n"
    "<rule action='drop' direction='out'><tcp dstportstart='81'/></rule>\n"
    "<rule action='drop' direction='out'><udp dstportstart='81'/></rule>\n"
    "<rule action='drop' direction='out'><tcp-ipv6 dstportstart='81'/></rule>\n</filter>";

typedef struct {
    guint family, protocol, gso;
    guint from, to; /* numbers of guests, in addresses */
    guint mac;      /* likewise, of the source */
    guint port;
    gboolean is_tagged;
    guint payload;
} Packet;

static gboolean has_udp_segments; /* the kernel knows GSO_UDP_L4 */

/* ---- taps ---- */

static int tap_open(guint number, guint offloads)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    g_autofree char *join = g_strdup_printf("ip link set p%u master bridge up", number);

    g_assert_cmpint(tap, >=, 0);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "p%u", number);
    g_assert_cmpint(ioctl(tap, TUNSETIFF, &request), ==, 0);
    g_assert_cmpint(ioctl(tap, TUNSETOFFLOAD, offloads), ==, 0);
    wire_run(join);
    return tap;
}

static guint tap_ifindex(guint number)
{
    g_autofree char *name = g_strdup_printf("p%u", number);

    return if_nametoindex(name);
}

static gboolean tap_write(int tap, const struct virtio_net_hdr *head, const GByteArray *frame)
{
    struct iovec parts[] = {{(gpointer)head, sizeof *head}, {frame->data, frame->len}};
    ssize_t sent = writev(tap, parts, 2);

    if (sent < 0 && errno == EINVAL)
        return FALSE;
    g_assert_cmpint(sent, ==, frame->len + sizeof *head);
    return TRUE;
}

static void tap_mark(int tap, guint number)
{
    const struct virtio_net_hdr head = {0};
    g_autofree char *hex = g_strdup_printf(
        "ffffffffffff 52540000000%u 0806 0001 0800 06 04 0001 52540000000%u 0a00000%u"
        "000000000000 0a000009",
        number, number, number);
    g_autoptr(GByteArray) frame = wire_octets(hex);

    g_assert_true(tap_write(tap, &head, frame));
}

/* ---- frames ---- */

static void put16(GByteArray *frame, guint value)
{
    const guint8 octets[] = {(guint8)(value >> 8), (guint8)value};

    g_byte_array_append(frame, octets, 2);
}

static void put(GByteArray *frame, char *hex)
{
    g_autofree char *text = hex;
    g_autoptr(GByteArray) octets = wire_octets(text);

    g_byte_array_append(frame, octets->data, octets->len);
}

static guint header_length(const Packet *packet)
{
    return (packet->is_tagged ? 18 : 14) + (packet->family == 4 ? 20 : 40);
}

static guint transport_length(const Packet *packet)
{
    return packet->protocol == IPPROTO_TCP ? 20 : 8;
}

static void put_network(GByteArray *frame, const Packet *packet)
{
    const guint length = transport_length(packet) + packet->payload;

    if (packet->family == 4) {
        put16(frame, 0x0800);
        put16(frame, 0x4500);
        put16(frame, 20 + length);
        put(frame, g_strdup_printf("0001 0000 40 %02x 0000 0a00000%u 0a00000%u", packet->protocol,
                                   packet->from, packet->to));
    } else {
        put16(frame, 0x86dd);
        put(frame, g_strdup("60000000"));
        put16(frame, length);
        put(frame, g_strdup_printf("%02x 40 fd0000000000000000000000000000 0%u"
                                   "fd0000000000000000000000000000 0%u",
                                   packet->protocol, packet->from, packet->to));
    }
}

static GByteArray *frame_new(const Packet *packet)
{
    GByteArray *frame = g_byte_array_new();
    guint headers;

    put(frame, g_strdup_printf("52540000000%u 52540000000%u %s", packet->to, packet->mac,
                               packet->is_tagged ? "8100 0014" : ""));
    put_network(frame, packet);
    put16(frame, 1000);
    put16(frame, packet->port);
    if (packet->protocol == IPPROTO_TCP)
        put(frame, g_strdup("00000001 00000001 5010 ffff 0000 0000"));
    else
        put16(frame, 8 + packet->payload), put16(frame, 0);
    headers = frame->len;
    g_byte_array_set_size(frame, headers + packet->payload);
    memset(frame->data + headers, 0x55, packet->payload);
    return frame;
}

/* As a guest's driver writes it: the checksum is to be done by whoever sends it out. */
static struct virtio_net_hdr head_of(const Packet *packet)
{
    const guint start = header_length(packet);

    return (struct virtio_net_hdr){
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .gso_type = (guint8)packet->gso,
        .hdr_len = (guint16)(start + transport_length(packet)),
        .gso_size = packet->gso == VIRTIO_NET_HDR_GSO_NONE ? 0 : SEGMENT,
        .csum_start = (guint16)start,
        .csum_offset = packet->protocol == IPPROTO_TCP ? 16 : 6,
    };
}

/* ---- what arrives ---- */

/* Payload of one frame of those above, a segment or fragment of it, or the whole. */
static guint payload_of(const guint8 *frame, const Packet *packet)
{
    const guint8 *network = frame + (packet->is_tagged ? 18 : 14);
    const gboolean is_later = packet->family == 4 && ((network[6] & 0x1f) || network[7]);
    const guint length = packet->family == 4 ? (guint)(network[2] << 8 | network[3]) - 20
                                             : (guint)(network[4] << 8 | network[5]);

    return length - (is_later ? 0 : transport_length(packet));
}

/* All there was until the marker; G_MAXUINT when it does not come. */
static guint collect(int tap, const Packet *packet, guint *frames)
{
    g_autofree guint8 *buffer = g_malloc(FRAME_MAX);
    const guint8 *frame = buffer + sizeof(struct virtio_net_hdr);
    guint payload = 0;

    for (*frames = 0;; ++*frames) {
        struct pollfd wait = {.fd = tap, .events = POLLIN};

        if (poll(&wait, 1, 2000) != 1)
            return G_MAXUINT;
        g_assert_cmpint(read(tap, buffer, FRAME_MAX), >, 14);
        if ((guint)(frame[12] << 8 | frame[13]) == MARKER)
            return payload;
        payload += payload_of(frame, packet);
    }
}

static void try_packet(int from, guint number, int to, const Packet *packet, gboolean arrives)
{
    g_autoptr(GByteArray) frame = frame_new(packet);
    const struct virtio_net_hdr head = head_of(packet);
    guint frames, payload;

    g_assert_true(tap_write(from, &head, frame));
    tap_mark(from, number);
    payload = collect(to, packet, &frames);
    if (payload != (arrives ? packet->payload : 0))
        g_error("IPv%u, protocol %u, gso %u, from %u to %u as %u, port %u, tag %d, %u octets: "
                "%u octets in %u frames arrived",
                packet->family, packet->protocol, packet->gso, packet->from, packet->to,
                packet->mac, packet->port, packet->is_tagged, packet->payload, payload, frames);
}

/* ---- which are sent ---- */

static const Packet kinds[] = {
    {4, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_NONE, .payload = 100},
    {4, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_TCPV4, .payload = 4000},
    {4, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_TCPV4, .payload = LONGEST},
    {6, IPPROTO_TCP, VIRTIO_NET_HDR_GSO_TCPV6, .payload = LONGEST},
    {4, IPPROTO_UDP, VIRTIO_NET_HDR_GSO_NONE, .payload = 100},
    {4, IPPROTO_UDP, VIRTIO_NET_HDR_GSO_UDP, .payload = LONGEST},
    {4, IPPROTO_UDP, GSO_UDP_L4, .payload = 40000},
};

/* From the first guest, to the second: `is_strict` filters let no tag through. */
static guint try_kinds(int from, int to, gboolean is_strict, gboolean has_ports)
{
    guint tried = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        for (guint tag = 0; tag < 2; tag++) {
            Packet packet = kinds[i];

            if (packet.gso == GSO_UDP_L4 && !has_udp_segments)
                continue;
            if (packet.family == 6 && is_strict)
                continue;
            packet.is_tagged = tag == 1;
            packet.from = packet.mac = 1;
            packet.to = 2;
            packet.port = 80;
            try_packet(from, 1, to, &packet, !packet.is_tagged || !is_strict);
            packet.mac = 2; /* another's MAC address */
            try_packet(from, 1, to, &packet, FALSE);
            packet.mac = 1;
            packet.from = 2; /* another's IP address */
            try_packet(from, 1, to, &packet, FALSE);
            packet.from = 1;
            packet.port = 81; /* what the filter forbids */
            if (has_ports)
                try_packet(from, 1, to, &packet, FALSE);
            tried += has_ports ? 4 : 3;
        }
    g_assert_false(wire_has_learnt(1, "52:54:00:00:00:02"));
    return tried;
}

/* From outside to the second guest: only what is for its address. */
static guint try_inbound(int from, int to)
{
    guint tried = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        for (guint tag = 0; tag < 2; tag++) {
            Packet packet = kinds[i];
            g_autoptr(GByteArray) frame = NULL;

            if (packet.gso == GSO_UDP_L4 && !has_udp_segments)
                continue;
            packet.is_tagged = tag == 1;
            packet.from = packet.mac = 3;
            packet.to = 2;
            packet.port = 80;
            try_packet(from, 3, to, &packet, TRUE);
            frame = frame_new(&packet);
            /* the same MAC address, another IP address */
            frame->data[header_length(&packet) - 1] = 7;
            const struct virtio_net_hdr head = head_of(&packet);
            guint frames;
            g_assert_true(tap_write(from, &head, frame));
            tap_mark(from, 3);
            g_assert_cmpuint(collect(to, &packet, &frames), ==, 0);
            g_assert_cmpuint(frames, ==, 0);
            tried += 2;
        }
    return tried;
}

/* Whether the kernel takes such a frame at all, from a tap without a filter. */
static gboolean takes_udp_segments(int tap)
{
    const Packet packet = {4, IPPROTO_UDP, GSO_UDP_L4, 3, 2, 3, 80, FALSE, 4000};
    g_autoptr(GByteArray) frame = frame_new(&packet);
    const struct virtio_net_hdr head = head_of(&packet);

    return tap_write(tap, &head, frame);
}

/* ---- filters ---- */

static void bind_port(Datapath *datapath, const Plan *plan, guint number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(PlanValues) values = NULL;
    const char *const rows[][2] = {
        {"MAC", "52:54:00:00:00:0%u"}, {"IP", "10.0.0.%u"}, {"IPV6", "fd00::%u"}};
    Bound bound;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) value = g_string_new(rows[i][1]);
        g_autofree char *digit = g_strdup_printf("%u", number);

        g_string_replace(value, "%u", digit, 0);
        g_assert_true(variables_add(variables, rows[i][0], value->str, NULL));
    }
    values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    bound_init(&bound, plan, values, ENCAPSULATION_INSPECT);
    const DatapathPort port = {
        tap_ifindex(number), bound.shape, {bound.bindings[0], bound.bindings[1]}};
    DatapathChange *change = datapath_prepare(datapath, &port, 1, &error);
    g_assert_no_error(error);
    g_assert_true(datapath_commit(change, &error));
    bound_clear(&bound);
}

int main(int argc, char **argv)
{
    const guint offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    g_autoptr(GError) error = NULL;
    guint tried = 0;

    g_assert_cmpint(argc, ==, 4);
    const gboolean is_clsact = strcmp(argv[3], "tcx") != 0;
    const DatapathConfig config = {wire_enter(), 8, 0,
                                   strcmp(argv[3], "clsact") == 0 ? DATAPATH_HOOK_CLSACT
                                                                  : DATAPATH_HOOK_ANY};
    g_autoptr(Catalogue) filters = stock_filters(argv[1], argv[2]);
    g_autoptr(Plan) clean = catalogue_resolve(filters, "clean-traffic", &error);
    g_autoptr(Plan) own = world_plan(&own_filter, 1);
    g_autoptr(Datapath) datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    int guest = tap_open(1, offloads), peer = tap_open(2, offloads),
        outside = tap_open(3, offloads);
    for (guint number = 1; number <= 2; number++) {
        bind_port(datapath, own, number);
        g_assert_true(datapath_attach(datapath, tap_ifindex(number), &error));
        g_assert_cmpint(wire_has_clsact(number), ==, is_clsact);
    }
    has_udp_segments = takes_udp_segments(outside);
    g_assert_true(has_udp_segments || is_clsact); /* what has tcx knows them */
    /* The second guest takes whole frames, then only segments. */
    for (guint whole = 0; whole < 2; whole++) {
        g_assert_cmpint(ioctl(peer, TUNSETOFFLOAD, whole == 0 ? offloads : 0), ==, 0);
        tap_mark(outside, 3); /* behind what came before */
        guint frames;
        (void)collect(peer, &kinds[0], &frames);
        tried += try_kinds(guest, peer, FALSE, TRUE) + try_inbound(outside, peer);
        bind_port(datapath, clean, 1);
        tried += try_kinds(guest, peer, TRUE, FALSE);
        bind_port(datapath, own, 1);
    }
    printf("%u large frames from and to taps judged as small ones, with %s%s\n", tried, argv[3],
           has_udp_segments ? "" : "; none in UDP segments");
    close(guest);
    close(peer);
    close(outside);
    return 0;
}
