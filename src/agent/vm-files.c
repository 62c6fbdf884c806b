/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vm-files.h"

#include <string.h>

#include "jsonrpc/rpc.h"

gboolean path_is_straight(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    gboolean names = FALSE;

    for (guint i = 0; parts[i]; i++) {
        if (strcmp(parts[i], ".") == 0 || strcmp(parts[i], "..") == 0)
            return FALSE;
        names = names || parts[i][0] != '\0';
    }
    return path[0] == '/' && names;
}

static gboolean is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/')
        length--;
    return strncmp(path, folder, length) == 0 && path[length] == '/' &&
           path[length + strspn(path + length, "/")] != '\0';
}

static gboolean file_check(const char *key, const char *path, const char *folders, GError **error)
{
    g_auto(GStrv) list = g_strsplit(folders, ":", -1);

    if (!path)
        return TRUE;
    for (guint i = 0; path_is_straight(path) && list[i]; i++)
        if (is_below(path, list[i]))
            return TRUE;
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                "Invalid parameter: %s '%.200s' is not in a folder for files of VMs (%.400s: "
                "vm_folders in the agent's configuration)",
                key, path, folders);
    return FALSE;
}

gboolean vm_files_check(const VmConfig *config, const char *folders, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (!file_check("disk", ((const Disk *)config->disks->pdata[i])->path, folders, error))
            return FALSE;
    return file_check("kernel", config->kernel, folders, error) &&
           file_check("initrd", config->initrd, folders, error) &&
           file_check("serialLog", config->serial_log, folders, error);
}
