/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/kernel.h"

/*
 * Purpose: the counters in the kernel: who has which, and what they say. They come in chunks, which
 * are made when they are needed and stay, so that memory follows the ports there are.
 * Owner: counters_free; `kernel` is borrowed.
 * Invariants: what is free is zero, or is cleared before it is given out.
 */

#define COUNTERS_PIN "counters-" /* and a chunk's number: the name of its pin */

typedef struct Counters Counters;

/* Finds the chunks that are there, or makes the first. Errors: KERNEL; STATE when a chunk's pin is
 * not there any more. */
Counters *counters_new(const Kernel *kernel, GError **error);
void counters_free(Counters *counters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Counters, counters_free)

/* See kernel_restore_pins(). */
gboolean counters_restore_pins(const Counters *counters, guint *restored, GError **error);

/* `n` in a row, at zero. Errors: LIMIT when there are no more; KERNEL. */
gboolean counters_take(Counters *counters, guint n, guint *first, GError **error);

/* Exactly these, as they are; FALSE when one of them is taken or not there. */
gboolean counters_take_at(Counters *counters, guint first, guint n);
void counters_give_back(Counters *counters, guint first, guint n);

/* Between these two a chunk is read whole when it is first looked at, and what it said then counts:
 * for many ports one after the other, it takes a tenth of the time. */
void counters_hold(Counters *counters);
void counters_let_go(Counters *counters);

/* The sum over all CPUs of each; `sums` has room for `n`. */
void counters_read(const Counters *counters, guint first, guint n, guint64 *sums);
