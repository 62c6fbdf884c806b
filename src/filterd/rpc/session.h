/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/filterd.h"
#include "filterd/rpc/message.h"

/*
 * Purpose: what one client of libvirt's protocol has said so far, and the answer to its next
 * message.
 * Does not: know sockets or time, so that a test can speak to it.
 */

typedef struct {
    Filterd *filterd;
    gboolean read_only;   /* the socket it came by, or the flag of its OPEN */
    gboolean is_open;     /* it named a connection that is ours */
    gboolean keeps_alive; /* it answers pings */
    gboolean is_closing;  /* after the answer: it said CLOSE, or what no client says */
} Session;

/* The answer to a whole message, or NULL when it gets none. */
GBytes *session_answer(Session *session, const guint8 *message, gsize length);

/* A ping, to be answered by a client that keeps_alive. */
GBytes *session_ping(void);
