/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shipped.h"
#include "cli/vdsm-tool/command.h"

gboolean command_nwfilter(const ToolArgs *args, GError **error)
{
    g_autofree char *path = shipped_filter_path();

    return define_and_tell(args->uri, path, error);
}
