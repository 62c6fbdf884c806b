/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/grace.h"

struct Grace {
    guint grace_ms;
    GraceFunc over;
    gpointer data;
    GQueue queue; /* of Waiting */
    guint timer;
};

typedef struct {
    Port *port;
    gint64 end; /* monotonic */
} Waiting;

Grace *grace_new(guint grace_ms, GraceFunc over, gpointer data)
{
    Grace *grace = g_new0(Grace, 1);

    grace->grace_ms = grace_ms;
    grace->over = over;
    grace->data = data;
    return grace;
}

static gboolean end_due(gpointer data);

/* The timer stands for the first in the queue. */
static void set_timer(Grace *grace)
{
    const Waiting *first = g_queue_peek_head(&grace->queue);
    gint64 left;

    if (!first || grace->timer > 0)
        return;
    left = first->end - g_get_monotonic_time();
    grace->timer = g_timeout_add(left > 0 ? (guint)(left / 1000 + 1) : 0, end_due, grace);
}

/* One port a turn of the main loop: clients do not wait for all those whose time is over. */
static gboolean end_due(gpointer data)
{
    Grace *grace = data;
    const Waiting *first = g_queue_peek_head(&grace->queue);

    grace->timer = 0;
    if (first && first->end <= g_get_monotonic_time()) {
        Port *port = first->port;

        grace_end(grace, port);
        grace->over(port, grace->data);
    }
    set_timer(grace);
    return G_SOURCE_REMOVE;
}

void grace_begin(Grace *grace, Port *port)
{
    Waiting *waiting;

    grace_end(grace, port);
    waiting = g_new(Waiting, 1);
    waiting->port = port;
    waiting->end = g_get_monotonic_time() + (gint64)grace->grace_ms * 1000;
    g_queue_push_tail(&grace->queue, waiting);
    port->grace = g_queue_peek_tail_link(&grace->queue);
    set_timer(grace);
}

void grace_end(Grace *grace, Port *port)
{
    if (!port->grace)
        return;
    g_free(port->grace->data);
    g_queue_delete_link(&grace->queue, port->grace);
    port->grace = NULL;
}

void grace_free(Grace *grace)
{
    const Waiting *first;

    while ((first = g_queue_peek_head(&grace->queue)))
        grace_end(grace, first->port);
    if (grace->timer > 0)
        g_source_remove(grace->timer);
    g_free(grace);
}
