/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shipped.h"

#include <glib.h>

#define FILTER "nwfilter/vdsm-no-mac-spoofing.xml"

char *shipped_filter_path(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(program ? program : "/");
    g_autofree char *beside = g_build_filename(folder, "..", "share", "tapwall", FILTER, NULL);

    if (g_file_test(beside, G_FILE_TEST_EXISTS))
        return g_canonicalize_filename(beside, NULL);
    return g_strdup(TAPWALL_DATADIR "/" FILTER);
}
