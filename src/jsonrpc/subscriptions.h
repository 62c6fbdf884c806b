/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The subscriptions of one connection: ids to destinations, in the order they came.
 * A subscription to a destination also covers what lies below it: "jms.queue" covers
 * "jms.queue.events" (dot segments, as VDSM matches).
 */
typedef GPtrArray Subscriptions;

Subscriptions *subscriptions_new(void);
/* FALSE when the id is there already. */
gboolean subscriptions_add(Subscriptions *all, const char *id, const char *destination);
gboolean subscriptions_remove(Subscriptions *all, const char *id);
/* The id of the first subscription to destination: an exact one, else one that covers it; or NULL.
 */
const char *subscriptions_lookup(const Subscriptions *all, const char *destination);
/* Calls function with each id that covers destination. */
void subscriptions_foreach(const Subscriptions *all, const char *destination,
                           void (*function)(const char *id, gpointer data), gpointer data);

/* TRUE when destination is covered or lies below it. */
gboolean destination_covers(const char *covering, const char *destination);
