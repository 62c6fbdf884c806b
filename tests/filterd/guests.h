/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host.h"

/*
 * Purpose: guests whose addresses are learned: the first one's port p1 is bound to a filter with
 * $IP, the second one sees what arrives, the third one is bound to nothing.
 */

typedef struct {
    Filterd *filterd;
    int from, to, other; /* sockets of guests 1, 2 and 3 */
} Guests;

#define THIRD "525400000003"

/* A host with three guests, and the filter "own-ip". */
void guests_enter(Guests *guests, char **arguments);

void guests_send(int from, const char *hex);

/* How many frames have come to the second guest since the last time. */
guint guests_arrivals(const Guests *guests);

/* The same after the first guest sent one. */
guint guests_arrivals_of(const Guests *guests, const char *hex);

/* The daemon has seen all that there is to see. */
void guests_settle(void);

FilterdPortState guests_state(const Guests *guests, const char *name);
void guests_assert_learning(const Guests *guests);

/* Whether the binding of p1 has this part in its XML. */
gboolean guests_shows(const Guests *guests, const char *part);

/* own-ip anew, with this in the place of $IP. */
void guests_define(const Guests *guests, const char *address);

/* own-ip anew, with these rules. */
void guests_define_rules(const Guests *guests, const char *rules);

/* To own-ip, with parameters as XML. */
void guests_bind(const Guests *guests, const char *port, const char *parameters);

/* p1 goes and comes again, and with it its guest. */
void guests_replug(Guests *guests);

/* p1; and until nothing is left of it. */
void guests_unbind(const Guests *guests);
void guests_forget(const Guests *guests);
