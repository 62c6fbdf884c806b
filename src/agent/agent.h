/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/drop-reader.h"
#include "agent/jobs.h"
#include "agent/settings.h"
#include "agent/vm.h"
#include "jsonrpc/server.h"
#include "virt/connection.h"

/*
 * The host agent: VM records, what libvirt reports about them, and the verbs that change them.
 *
 * Everything is on the main loop but the work functions of jobs, which get what they need in their
 * data and hand back what they found. libvirt is the truth: records follow its events, a periodic
 * sample corrects what events missed, and after every change the live XML is read again.
 */
typedef struct {
    AgentSettings settings;
    char *filter_file; /* defined at every start */
    Virt *virt;
    Virt *tapwalld; /* as libvirt's filter daemon; asked anew each time */
    Virt *filters;  /* borrowed: whichever of the two filters are defined on */
    DropReader *drops;
    Jobs *jobs;           /* what calls libvirt */
    Jobs *reports;        /* making long answers, which does not wait for libvirt */
    RpcServer *server;    /* owned; NULL before agent_serve() */
    GHashTable *vms;      /* id -> Vm */
    GHashTable *plugging; /* MACs of NICs on their way into a VM */
    GPtrArray *unplugs;   /* of Unplug: NICs the guest has been asked to give back */
    gboolean recovering;  /* the running VMs are not taken over yet: code 99 */
    gboolean sampling;
    guint sample_source, takeover_source, define_source;
    guint refresh_next; /* whose XML is read again with the next sample */
    gboolean use_kvm;   /* what domain type "auto" means here */
} Agent;

Agent *agent_new(const AgentSettings *settings);
void agent_free(Agent *agent); /* VMs stay */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Agent, agent_free)

/* Connects to libvirt, for as long as it takes. */
void agent_start(Agent *agent);

/* Borrowed, or NULL. id in any case. */
Vm *agent_vm(Agent *agent, const char *id);
/* Takes vm. */
void agent_add_vm(Agent *agent, Vm *vm);

/* Sends the VM's VM_status event, unless recovering. */
void agent_notify(Agent *agent, const Vm *vm);
/* Sets what the name says and tells the subscribers when it changed something. */
void agent_vm_state(Agent *agent, Vm *vm, VmState state);
void agent_vm_down(Agent *agent, Vm *vm, VmExit exit, const char *message);
void agent_vm_definition(Agent *agent, Vm *vm, Definition *definition);

/* References to the views of the VMs named by ids (strings), or of all for NULL or an empty list.
 */
GPtrArray *agent_views(Agent *agent, JsonArray *ids);

/* The running VM that has a NIC with that MAC, or will have; NULL when it is free. Borrowed. */
const char *agent_mac_owner(Agent *agent, const char *mac);
