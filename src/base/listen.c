/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTEN_FIRST_FD 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */
#define LISTEN_MAX_FDS 16
#define LISTEN_BACKLOG 128
#define UNIX_BACKLOG 1000 /* libvirt's max_queued_clients: all VMs of a host may start at once */

/* How many descriptors were handed to this very process, 0 for none. */
static guint handed_over(void)
{
    const char *pid = g_getenv("LISTEN_PID");
    const char *count = g_getenv("LISTEN_FDS");
    guint64 value = 0;

    if (pid == NULL || count == NULL ||
        !g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &value, NULL) ||
        (pid_t)value != getpid())
        return 0;
    if (!g_ascii_string_to_unsigned(count, 10, 0, LISTEN_MAX_FDS, &value, NULL))
        return 0;
    return (guint)value;
}

GPtrArray *listen_inherited(GError **error)
{
    g_autoptr(GPtrArray) sockets = g_ptr_array_new_with_free_func(g_object_unref);
    guint count = handed_over();

    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    for (guint i = 0; i < count; i++) {
        int fd = LISTEN_FIRST_FD + (int)i;
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* an invalid fd is reported just below */
        GSocket *socket = g_socket_new_from_fd(fd, error);
        if (socket == NULL) {
            g_prefix_error(error, "handed-over descriptor %d: ", fd);
            return NULL;
        }
        g_ptr_array_add(sockets, socket);
    }
    return g_steal_pointer(&sockets);
}

static GSocket *bind_and_listen(GInetAddress *address, guint16 port, GError **error)
{
    g_autoptr(GSocketAddress) where = g_inet_socket_address_new(address, port);
    g_autoptr(GSocket) socket = g_socket_new(g_inet_address_get_family(address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

    if (socket == NULL)
        return NULL;
    g_socket_set_listen_backlog(socket, LISTEN_BACKLOG);
    if (!g_socket_bind(socket, where, TRUE, error) || !g_socket_listen(socket, error))
        return NULL;
    return g_steal_pointer(&socket);
}

GSocket *listen_socket_new(const char *address, guint16 port, GError **error)
{
    g_autoptr(GInetAddress) parsed = g_inet_address_new_from_string(address);

    if (parsed == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "'%s' is no IP address to listen on", address);
        return NULL;
    }
    g_autoptr(GError) local = NULL;
    GSocket *socket = bind_and_listen(parsed, port, &local);
    gboolean no_ipv6 = local != NULL && g_str_equal(address, "::") &&
                       !g_error_matches(local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    if (no_ipv6) {
        g_autoptr(GInetAddress) any = g_inet_address_new_any(G_SOCKET_FAMILY_IPV4);
        g_clear_error(&local);
        socket = bind_and_listen(any, port, &local);
    }
    if (socket == NULL)
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s port %u: ", address, port);
    return socket;
}

/* ---- sockets in the file system ---- */

static gboolean is_answered(GSocketAddress *where)
{
    g_autoptr(GSocket) probe =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);

    return probe && g_socket_connect(probe, where, NULL, NULL);
}

/* What a process left when it ended is in nobody's way. */
static gboolean check_free(const char *path, GSocketAddress *where, GError **error)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return TRUE; /* binding says what is wrong, if not that nothing is there */
    if (!S_ISSOCK(info.st_mode)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s: is there and is no socket", path);
        return FALSE;
    }
    if (is_answered(where)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                    "%s: another process listens on it", path);
        return FALSE;
    }
    return TRUE;
}

/* Bound and listening; who may connect is decided before there is anything to connect to. */
static GSocket *bind_unix(const char *path, GError **error)
{
    g_autoptr(GSocketAddress) where = g_unix_socket_address_new(path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    mode_t before;
    gboolean good;

    if (!socket)
        return NULL;
    (void)g_unlink(path); /* of one that did not come further than this */
    g_socket_set_listen_backlog(socket, UNIX_BACKLOG);
    before = umask(0177);
    good = g_socket_bind(socket, where, FALSE, error);
    (void)umask(before);
    return good && g_socket_listen(socket, error) ? g_steal_pointer(&socket) : NULL;
}

GSocket *listen_unix_new(const char *path, GError **error)
{
    g_autofree char *early = g_strconcat(path, ".new", NULL);
    g_autoptr(GSocketAddress) where = g_unix_socket_address_new(path);
    g_autoptr(GSocket) socket = NULL;

    if (!check_free(path, where, error))
        return NULL;
    socket = bind_unix(early, error);
    if (socket && g_rename(early, path) == 0)
        return g_steal_pointer(&socket);
    if (socket)
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s", g_strerror(errno));
    g_prefix_error(error, "%s: ", path);
    return NULL;
}
