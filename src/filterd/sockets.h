/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * Purpose: where the daemon listens: sockets in the file system, each handed over by the service
 * manager, or made here.
 * Owner: sockets_free, which leaves the files: a socket handed over goes on taking clients for the
 * next process, and one of our own is replaced by it.
 */

typedef struct Sockets Sockets;

/* Takes what was handed over; to be called once. */
Sockets *sockets_new(GError **error);
void sockets_free(Sockets *sockets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sockets, sockets_free)

/* The listening socket of that path, borrowed. One that is made here has this mode, and this group
 * unless "". Errors: listen_unix_new()'s; G_FILE_ERROR, as for a group that is unknown. */
GSocket *sockets_get(Sockets *sockets, const char *path, guint mode, const char *group,
                     GError **error);
