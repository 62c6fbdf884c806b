/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * MAC addresses: 48 bits in the low part of a guint64, first octet on the wire highest.
 * Text is the usual six pairs of hex digits, printed in lower case with colons.
 */

#define MAC_TEXT_SIZE 18 /* "52:54:00:00:00:01" and its NUL */

/* Reads exactly six two-digit groups separated by ':' or '-'. FALSE and *mac untouched otherwise.
 */
gboolean mac_parse(const char *text, guint64 *mac);

/* Writes the canonical form into text, which it returns. */
const char *mac_format(guint64 mac, char text[MAC_TEXT_SIZE]);

/* TRUE for group addresses (first octet odd: broadcast too). A NIC must not own one (IEEE
 * 802-2014, 8.2). */
gboolean mac_is_group(guint64 mac);
