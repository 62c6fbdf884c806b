/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * The open connections of a server, and what they may cost: how many there are, how many from one
 * peer, and how long each may take over what it is doing. A connection past its deadline is shut
 * down; so is the one idle for longest when a new one needs its place.
 *
 * A connection is known by its socket. It leaves when that is disposed of: the guard never keeps
 * one alive.
 */
typedef struct Guard Guard;

#define GUARD_FIRST_SECONDS 15 /* the handshake; then the first head */
#define GUARD_IDLE_SECONDS 120 /* between requests, the next head included */
#define GUARD_BODY_SECONDS 30
#define GUARD_WRITE_SECONDS 60

Guard *guard_new(guint limit);
void guard_free(Guard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guard, guard_free)

/* FALSE: over the limits, to be closed at once. A peer may have half of all. */
gboolean guard_admit(Guard *guard, GSocket *socket);

/* The connection must be done with what it does now within so many seconds; 0: it is ours to
 * finish, no deadline. idle: nothing is lost when it is closed. */
void guard_deadline(Guard *guard, GSocket *socket, guint seconds, gboolean idle);
void guard_shut(Guard *guard, GSocket *socket);
guint guard_count(const Guard *guard);
