/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/client.h"
#include "jsonrpc/stomp-link.h"

/*
 * The inside of a client, for its two files: client.c is the connection's life, client-calls.c the
 * calls, their answers, and events.
 */
struct _RpcClient {
    GObject parent;
    TlsCredentials *credentials;
    guint heartbeat;
    RpcEventFunc event;
    RpcClosedFunc closed;
    gpointer data;

    GTask *connecting; /* until CONNECTED has come */
    guint deadline;    /* of connecting */
    GCancellable *cancellable;
    GSource *cancel; /* watches the caller's cancellable of connecting, or NULL */
    GSocketConnection *connection;
    StompLink *link;
    gboolean finished; /* the end has come, or rpc_client_close() */

    /* Names our answers' destination and begins our ids: VDSM knows calls by id alone. */
    char *uuid;
    guint64 last_id;
    GHashTable *calls; /* id -> Call */
};

/* client.c: the end, with its reason. */
void client_over(RpcClient *client, const GError *reason);
void client_source_clear(GSource **source);
/* Calls function from the main loop once cancellable is cancelled; NULL for none. A source, because
 * a signal handler could not be disconnected from inside the signal. */
GSource *client_watch(GCancellable *cancellable, GCancellableSourceFunc function, gpointer data);

/* client-calls.c: calls by id, for client->calls. */
GHashTable *client_calls_new(void);
void client_calls_fail(RpcClient *client);
GError *client_no_answer(void);
/* A MESSAGE: answers and events. */
void client_take_message(RpcClient *client, const StompFrame *frame);
