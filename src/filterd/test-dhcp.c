/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/dhcp.h"
#include "filterd/packet.h"

/* ---- messages ---- */

#define FIELDS 240
#define AT_SNAME 44
#define AT_FILE 108

/* op, htype, hlen; the addresses 1.1.1.1 (ciaddr) and 2.2.2.2 (yiaddr), and these options. */
static GByteArray *message(guint op, const guint8 *options, gsize n_options)
{
    static const guint8 cookie[] = {99, 130, 83, 99};
    const guint8 begin[] = {(guint8)op, 1, 6, 0};
    GByteArray *octets = g_byte_array_new();

    g_byte_array_set_size(octets, FIELDS);
    memset(octets->data, 0, FIELDS);
    memcpy(octets->data, begin, sizeof begin);
    memset(octets->data + 12, 1, 4);
    memset(octets->data + 16, 2, 4);
    memcpy(octets->data + 28, "\x52\x54\x00\x00\x00\x01", 6);
    memcpy(octets->data + FIELDS - 4, cookie, sizeof cookie);
    return g_byte_array_append(octets, options, (guint)n_options);
}

#define ACK_OPTIONS 53, 1, 5, 54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 14, 16

static DhcpMessage parsed(const GByteArray *octets)
{
    DhcpMessage message;

    g_assert_true(dhcp_parse(octets->data, octets->len, &message));
    return message;
}

static void test_ack(void)
{
    const guint8 options[] = {0, ACK_OPTIONS, 12, 1, 'a', 255, 7};
    g_autoptr(GByteArray) octets = message(2, options, sizeof options);
    const DhcpMessage ack = parsed(octets);

    g_assert_true(ack.is_reply);
    g_assert_true(ack.is_strict);
    g_assert_cmphex(ack.types, ==, DHCP_ACK);
    g_assert_cmphex(ack.client, ==, 0x525400000001u);
    g_assert_cmphex(ack.current, ==, 0x01010101);
    g_assert_cmphex(ack.given, ==, 0x02020202);
    g_assert_cmphex(ack.server, ==, 0x0a000001);
    g_assert_cmpuint(ack.lease, ==, 3600);
}

/* Options that go on in the fields of names. */
static void test_overload(void)
{
    const guint8 options[] = {52, 1, 3, 255};
    const guint8 in_file[] = {53, 1, 7, 255}, in_sname[] = {50, 4, 3, 3, 3, 3, 255};
    g_autoptr(GByteArray) octets = message(1, options, sizeof options);
    DhcpMessage release;

    memcpy(octets->data + AT_FILE, in_file, sizeof in_file);
    memcpy(octets->data + AT_SNAME, in_sname, sizeof in_sname);
    release = parsed(octets);
    g_assert_true(release.is_strict);
    g_assert_cmphex(release.types, ==, DHCP_RELEASE);
    g_assert_cmphex(release.requested, ==, 0x03030303);
    octets->data[AT_FILE + 3] = 0; /* no end there */
    g_assert_false(parsed(octets).is_strict);
    g_assert_cmphex(parsed(octets).types, ==, DHCP_RELEASE);
}

/* Read as far as they go, for who must not miss anything, but not to be believed. */
static void test_loose(void)
{
    static const struct {
        guint8 options[24];
        gsize length;
        guint types;
    } cases[] = {
        {{ACK_OPTIONS}, 15, DHCP_ACK},                         /* no end */
        {{ACK_OPTIONS, 12}, 16, DHCP_ACK},                     /* cut */
        {{ACK_OPTIONS, 12, 9, 1, 255}, 19, DHCP_ACK},          /* beyond the end */
        {{ACK_OPTIONS, 51, 4, 9, 9, 9, 9, 255}, 22, DHCP_ACK}, /* twice */
        {{ACK_OPTIONS, 53, 1, 7, 255}, 19, DHCP_ACK | DHCP_RELEASE},
        {{53, 2, 5, 5, 255}, 5, 0}, /* another length */
        {{51, 1, 5, 53, 1, 7, 255}, 7, DHCP_RELEASE},
        {{53, 0, 255}, 3, 0},
        {{53, 1, 200, 255}, 4, 0}, /* strict, and unknown */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) octets = message(2, cases[i].options, cases[i].length);
        const DhcpMessage loose = parsed(octets);

        g_assert_cmphex(loose.types, ==, cases[i].types);
        g_assert_cmpint(loose.is_strict, ==, i + 1 == G_N_ELEMENTS(cases));
    }
}

static void test_none(void)
{
    const guint8 options[] = {ACK_OPTIONS, 255};
    g_autoptr(GByteArray) octets = message(2, options, sizeof options);
    DhcpMessage unused;

    g_assert_false(dhcp_parse(octets->data, FIELDS - 1, &unused));
    octets->data[0] = 3;
    g_assert_false(dhcp_parse(octets->data, octets->len, &unused));
    octets->data[0] = 2;
    octets->data[1] = 6; /* IEEE 802 */
    g_assert_false(parsed(octets).is_strict);
    octets->data[FIELDS - 1] = 0;
    g_assert_false(dhcp_parse(octets->data, octets->len, &unused));
}

/* ---- frames ---- */

#define OWN 0x525400000001u

static const guint8 arp[] = {255, 255, 255, 255, 255, 255, 0x52, 0x54, 0,    0,    0,  1, 8, 6,
                             0,   1,   8,   0,   6,   4,   0,    1,    0x52, 0x54, 0,  0, 0, 1,
                             10,  0,   0,   5,   0,   0,   0,    0,    0,    0,    10, 0, 0, 1};
static const guint8 udp[] = {255, 255, 255, 255, 255, 255, 0x52, 0x54, 0,  0,  0, 1,  8,   0,  0x45,
                             0,   0,   30,  0,   0,   0,   0,    64,   17, 0,  0, 10, 0,   0,  5,
                             10,  0,   0,   1,   0,   67,  0,    68,   0,  10, 0, 0,  'h', 'i'};

/* `changed`: an octet that is another one. */
static gboolean has_sender(const guint8 *frame, gsize length, guint changed, guint8 octet)
{
    g_autofree guint8 *copy = g_memdup2(frame, length);
    guint32 address = 0;

    copy[changed] = octet;
    if (!packet_sender(copy, length, OWN, &address))
        return FALSE;
    g_assert_cmphex(address, ==, 0x0a000005);
    return TRUE;
}

static void test_sender(void)
{
    static const struct {
        guint at;
        guint8 octet;
    } arps[] = {{11, 2}, {13, 7}, {15, 2},   {16, 9},   {18, 5}, {19, 16},
                {21, 3}, {27, 2}, {28, 127}, {28, 224}, {28, 0}},
      ips[] = {{11, 2}, {12, 9}, {14, 0x65}, {14, 0x44}, {14, 0x4f}, {17, 31}, {26, 255}};

    g_assert_true(has_sender(arp, sizeof arp, 0, 255));
    g_assert_true(has_sender(udp, sizeof udp, 0, 255));
    g_assert_false(has_sender(arp, sizeof arp - 1, 0, 255));
    g_assert_false(has_sender(udp, sizeof udp - 1, 0, 255));
    g_assert_false(has_sender(udp, 13, 0, 255));
    for (guint i = 0; i < G_N_ELEMENTS(arps); i++)
        g_assert_false(has_sender(arp, sizeof arp, arps[i].at, arps[i].octet));
    for (guint i = 0; i < G_N_ELEMENTS(ips); i++)
        g_assert_false(has_sender(udp, sizeof udp, ips[i].at, ips[i].octet));
}

static gboolean has_dhcp(gsize length, guint changed, guint8 octet, gboolean is_reply)
{
    g_autofree guint8 *copy = g_memdup2(udp, sizeof udp);
    PacketDhcp dhcp;

    copy[changed] = octet;
    if (!packet_dhcp(copy, length, is_reply, &dhcp))
        return FALSE;
    g_assert_cmphex(dhcp.source, ==, 0x0a000005);
    g_assert_cmpmem(dhcp.octets, dhcp.length, "hi", 2);
    return TRUE;
}

static void test_datagram(void)
{
    static const struct {
        guint at;
        guint8 octet;
    } others[] = {{13, 6},  {20, 0x20}, {21, 1},  {23, 6}, {35, 66},
                  {37, 69}, {39, 7},    {39, 11}, {17, 27}};

    g_assert_true(has_dhcp(sizeof udp, 0, 255, TRUE));
    g_assert_true(has_dhcp(sizeof udp, 20, 0x40, TRUE)); /* must not be cut up: it is not */
    g_assert_false(has_dhcp(sizeof udp, 0, 255, FALSE));
    g_assert_true(has_dhcp(sizeof udp, 37, 67, FALSE)); /* to a server, from any port */
    g_assert_false(has_dhcp(sizeof udp - 1, 0, 255, TRUE));
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(has_dhcp(sizeof udp, others[i].at, others[i].octet, TRUE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filterd/dhcp/ack", test_ack);
    g_test_add_func("/filterd/dhcp/overload", test_overload);
    g_test_add_func("/filterd/dhcp/loose", test_loose);
    g_test_add_func("/filterd/dhcp/none", test_none);
    g_test_add_func("/filterd/packet/sender", test_sender);
    g_test_add_func("/filterd/packet/datagram", test_datagram);
    return g_test_run();
}
