/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/filterd.h"

/*
 * Purpose: what an operator asks of the filter daemon, and is told of drops, over a socket of
 * root's own: JSON-RPC 2.0 in STOMP frames (docs/operator.md). Nothing that can be asked changes
 * anything. Owner: operator_server_free, before filterd_free; it closes the socket and all
 * connections. Does not: wait for a client. One that does not read loses events, and is told how
 * many.
 */

typedef struct OperatorServer OperatorServer;

/* The settings are borrowed, and told to tapwall doctor. */
OperatorServer *operator_server_new(Filterd *filterd, const FilterdSettings *settings);
void operator_server_free(OperatorServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OperatorServer, operator_server_free)

/* Serves a socket at path, made with mode 0600. Errors: as listen_unix_new(). */
gboolean operator_server_listen(OperatorServer *server, const char *path, GError **error);

/* Where drops are told: this, or this, a dot and a port's name. */
#define OPERATOR_DROPS "tapwall.drops"
