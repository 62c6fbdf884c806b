/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "filterd/filterd-private.h"

/* The directory of filters is watched: libvirtd and editors write there, too. A file is looked at
 * when nothing has changed for a moment; what is in force already changes nothing. */

#define SETTLE_MS 200

static gboolean reload(gpointer data)
{
    Filterd *filterd = data;

    filterd->reload = 0;
    filterd_reload(filterd);
    return G_SOURCE_REMOVE;
}

static void changed(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
                    gpointer data)
{
    Filterd *filterd = data;

    if (filterd->reload > 0)
        g_source_remove(filterd->reload);
    filterd->reload = g_timeout_add(SETTLE_MS, reload, filterd);
}

void filterd_watch_filters(Filterd *filterd)
{
    g_autoptr(GFile) directory = g_file_new_for_path(filterd->filters);
    g_autoptr(GError) error = NULL;

    filterd_unwatch_filters(filterd);
    filterd->monitor =
        g_file_monitor_directory(directory, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
    if (filterd->monitor)
        g_signal_connect(filterd->monitor, "changed", G_CALLBACK(changed), filterd);
    else
        log_warning("filters=%s is not watched: %s", filterd->filters, error->message);
}

void filterd_unwatch_filters(Filterd *filterd)
{
    if (filterd->reload > 0)
        g_source_remove(filterd->reload);
    filterd->reload = 0;
    g_clear_object(&filterd->monitor);
}
