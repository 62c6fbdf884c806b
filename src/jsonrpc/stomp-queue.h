/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * Bytes on their way out of a connection, in order. Small pieces are joined, so that a frame leaves
 * with one write (and in one TLS record); large ones are kept as they are, not copied.
 */
typedef struct StompQueue StompQueue;

typedef enum { STOMP_QUEUE_EMPTY, STOMP_QUEUE_WAITING, STOMP_QUEUE_FAILED } StompQueueState;

StompQueue *stomp_queue_new(void);
void stomp_queue_free(StompQueue *queue);
void stomp_queue_clear(StompQueue *queue);

void stomp_queue_push(StompQueue *queue, GBytes *piece); /* takes piece */
gsize stomp_queue_size(const StompQueue *queue);         /* bytes not yet written */

/* Writes until nothing is left or the output would block or others should have their turn
 * (STOMP_QUEUE_WAITING). *wrote says whether any byte went out. */
StompQueueState stomp_queue_write(StompQueue *queue, GPollableOutputStream *output, gboolean *wrote,
                                  GError **error);
