/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/sockets.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/listen.h"

struct Sockets {
    GPtrArray *sockets; /* of GSocket */
};

Sockets *sockets_new(GError **error)
{
    GPtrArray *handed = listen_inherited(error);
    Sockets *sockets;

    if (!handed)
        return NULL;
    sockets = g_new0(Sockets, 1);
    sockets->sockets = handed;
    return sockets;
}

void sockets_free(Sockets *sockets)
{
    if (!sockets)
        return;
    g_ptr_array_unref(sockets->sockets);
    g_free(sockets);
}

/* By its file: /var/run may be another name of /run. */
static gboolean is_at(GSocket *socket, const char *path)
{
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);
    struct stat own, asked;

    return G_IS_UNIX_SOCKET_ADDRESS(address) && stat(path, &asked) == 0 &&
           stat(g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(address)), &own) == 0 &&
           own.st_dev == asked.st_dev && own.st_ino == asked.st_ino;
}

static gboolean make_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (g_mkdir_with_parents(folder, 0755) == 0)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot make %s: %s", folder,
                g_strerror(errno));
    return FALSE;
}

/* The group before the mode: nobody but who is meant ever may. */
static gboolean open_to(const char *path, guint mode, const char *group, GError **error)
{
    const struct group *found = *group != '\0' ? getgrnam(group) : NULL;

    if (*group != '\0' && !found) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "there is no group '%s'", group);
        return FALSE;
    }
    if ((!found || chown(path, (uid_t)-1, found->gr_gid) == 0) && chmod(path, mode) == 0)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                "cannot change mode and group of %s: %s", path, g_strerror(errno));
    return FALSE;
}

GSocket *sockets_get(Sockets *sockets, const char *path, guint mode, const char *group,
                     GError **error)
{
    GSocket *made;

    for (guint i = 0; i < sockets->sockets->len; i++)
        if (is_at(sockets->sockets->pdata[i], path))
            return sockets->sockets->pdata[i];
    if (!make_folder(path, error) || !(made = listen_unix_new(path, error)))
        return NULL;
    g_ptr_array_add(sockets->sockets, made);
    return open_to(path, mode, group, error) ? made : NULL;
}
