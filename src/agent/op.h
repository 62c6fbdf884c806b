/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"

/*
 * A verb's work about one VM on its way through a worker: who asked, what is needed there, what
 * came back. Made on the main loop, used by one worker, ended on the main loop.
 */
typedef struct {
    Agent *agent;
    RpcCall *call; /* NULL once answered, or when nobody asked */
    char *vm_id;
    /* in */
    char *xml;          /* domain or device */
    char *alias, *mac;  /* which NIC */
    Nic *nic;           /* the NIC to plug, or with what changes */
    guint changes;      /* NicChange bits */
    char *reserved_mac; /* held in agent->plugging until the end */
    gboolean reboot;
    /* out */
    Definition *definition; /* as it is now */
    VirtDomainState state;
    gint64 libvirt_us; /* what libvirt itself took, for VM.create */
    GError *error;
} Op;

Op *op_new(Agent *agent, RpcCall *call, const char *vm_id);
/* A call that was not answered is failed: the agent is stopping. */
void op_free(gpointer op);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Op, op_free)

/* Runs the op as a job of its VM, which takes it. Both functions get the Op. */
void op_push(Op *op, JobFunc work, JobFunc done);

/* Answer the call, if there still is one. object is taken; message is put before the error's own.
 */
void op_return(Op *op, JsonObject *object);
void op_return_true(Op *op);
void op_fail(Op *op, int code, const char *message);

/* Reads the live definition into the op; for work functions. */
gboolean op_read(Op *op);
