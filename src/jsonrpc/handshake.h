/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * TLS handshakes in threads of their own. glib-networking's asynchronous handshake blocks one of
 * GTask's few shared threads until the peer has done its part; a handful of silent peers would hold
 * up every other worker of the process. These threads serve handshakes only.
 */
#define HANDSHAKE_THREADS 64 /* at the same time; more wait */

void handshake_async(GTlsConnection *connection, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer data);
gboolean handshake_finish(GAsyncResult *result, GError **error);
