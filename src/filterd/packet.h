/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: of a whole frame, what address learning needs: whose address it claims, and the DHCP
 * message in it. Plain frames only: no tag, no SNAP, no fragment.
 * Does not: say whether the frame is honest. Addresses are numbers.
 */

/* One that a host may have: not of this network, loopback, multicast, reserved or broadcast (RFC
 * 6890). */
gboolean address_is_host(guint32 address);

/* The host's address that a frame from `mac` claims: of an ARP request or reply the sender's, whose
 * MAC is the same, of IPv4 the source. FALSE when there is none. */
gboolean packet_sender(const guint8 *octets, gsize length, guint64 mac, guint32 *address);

/* A UDP datagram between DHCP's ports: `is_reply`, 67 to 68, else anything to 67. What it carries
 * is borrowed from the frame. */
typedef struct {
    guint32 source;
    const guint8 *octets;
    gsize length;
} PacketDhcp;

gboolean packet_dhcp(const guint8 *octets, gsize length, gboolean is_reply, PacketDhcp *dhcp);
