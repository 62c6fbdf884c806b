/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "agent/filter-file.h"
#include "cli/vdsm-tool/command.h"

gboolean define_and_tell(const char *uri, const char *path, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(Virt) virt = NULL;
    FilterChange change;

    /* The file first: a mistake in it is no reason to ask libvirt. */
    if (!filter_file_check(path, error))
        return FALSE;
    virt = virt_open(uri, error);
    if (!virt) {
        g_prefix_error(error, "cannot connect to libvirt at %s: ", uri);
        return FALSE;
    }
    if (!filter_file_define(virt, path, &name, &change, error))
        return FALSE;
    printf("Filter %s was %s\n", name, filter_change_text(change));
    return TRUE;
}

gboolean command_define_filter(const ToolArgs *args, GError **error)
{
    return define_and_tell(args->uri, args->operands[0], error);
}
