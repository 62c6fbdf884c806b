/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/handshake.h"

static void shake_hands(gpointer item, gpointer data)
{
    g_autoptr(GTask) task = item;
    GError *error = NULL;

    if (g_task_return_error_if_cancelled(task))
        return;
    if (g_tls_connection_handshake(g_task_get_source_object(task), g_task_get_cancellable(task),
                                   &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

/* One pool for the process, like GTask's own; its threads end when they have been idle for a while.
 */
static GThreadPool *handshake_pool(void)
{
    static GThreadPool *pool;

    if (g_once_init_enter(&pool)) {
        GThreadPool *fresh = g_thread_pool_new(shake_hands, NULL, HANDSHAKE_THREADS, FALSE, NULL);
        g_once_init_leave(&pool, fresh);
    }
    return pool;
}

void handshake_async(GTlsConnection *connection, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer data)
{
    GTask *task = g_task_new(connection, cancellable, callback, data);
    GError *error = NULL;

    /* On error (no thread could be started) the item still waits in the pool for the next one. */
    if (!g_thread_pool_push(handshake_pool(), task, &error))
        g_clear_error(&error);
}

gboolean handshake_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
