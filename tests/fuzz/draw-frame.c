/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "draw.h"
#include "nwfilter/value.h"

#define WRAPS_MAX 3
#define CHANGES_MAX 4

static void put(GByteArray *frame, guint64 number, guint octets)
{
    for (guint i = octets; i-- > 0;) {
        guint8 octet = (guint8)(number >> (8 * i));

        g_byte_array_append(frame, &octet, 1);
    }
}

static void put_zeros(GByteArray *frame, guint octets)
{
    for (guint i = 0; i < octets; i++)
        put(frame, 0, 1);
}

static guint64 draw_from(Draw *draw, const guint64 *numbers, guint n)
{
    return numbers[draw_below(draw, n)];
}
#define DRAW_FROM(draw, numbers) draw_from(draw, numbers, G_N_ELEMENTS(numbers))

static guint64 draw_mac(Draw *draw)
{
    static const guint64 macs[] = {0x525400000001, 0x525400000001, 0x525400000002,
                                   0x525400000003, 0x020000000007, 0xffffffffffff};

    return DRAW_FROM(draw, macs);
}

static guint64 draw_ip4(Draw *draw)
{
    static const guint64 addresses[] = {0x0a000001, 0x0a000001, 0x0a000002, 0x0a000003, 0x0a000009,
                                        0x0a010000, 0,          0xe0000001, 0xffffffff};

    return DRAW_FROM(draw, addresses);
}

static void put_ip6_address(Draw *draw, GByteArray *frame)
{
    static const guint64 highs[] = {0x20010db800000000, 0x20010db800000000, 0xfe80000000000000,
                                    0xff02000000000000, 0};

    put(frame, DRAW_FROM(draw, highs), 8);
    put(frame, draw_below(draw, 4), 8);
}

/* ---- what IP carries ---- */

static void put_ports(Draw *draw, GByteArray *frame)
{
    static const guint64 ports[] = {0, 22, 68, 80, 81, 99, 443, 1024, 65535};

    put(frame, DRAW_FROM(draw, ports), 2);
    put(frame, DRAW_FROM(draw, ports), 2);
}

static void put_tcp(Draw *draw, GByteArray *frame)
{
    const guint words = draw_below(draw, 3);

    put_ports(draw, frame);
    put_zeros(frame, 8);
    put(frame, (5 + words) << 4, 1);
    put(frame, draw_octet(draw), 1);
    put_zeros(frame, 6);
    for (guint i = 0; i < words; i++) {
        put(frame, draw_below(draw, 8), 1); /* an option's kind */
        put(frame, 2 + draw_below(draw, 3), 1);
        put(frame, 0x0101, 2);
    }
}

static void put_transport(Draw *draw, GByteArray *frame, guint protocol)
{
    if (protocol == 6) {
        put_tcp(draw, frame);
    } else if (protocol == 1 || protocol == 58) {
        put(frame, draw_octet(draw), 1);
        put(frame, draw_below(draw, 3), 1);
        put_zeros(frame, 6);
    } else {
        put_ports(draw, frame);
        put(frame, 0x00080000, 4);
    }
}

static guint draw_protocol(Draw *draw, guint icmp)
{
    static const guint64 protocols[] = {6, 17, 0, 132, 136, 50, 51, 2, 99, 6, 17};
    guint protocol = (guint)DRAW_FROM(draw, protocols);

    return protocol == 0 ? icmp : protocol;
}

static void put_ip4(Draw *draw, GByteArray *frame)
{
    static const guint64 fragments[] = {0, 0, 0, 0, 0x4000, 0x2000, 0x2001, 0x0001, 0x1fff};
    guint protocol = draw_protocol(draw, 1), start = frame->len, words = draw_below(draw, 8);

    words = words == 7 ? 6 : 5; /* with options at times */
    put(frame, 0x40 | words, 1);
    put(frame, draw_octet(draw), 1);
    put(frame, 0, 2); /* the length: below */
    put(frame, draw_below(draw, 2), 2);
    put(frame, DRAW_FROM(draw, fragments), 2);
    put(frame, 64, 1);
    put(frame, protocol, 1);
    put(frame, 0, 2);
    put(frame, draw_ip4(draw), 4);
    put(frame, draw_ip4(draw), 4);
    put_zeros(frame, 4 * (words - 5));
    put_transport(draw, frame, protocol);
    frame->data[start + 3] = (guint8)(frame->len - start);
}

/* One extension header that announces `next`. */
static void put_extension(Draw *draw, GByteArray *frame, guint kind, guint next)
{
    put(frame, next, 1);
    put(frame, 0, 1);
    if (kind == 44) { /* a fragment's */
        put(frame, draw_below(draw, 4) == 3 ? 8 : draw_below(draw, 2), 2);
        put(frame, draw_below(draw, 2), 4);
        return;
    }
    put(frame, 0x0104, 2);
    put_zeros(frame, 4);
}

static void put_ip6(Draw *draw, GByteArray *frame)
{
    static const guint64 kinds[] = {0, 60, 43, 44};
    guint protocol = draw_protocol(draw, 58), start = frame->len, n = draw_below(draw, 6);
    guint chain[3];

    n = n > 3 ? n - 3 : 0;
    for (guint i = 0; i < n; i++)
        chain[i] = (guint)DRAW_FROM(draw, kinds);
    put(frame, 6, 1);
    frame->data[start] = (guint8)(0x60 | draw_below(draw, 16));
    put(frame, (guint64)draw_octet(draw) << 16, 3);
    put(frame, 0, 2); /* the length: below */
    put(frame, n > 0 ? chain[0] : protocol, 1);
    put(frame, 64, 1);
    put_ip6_address(draw, frame);
    put_ip6_address(draw, frame);
    for (guint i = 0; i < n; i++)
        put_extension(draw, frame, chain[i], i + 1 < n ? chain[i + 1] : protocol);
    put_transport(draw, frame, protocol);
    frame->data[start + 5] = (guint8)(frame->len - start - 40);
}

/* ---- what Ethernet carries ---- */

static void put_arp(Draw *draw, GByteArray *frame)
{
    put(frame, draw_below(draw, 8) == 7 ? 6 : 1, 2);
    put(frame, draw_below(draw, 8) == 7 ? 0x86dd : 0x0800, 2);
    put(frame, draw_below(draw, 8) == 7 ? 0x0804 : 0x0604, 2);
    put(frame, draw_below(draw, 10), 2);
    put(frame, draw_mac(draw), 6);
    put(frame, draw_ip4(draw), 4);
    put(frame, draw_mac(draw), 6);
    put(frame, draw_ip4(draw), 4);
}

static void put_stp(Draw *draw, GByteArray *frame)
{
    put(frame, 0x424203, 3);
    put(frame, 0, 3);
    put(frame, draw_below(draw, 8) == 7 ? 0x80 : draw_below(draw, 2), 1);
    for (guint i = 0; i < 30; i++)
        put(frame, draw_below(draw, 3), 1);
    memset(frame->data, 0, 6);
    frame->data[0] = 1;
    frame->data[1] = 0x80;
    frame->data[2] = 0xc2;
}

/* Tags and SNAP headers, from the outside in, and the type at the end. Below 0x600 it is a length.
 */
static void put_types(Draw *draw, GByteArray *frame, guint type)
{
    guint n = draw_below(draw, 2 * (WRAPS_MAX + 1));

    for (n = n > WRAPS_MAX ? n - WRAPS_MAX : 0; n > 0; n--) {
        if (draw_below(draw, 3) == 2) {
            put(frame, 0x0040, 2);
            put(frame, 0xaaaa03, 3);
            put(frame, draw_below(draw, 4) == 3 ? 0xf8 : 0, 3);
        } else {
            put(frame, draw_below(draw, 4) == 3 ? 0x88a8 : 0x8100, 2);
            put(frame, draw_below(draw, 4), 2);
        }
    }
    put(frame, type, 2);
}

static void put_content(Draw *draw, GByteArray *frame)
{
    switch (draw_below(draw, 8)) {
    case 0:
    case 1:
        put_types(draw, frame, draw_below(draw, 4) == 3 ? 0x8035 : 0x0806);
        put_arp(draw, frame);
        return;
    case 2:
        put_types(draw, frame, 0x0026);
        put_stp(draw, frame);
        return;
    case 3:
        put_types(draw, frame, 0x88b5);
        put_zeros(frame, 10);
        return;
    case 4:
    case 5:
        put_types(draw, frame, 0x86dd);
        put_ip6(draw, frame);
        return;
    default:
        put_types(draw, frame, 0x0800);
        put_ip4(draw, frame);
        return;
    }
}

/* Octets written over and an end cut off, at times. */
static void spoil(Draw *draw, GByteArray *frame)
{
    if (draw_below(draw, 4) != 3)
        return;
    for (guint n = draw_below(draw, CHANGES_MAX + 1); n > 0; n--)
        frame->data[draw_below(draw, frame->len)] = (guint8)draw_octet(draw);
    if (draw_below(draw, 2))
        g_byte_array_set_size(frame, frame->len - draw_below(draw, MIN(frame->len - 14, 40) + 1));
}

GByteArray *draw_frame(Draw *draw)
{
    GByteArray *frame = g_byte_array_new();

    put(frame, draw_mac(draw), 6);
    put(frame, draw_mac(draw), 6);
    put_content(draw, frame);
    spoil(draw, frame);
    return frame;
}

IrFlow draw_flow(Draw *draw)
{
    static const guint states[] = {0, STATE_NEW, STATE_ESTABLISHED, STATE_RELATED, STATE_INVALID};
    const guint octet = draw_octet(draw);

    return (IrFlow){.state = states[octet % G_N_ELEMENTS(states)],
                    .reply = octet >> 4 & 1,
                    .known = octet >> 5 & 1,
                    .over = octet >> 6 ? 0xffff : 0};
}
