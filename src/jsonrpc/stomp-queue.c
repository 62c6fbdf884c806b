/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/stomp-queue.h"

#define JOIN_SIZE 4096              /* pieces up to this size are joined */
#define JOINED_MOST (16 * 1024)     /* a TLS record */
#define WRITE_AT_ONCE (1024 * 1024) /* bytes in one turn */

struct StompQueue {
    GQueue pieces;      /* of GBytes; the first is being written */
    GByteArray *joined; /* small pieces behind them, or NULL */
    gsize offset;       /* in the first piece */
    gsize size;
};

StompQueue *stomp_queue_new(void)
{
    StompQueue *queue = g_new0(StompQueue, 1);

    g_queue_init(&queue->pieces);
    return queue;
}

void stomp_queue_clear(StompQueue *queue)
{
    g_queue_clear_full(&queue->pieces, (GDestroyNotify)g_bytes_unref);
    g_clear_pointer(&queue->joined, g_byte_array_unref);
    queue->offset = queue->size = 0;
}

void stomp_queue_free(StompQueue *queue)
{
    stomp_queue_clear(queue);
    g_free(queue);
}

/* Bytes once offered to TLS must be offered again unchanged; so what is joined is sealed before. */
static void seal_joined(StompQueue *queue)
{
    if (queue->joined != NULL)
        g_queue_push_tail(&queue->pieces, g_byte_array_free_to_bytes(queue->joined));
    queue->joined = NULL;
}

void stomp_queue_push(StompQueue *queue, GBytes *piece)
{
    gsize length;
    const guint8 *data = g_bytes_get_data(piece, &length);

    queue->size += length;
    if (length > JOIN_SIZE) {
        seal_joined(queue);
        g_queue_push_tail(&queue->pieces, piece);
        return;
    }
    if (queue->joined != NULL && queue->joined->len + length > JOINED_MOST)
        seal_joined(queue);
    if (queue->joined == NULL)
        queue->joined = g_byte_array_sized_new(1024);
    g_byte_array_append(queue->joined, data, (guint)length);
    g_bytes_unref(piece);
}

gsize stomp_queue_size(const StompQueue *queue)
{
    return queue->size;
}

static GBytes *first_piece(StompQueue *queue)
{
    if (g_queue_is_empty(&queue->pieces))
        seal_joined(queue);
    return g_queue_peek_head(&queue->pieces);
}

static void advance(StompQueue *queue, gsize written, gsize length)
{
    queue->size -= written;
    queue->offset += written;
    if (queue->offset < length)
        return;
    queue->offset = 0;
    g_bytes_unref(g_queue_pop_head(&queue->pieces));
}

StompQueueState stomp_queue_write(StompQueue *queue, GPollableOutputStream *output, gboolean *wrote,
                                  GError **error)
{
    gsize budget = WRITE_AT_ONCE;
    GBytes *piece;

    while ((piece = first_piece(queue)) != NULL) {
        g_autoptr(GError) failure = NULL;
        gsize length;
        const guint8 *data = g_bytes_get_data(piece, &length);
        gssize written = g_pollable_output_stream_write_nonblocking(
            output, data + queue->offset, length - queue->offset, NULL, &failure);
        if (written < 0 && g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            return STOMP_QUEUE_WAITING;
        if (written < 0) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return STOMP_QUEUE_FAILED;
        }
        *wrote = TRUE;
        advance(queue, (gsize)written, length);
        if ((gsize)written >= budget)
            return STOMP_QUEUE_WAITING;
        budget -= (gsize)written;
    }
    return STOMP_QUEUE_EMPTY;
}
