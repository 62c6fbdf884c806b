/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/private.h"
#include "jsonrpc/rpc.h"

/*
 * One call to a host about one VM: made on the worker, sent by the host's monitor on the main loop,
 * ended on the worker again. Whoever holds it owns it; nobody shares it.
 */

/* [worker] What the call's answer means. result is NULL when it failed; failure then says why:
 * RPC_ERROR with the host's code, RPC_NO_ANSWER when nobody knows, G_IO_ERROR_NOT_CONNECTED when it
 * was not sent. FALSE rolls the transaction back. */
typedef gboolean (*CallDone)(Engine *engine, const Call *call, GError **error);

struct Call {
    char *host_id, *vm_id, *nic_id; /* nic_id may be NULL */
    const char *method;
    JsonNode *params;
    CallDone done;
    guint start;                 /* the VM's how-manieth, as its lane counts: of an earlier one, the
                                  * answer means nothing any more */
    gboolean destroys;           /* VM.destroy: does not wait behind other calls of its VM */
    char *user, *correlation_id; /* who asked; NULL for the system */
    char *bridge;                /* of a NIC call: what the NIC will be in when it succeeds */
    gboolean linked;             /* likewise */
    JsonNode *result;
    GError *failure;
};

/* Takes params. actor may be NULL. */
Call *call_new(const Vm *vm, const char *method, JsonNode *params, CallDone done,
               const Actor *actor);
void call_free(Call *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* The actor of the call, filled into *actor, or NULL. Borrowed from both. */
const Actor *call_actor(const Call *call, Actor *actor);

/* Whether it failed for want of a connection: not sent at all, or sent and perhaps done. */
gboolean call_was_unsent(const Call *call);
gboolean call_is_uncertain(const Call *call);

/* [main loop] Sends it by its host's monitor. Takes call. */
void call_send(Engine *engine, Call *call);
/* [main loop] Gives it back to the worker with its result (taken) or failure (taken). Takes call.
 */
void call_finish(Engine *engine, Call *call, JsonNode *result, GError *failure);
