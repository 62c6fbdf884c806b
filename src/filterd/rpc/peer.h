/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "filterd/rpc/service.h"

/*
 * Purpose: one connection: octets in, whole messages to its session, answers out in order.
 * Owner: the service; rpc_peer_free ends it.
 * Invariants: what it holds is bounded: one message that comes in, PEER_BACKLOG and one answer that
 * go out. While more waits to go out it is not read from.
 */

typedef struct RpcPeer RpcPeer;

/* Called once, when the connection has come to its end by itself; the peer is to be freed. */
typedef void (*RpcPeerOverFunc)(RpcPeer *peer, gpointer data);

RpcPeer *rpc_peer_new(GSocket *socket, Filterd *filterd, gboolean read_only,
                      const RpcServiceLimits *limits, RpcPeerOverFunc over, gpointer data);
void rpc_peer_free(RpcPeer *peer);

gboolean rpc_peer_reads_only(const RpcPeer *peer);

/* Looks at the time: pings, and ends what takes too long. To be called every second. */
void rpc_peer_tick(RpcPeer *peer, gint64 now);
