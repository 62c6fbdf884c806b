/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * Where a server listens: a socket handed over by the service manager (the sd_listen_fds(3)
 * protocol: LISTEN_PID, LISTEN_FDS, descriptors from 3), else one bound here.
 */

/* The handed-over listening sockets, or an empty array. The variables are unset, so that children
 * do not see them. Each socket is close-on-exec. */
GPtrArray *listen_inherited(GError **error); /* of GSocket */

/* A listening stream socket on address ("127.0.0.1", "::", ...) and port; "::" also takes IPv4 and
 * falls back to 0.0.0.0 where there is no IPv6. */
GSocket *listen_socket_new(const char *address, guint16 port, GError **error);

/*
 * A listening stream socket in the file system, of mode 0600 and listening from its first moment
 * on, in place of one that nobody listens on any more. Errors: G_IO_ERROR_ADDRESS_IN_USE when
 * somebody does; G_IO_ERROR_EXISTS when the path is no socket.
 */
GSocket *listen_unix_new(const char *path, GError **error);
