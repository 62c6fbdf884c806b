/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "filterd/filterd.h"

/*
 * Purpose: libvirt's protocol on sockets: virtnwfilterd-sock and virtnwfilterd-sock-ro.
 * Owner: rpc_service_free, which ends all connections. Handed sockets stay in the file system.
 * Does not: block. A client that does not read, or sends half a message, holds up nobody.
 */

typedef struct RpcService RpcService;

/* What clients can grow, and how long they may take. */
typedef struct {
    guint clients;           /* at the same time, on all sockets; libvirt's max_clients */
    guint readers;           /* of them, on read-only sockets */
    guint of_user;           /* of them, of one user that is not root */
    guint reader_message;    /* octets of what comes by a read-only socket: names, no documents */
    guint message_seconds;   /* from a message's first octet to its last; to a client's OPEN; and
                                between two octets that it reads of what waits for it */
    guint keepalive_seconds; /* of silence, then a ping ... */
    guint keepalive_count;   /* ... and so many without any sign of life end the connection */
} RpcServiceLimits;

extern const RpcServiceLimits rpc_service_defaults;

RpcService *rpc_service_new(Filterd *filterd, const RpcServiceLimits *limits);
void rpc_service_free(RpcService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcService, rpc_service_free)

typedef enum {
    RPC_SOCKET_READ_ONLY = 1 << 0,
    RPC_SOCKET_ROOT_ONLY = 1 << 1, /* whatever its file's mode says */
} RpcSocketFlags;

/* Serves a listening socket, a reference of which is taken. */
void rpc_service_add_socket(RpcService *service, GSocket *socket, RpcSocketFlags flags);
