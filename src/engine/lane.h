/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/call.h"

/*
 * One lane per VM: its calls are sent in order, one at a time. Only VM.destroy overtakes.
 *
 * Wishes about NICs are not queued as calls. They are stored, and when the lane is free and the VM
 * runs, the next call is found by comparing what is wished with what the host has. So the last wish
 * wins, however fast wishes come.
 *
 * A lane also knows since when what the host reports about the VM can be believed: not while a call
 * is under way, and not if it was asked for before something changed.
 */

typedef struct {
    GQueue calls;
    gboolean busy;       /* a call is under way */
    gboolean destroying; /* VM.destroy is */
    gboolean changed;    /* a NIC wish came while a call was under way */
    guint64 since;
    guint starts;                      /* of the VM, counted */
    char *starter;                     /* who started the VM, until it runs */
    char *stopper;                     /* who stopped it, until it is down */
    char *wisher, *wisher_correlation; /* who last wished something of a NIC */
} Lane;

void lane_free(gpointer lane);

/* The VM's lane, made if there is none. */
Lane *lane_get(Engine *engine, const char *vm_id);
/* When the VM is removed; a lane with calls under way stays. */
void lane_forget(Engine *engine, const char *vm_id);

/* Whether a report asked for at serial is too old to be believed about this VM. */
gboolean lane_outdates(Engine *engine, const char *vm_id, guint64 serial);
/* Something was learnt about the VM right now. */
void lane_mark(Engine *engine, const char *vm_id);

/* In a transaction: call joins its lane when it is committed. Takes call. */
void lane_push(Engine *engine, Call *call);
/* Likewise: the VM's NICs are compared with what is wished. */
void lane_touch(Engine *engine, const char *vm_id);
/* lane_touch() for a new wish of actor. */
void lane_wish(Engine *engine, const char *vm_id, const Actor *actor);

/* The answer of a call has come. */
void lane_call_ended(Engine *engine, const Call *call);

/* After a transaction: to send what it has left, or to drop it. */
void lanes_advance(Engine *engine);
void lanes_abort(Engine *engine);
