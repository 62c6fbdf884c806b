/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that sends as fast as it can, and the port on whose other side it would be heard: taps
 * of one bridge. What is written to a tap has gone its whole way, or has been dropped, when write()
 * returns, so that nothing needs to be waited for, and what arrives is counted batch by batch.
 *
 * usage: flood FROM TO MAC (two taps that exist; the guest's MAC). FROM can be @N, a descriptor of
 * the guest's own tap. A line on stdin is answered with
 * "FORGED-SENT FORGED-ARRIVED HONEST-SENT HONEST-ARRIVED" since the last; the end of stdin ends it,
 * after a last answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mac.h"

#define BATCH 256 /* less than a tap's queue of 1,000 */
#define HONEST_EVERY 4
#define ETHERTYPE 0x88b5 /* for local experiments: IEEE 802, annex */
#define FRAME_SIZE 60
#define ARP_SIZE 42

typedef struct {
    guint64 forged_sent, forged_arrived, honest_sent, honest_arrived;
} Counts;

static int tap_open(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int tap;

    if (*name == '@')
        return (int)g_ascii_strtoll(name + 1, NULL, 10);
    tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
        g_error("cannot open the tap %s: %s", name, g_strerror(errno));
    return tap;
}

static void mac_write(guint8 *at, guint64 mac)
{
    for (guint i = 0; i < 6; i++)
        at[i] = (guint8)(mac >> (40 - 8 * i));
}

static void frame_init(guint8 frame[FRAME_SIZE], guint64 source, guint16 type)
{
    memset(frame, 0, FRAME_SIZE);
    memset(frame, 0xff, 6);
    mac_write(frame + 6, source);
    frame[12] = (guint8)(type >> 8);
    frame[13] = (guint8)type;
}

/* A request that gives somebody else's MAC for the sender's. */
static void arp_init(guint8 frame[FRAME_SIZE], guint64 source, guint64 claimed)
{
    static const guint8 request[] = {0, 1, 8, 0, 6, 4, 0, 1};

    frame_init(frame, source, 0x0806);
    memcpy(frame + 14, request, sizeof request);
    mac_write(frame + 22, claimed);
    memcpy(frame + 28, "\x0a\x00\x00\x02", 4);
    memcpy(frame + 38, "\x0a\x00\x00\x01", 4);
}

static void send_frame(int tap, const guint8 frame[FRAME_SIZE], guint64 *sent)
{
    const gssize n = write(tap, frame, FRAME_SIZE);

    if (n == FRAME_SIZE)
        ++*sent;
    else if (errno != EIO && errno != ENOBUFS && errno != EAGAIN)
        g_error("cannot write to the tap: %s", g_strerror(errno));
}

static gboolean is_honest(const guint8 *frame, guint64 own)
{
    guint8 mac[6];

    mac_write(mac, own);
    return memcmp(frame + 6, mac, 6) == 0 && frame[12] == ETHERTYPE >> 8 &&
           frame[13] == (ETHERTYPE & 0xff);
}

static gboolean is_forged(const guint8 *frame, guint64 other)
{
    guint8 mac[6];

    mac_write(mac, other);
    return memcmp(frame + 6, mac, 6) == 0 ||
           (frame[12] == 8 && frame[13] == 6 && memcmp(frame + 22, mac, 6) == 0);
}

/* Whatever else the kernel sends by itself is neither. */
static void hear(int tap, guint64 own, guint64 other, Counts *counts)
{
    guint8 frame[2048];
    gssize n;

    while ((n = read(tap, frame, sizeof frame)) > 0) {
        if (n < ARP_SIZE)
            continue;
        counts->honest_arrived += is_honest(frame, own);
        counts->forged_arrived += is_forged(frame, other);
    }
}

static void send_batch(int from, guint64 own, guint64 other, Counts *counts)
{
    guint8 honest[FRAME_SIZE], forged[FRAME_SIZE], arp[FRAME_SIZE];

    frame_init(honest, own, ETHERTYPE);
    frame_init(forged, other, ETHERTYPE);
    arp_init(arp, own, other);
    for (guint i = 0; i < BATCH; i++) {
        if (i % HONEST_EVERY == 0)
            send_frame(from, honest, &counts->honest_sent);
        else
            send_frame(from, i % 2 ? forged : arp, &counts->forged_sent);
    }
}

/* FALSE at the end of stdin. */
static gboolean answer(Counts *counts)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    gboolean more;
    char line[64];

    if (poll(&input, 1, 0) <= 0)
        return TRUE;
    more = fgets(line, sizeof line, stdin) != NULL;
    printf(
        "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
        counts->forged_sent, counts->forged_arrived, counts->honest_sent, counts->honest_arrived);
    (void)fflush(stdout);
    memset(counts, 0, sizeof *counts);
    return more;
}

int main(int argc, char **argv)
{
    Counts counts = {0};
    guint64 own;
    int from, to;

    if (argc != 4 || !mac_parse(argv[3], &own))
        g_error("usage: flood FROM TO MAC");
    setvbuf(stdin, NULL, _IONBF, 0); /* poll() must see what is left to read */
    from = tap_open(argv[1]);
    to = tap_open(argv[2]);
    do {
        send_batch(from, own, own ^ 0xff, &counts);
        hear(to, own, own ^ 0xff, &counts);
        hear(from, 0, 0, &(Counts){0}); /* what the bridge sends to the guest */
    } while (answer(&counts));
    return 0;
}
