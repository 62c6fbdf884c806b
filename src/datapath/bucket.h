/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "datapath/bpf/layout.h"

/*
 * Purpose: a list's numbers in buckets, as the verdicts look them up (see bpf/layout.h): each
 * number in one of the two buckets that it names itself.
 * Owner: the array is the caller's.
 * Does not: change a list once it is made; another list is another array.
 */

/*
 * Appends the buckets of `n` numbers below 2^63 to `buckets`, of struct bucket; duplicates are
 * allowed. Returns how many: a power of two, or 0 when the numbers fall together so badly that
 * BUCKETS_MAX are not enough. None for no numbers takes one bucket.
 */
guint buckets_append(GArray *buckets, const guint64 *numbers, guint n);

/* The first and the second bucket of a number, of `n`. */
guint bucket_of(guint64 number, guint which, guint n);
