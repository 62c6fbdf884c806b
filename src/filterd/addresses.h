/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: the IPv4 addresses that a port was learned to have, each until some time.
 * Owner: addresses_free. Time is CLOCK_BOOTTIME in seconds: it goes on over suspends and restarts
 * of the daemon, and nobody sets it. In the order in which they were learned, which is that of $IP.
 * Does not: know why, nor what is in force.
 */

typedef struct Addresses Addresses;

#define ADDRESSES_MAX 64
#define ADDRESS_FOR_GOOD G_MAXINT64

Addresses *addresses_new(void);
Addresses *addresses_copy(const Addresses *addresses);
void addresses_free(Addresses *addresses);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Addresses, addresses_free)

gint64 addresses_now(void);

guint addresses_size(const Addresses *addresses);
guint32 addresses_get(const Addresses *addresses, guint number);
gboolean addresses_has(const Addresses *addresses, guint32 address);

/* One more, or one that is there until then instead. FALSE when there are ADDRESSES_MAX others. */
gboolean addresses_put(Addresses *addresses, guint32 address, gint64 until);

/* FALSE when it was not there. */
gboolean addresses_remove(Addresses *addresses, guint32 address);
void addresses_clear(Addresses *addresses);

/* Those whose time is over go. TRUE when there were any. */
gboolean addresses_expire(Addresses *addresses, gint64 now);

/* When the next one's time is over; ADDRESS_FOR_GOOD: never. */
gint64 addresses_next_end(const Addresses *addresses);

/* A state file's text: who has them, and since when the clock counts. Read back, NULL for another
 * owner's, another boot's or a damaged one. The caller frees. */
char *addresses_format(const Addresses *addresses, const char *owner);
Addresses *addresses_parse(const char *text, const char *owner);

/* "10.0.0.5"; the caller frees. */
char *address_format(guint32 address);
gboolean address_parse(const char *text, guint32 *address);
