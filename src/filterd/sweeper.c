/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/sweeper.h"

#include <gio/gio.h>

#include "base/log.h"

#define GATHER_MS 100 /* many changes are swept together */
#define EXPIRE_SECONDS 5
#define SWEEP_ROWS 128 /* in one turn of the main loop */

struct Sweeper {
    Datapath *datapath;
    GCancellable *end;
    guint timer, expire, sweep;
    gboolean is_waiting; /* for a grace period, and for all to be swept */
    gboolean is_wanted;  /* again, when that is over */
    guint64 retired;
};

static void schedule(Sweeper *sweeper);

static void wait_grace(GTask *task, gpointer source, gpointer data, GCancellable *end)
{
    GError *error = NULL;

    if (datapath_wait_grace(&error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

/* Clients do not wait for all of it. */
static gboolean sweep(gpointer data)
{
    Sweeper *sweeper = data;

    if (!datapath_sweep(sweeper->datapath, sweeper->retired, SWEEP_ROWS))
        return G_SOURCE_CONTINUE;
    sweeper->sweep = 0;
    sweeper->is_waiting = FALSE;
    if (sweeper->is_wanted)
        schedule(sweeper);
    return G_SOURCE_REMOVE;
}

/* `data` is the sweeper only if that has not come to its end. */
static void waited(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    const gboolean good = g_task_propagate_boolean(G_TASK(result), &error);
    Sweeper *sweeper = data;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (good) {
        sweeper->sweep = g_timeout_add(0, sweep, sweeper);
        return;
    }
    log_warning("what was replaced in the kernel stays for now: %s", error->message);
    sweeper->is_waiting = FALSE;
    schedule(sweeper);
}

static gboolean begin(gpointer data)
{
    Sweeper *sweeper = data;
    g_autoptr(GTask) task = g_task_new(NULL, sweeper->end, waited, sweeper);

    sweeper->timer = 0;
    sweeper->is_wanted = FALSE;
    sweeper->is_waiting = TRUE;
    sweeper->retired = datapath_retire(sweeper->datapath);
    g_task_run_in_thread(task, wait_grace);
    return G_SOURCE_REMOVE;
}

static void schedule(Sweeper *sweeper)
{
    sweeper->is_wanted = TRUE;
    if (sweeper->timer == 0 && !sweeper->is_waiting)
        sweeper->timer = g_timeout_add(GATHER_MS, begin, sweeper);
}

void sweeper_want(Sweeper *sweeper)
{
    schedule(sweeper);
}

static gboolean expire_flows(gpointer data)
{
    const Sweeper *sweeper = data;
    g_autoptr(GError) error = NULL;
    guint n_expired;

    if (!datapath_expire_flows(sweeper->datapath, &n_expired, &error))
        log_warning("old connections stay: %s", error->message);
    return G_SOURCE_CONTINUE;
}

Sweeper *sweeper_new(Datapath *datapath)
{
    Sweeper *sweeper = g_new0(Sweeper, 1);

    sweeper->datapath = datapath;
    sweeper->end = g_cancellable_new();
    sweeper->expire = g_timeout_add_seconds(EXPIRE_SECONDS, expire_flows, sweeper);
    return sweeper;
}

void sweeper_free(Sweeper *sweeper)
{
    if (!sweeper)
        return;
    g_cancellable_cancel(sweeper->end); /* a wait that runs tells its end to nobody */
    g_object_unref(sweeper->end);
    if (sweeper->timer > 0)
        g_source_remove(sweeper->timer);
    if (sweeper->sweep > 0)
        g_source_remove(sweeper->sweep);
    g_source_remove(sweeper->expire);
    g_free(sweeper);
}
