/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: links of the agent's network namespace, read and changed over rtnetlink(7).
 * Owner: what link_read() and links_read() give is the caller's; the kernel holds the rest.
 * Invariants: each change is one message and done when the call returns. Out of a bridge means down
 * too: a tap that is up and in no bridge would talk to the host.
 * Does not: make taps (tap.h) or know about VMs.
 */

#define LINK_ERROR link_error_quark()
GQuark link_error_quark(void);

typedef struct {
    guint index;
    char *name;
    char *alias;  /* ifalias, NULL for none */
    guint master; /* index of the bridge it is in, 0 for none */
    gboolean is_tun, is_up;
    gboolean has_carrier; /* of a tap: somebody has it open */
    guint mtu;
} Link;

void link_free(Link *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, link_free)

GPtrArray *links_read(GError **error); /* of Link */

/* TRUE with *link NULL when there is none of that name. */
gboolean link_read(const char *name, Link **link, GError **error);

/* Into the bridge, out of the one it is in, with the bridge's MTU, and up. */
gboolean link_join(const char *name, const char *bridge, GError **error);

/* Down, and out of whatever bridge it is in. */
gboolean link_leave(const char *name, GError **error);

/* The alias and the hardware address; no IPv6 address of the host's own on it. */
gboolean link_mark(const char *name, const char *alias, guint64 mac, GError **error);

/* Done as well when there is none. */
gboolean link_remove(const char *name, GError **error);
