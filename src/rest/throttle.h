/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * How often wrong passwords may be tried. Each peer (an IPv4 address, an IPv6 /64) has a budget of
 * tries, and each user one over all peers; both refill with time, so that nobody is locked out for
 * ever. A peer from which the user has logged in lately has only its own budget: guessing elsewhere
 * does not lock the right user out. Bounded: over `limit` entries the oldest is forgotten.
 */
typedef struct Throttle Throttle;

#define THROTTLE_PEER_TRIES 5
#define THROTTLE_PEER_SECONDS 10 /* until one more try */
#define THROTTLE_USER_TRIES 20
#define THROTTLE_USER_SECONDS 3

Throttle *throttle_new(guint limit);
void throttle_free(Throttle *throttle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Throttle, throttle_free)

/* Takes one try from the budgets before the password is looked at. FALSE: none left; *retry_after
 * in seconds. Times are monotonic seconds. */
gboolean throttle_take(Throttle *throttle, const char *user, const char *peer, gint64 now,
                       guint *retry_after);
/* The password was right: gives the try back and remembers the peer. */
void throttle_succeeded(Throttle *throttle, const char *user, const char *peer, gint64 now);
/* It was never looked at (the server was busy): gives the try back. */
void throttle_give_back(Throttle *throttle, const char *user, const char *peer);
guint throttle_size(const Throttle *throttle);

/* What a peer is counted as: its address, IPv6 cut to the first 64 bits. */
char *throttle_peer(const char *address);
