/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/bucket.h"

#include <string.h>

/*
 * Cuckoo hashing: where both buckets of a number are full, one in them moves to its other bucket.
 * Four in a bucket and two buckets each fill up to nine tenths; we begin at three quarters.
 */

#define MOVES_MAX 64

guint bucket_of(guint64 number, guint which, guint n)
{
    const guint64 hash = number * BUCKET_FACTOR;

    return (guint)(hash << (which ? 24 : 0) >> 40) & (n - 1);
}

static gboolean bucket_has(const struct bucket *bucket, guint64 number)
{
    for (guint i = 0; i < BUCKET_CELLS; i++)
        if (bucket->cells[i] == number)
            return TRUE;
    return FALSE;
}

static gboolean bucket_put(struct bucket *bucket, guint64 number)
{
    for (guint i = 0; i < BUCKET_CELLS; i++)
        if (bucket->cells[i] == BUCKET_EMPTY) {
            bucket->cells[i] = number;
            return TRUE;
        }
    return FALSE;
}

static gboolean insert(struct bucket *buckets, guint n, guint64 number)
{
    guint at = bucket_of(number, 0, n);

    if (bucket_has(&buckets[at], number) || bucket_has(&buckets[bucket_of(number, 1, n)], number))
        return TRUE;
    for (guint move = 0; move < MOVES_MAX; move++) {
        const guint first = bucket_of(number, 0, n), second = bucket_of(number, 1, n);
        __u64 *cell, other;

        if (bucket_put(&buckets[first], number) || bucket_put(&buckets[second], number))
            return TRUE;
        at = at == first ? second : first; /* not where it was put out of */
        cell = &buckets[at].cells[move % BUCKET_CELLS];
        other = *cell;
        *cell = number;
        number = other;
    }
    return FALSE;
}

static gboolean fill(struct bucket *buckets, guint n, const guint64 *numbers, guint n_numbers)
{
    memset(buckets, 0xff, n * sizeof *buckets); /* BUCKET_EMPTY */
    for (guint i = 0; i < n_numbers; i++)
        if (!insert(buckets, n, numbers[i]))
            return FALSE;
    return TRUE;
}

guint buckets_append(GArray *buckets, const guint64 *numbers, guint n)
{
    const guint before = buckets->len;
    guint size = 1;

    while (size * BUCKET_CELLS * 3 < n * 4)
        size *= 2;
    for (; size <= BUCKETS_MAX; size *= 2) {
        g_array_set_size(buckets, before + size);
        if (fill(&g_array_index(buckets, struct bucket, before), size, numbers, n))
            return size;
    }
    g_array_set_size(buckets, before);
    return 0;
}
