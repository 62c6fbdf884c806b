/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/port.h"

/*
 * Purpose: the ports whose grace time runs: deleted ones and those whose device vanished.
 * Owner: grace_free. All times are equally long, so the queue is in order of their ends.
 */

typedef struct Grace Grace;

/* When a port's time is over it is no more in the queue, and `over` is called. */
typedef void (*GraceFunc)(Port *port, gpointer data);

Grace *grace_new(guint grace_ms, GraceFunc over, gpointer data);
void grace_free(Grace *grace);

/* The port's time begins. It must be taken out before it is freed. */
void grace_begin(Grace *grace, Port *port);

/* Not in the queue is no error. */
void grace_end(Grace *grace, Port *port);
