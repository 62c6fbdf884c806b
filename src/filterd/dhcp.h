/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: what a DHCP message says (RFC 2131, RFC 2132) as far as addresses are given or taken
 * back by it. Reads octets of strangers: it believes no length.
 * Does not: know who sent it.
 */

/* Bits of `types`. */
enum {
    DHCP_DECLINE = 1u << 4,
    DHCP_ACK = 1u << 5,
    DHCP_RELEASE = 1u << 7,
};

#define DHCP_LEASE_INFINITE G_MAXUINT32

typedef struct {
    gboolean is_reply;  /* op: from a server */
    gboolean is_strict; /* all options have their lengths and end, each of those here is given once,
                           and the client's address is Ethernet's */
    guint types;        /* of messages: what option 53 says, each time it is there */
    guint64 client;     /* chaddr, as a number */
    guint32 current;    /* ciaddr; addresses as numbers */
    guint32 given;      /* yiaddr */
    guint32 requested;  /* option 50; 0: none */
    guint32 server;     /* option 54; 0: none */
    guint32 lease;      /* option 51, seconds; 0: none */
} DhcpMessage;

/* FALSE for what is no DHCP message at all. */
gboolean dhcp_parse(const guint8 *octets, gsize length, DhcpMessage *message);
