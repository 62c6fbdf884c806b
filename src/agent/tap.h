/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "agent/link.h"

/*
 * Purpose: the taps that the agent itself makes, for NICs whose filter tapwalld enforces.
 * Owner: the kernel, until tap_remove(). The name says whose NIC it is ("tw" and the twelve digits
 * of its MAC address), the alias whose VM ("tapwall:UUID"): so a restarted agent knows its own.
 * Invariants: a new tap is down and in no bridge. Only root may open it.
 */

/* Of a canonical MAC address. */
char *tap_name(const char *mac);

/* The VM of a tap of ours; NULL for any other link. Borrowed from link. */
const char *tap_vm(const Link *link);

/* Makes the tap of the NIC, anew where one is left over that nobody has open. Errors: LINK_ERROR.
 */
gboolean tap_make(const char *mac, const char *vm_id, GError **error);
