/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "filterd/filterd-private.h"

/* The folder of the hooks' pins is watched: a pin that goes takes its tcx link off the device, and
 * the kernel tells nobody else. What is taken away otherwise, the audit finds. */

/* Also our own doing, after which there is no such port, or its hooks are there. */
static void changed(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
                    gpointer data)
{
    Filterd *filterd = data;
    const char *pins = datapath_hook_pins(filterd->datapath);
    g_autofree char *name = g_file_get_basename(file), *folder = g_path_get_basename(pins);
    Port *port;

    if (event != G_FILE_MONITOR_EVENT_DELETED)
        return;
    if (!g_file_test(pins, G_FILE_TEST_IS_DIR))
        filterd_guard_pins(filterd);
    if (strcmp(name, folder) == 0) {
        filterd_watch_hooks(filterd); /* the new one */
        return;
    }
    port = ports_lookup_device(filterd->ports, (guint)g_ascii_strtoull(name, NULL, 10));
    if (port)
        filterd_guard(filterd, port);
}

void filterd_watch_hooks(Filterd *filterd)
{
    const char *pins = datapath_hook_pins(filterd->datapath);
    g_autoptr(GFile) folder = g_file_new_for_path(pins);
    g_autoptr(GError) error = NULL;

    g_clear_object(&filterd->hooks_monitor);
    filterd->hooks_monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_NONE, NULL, &error);
    if (filterd->hooks_monitor)
        g_signal_connect(filterd->hooks_monitor, "changed", G_CALLBACK(changed), filterd);
    else
        log_warning("pins=%s is not watched: %s", pins, error->message);
}
