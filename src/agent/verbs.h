/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"
#include "agent/params.h"

/*
 * VDSM's verbs: one row each, with what they take and the function that does them. The functions
 * are in verb-*.c; they get checked parameters and end the call, now or later.
 */
typedef void (*VerbFunc)(Agent *agent, RpcCall *call, JsonObject *params);

typedef struct {
    const char *name;
    const Param *params;
    VerbFunc run;
} Verb;

extern const Verb verbs[]; /* name NULL ends it */

const Verb *verb_lookup(const char *name);

/* A RpcHandler; data is the Agent. */
void verbs_handle(RpcCall *call, const char *method, JsonNode *params, gpointer data);

/* The VM that vmID names, or NULL after failing the call with VDSM's text. */
Vm *verb_vm(Agent *agent, RpcCall *call, JsonObject *params);
/* Likewise, and it is not down. */
Vm *verb_running_vm(Agent *agent, RpcCall *call, JsonObject *params);

/* What a new NIC must fulfil on this host: a MAC nobody has, a bridge that exists. */
gboolean verb_nic_check(Agent *agent, const Nic *nic, GError **error);
gboolean verb_bridge_check(const Nic *nic, GError **error);

/* verb-host.c */
extern const Param verb_ping_params[], verb_list_params[], verb_full_list_params[];
void verb_ping(Agent *agent, RpcCall *call, JsonObject *params);
void verb_get_capabilities(Agent *agent, RpcCall *call, JsonObject *params);
void verb_get_vm_list(Agent *agent, RpcCall *call, JsonObject *params);
void verb_get_vm_full_list(Agent *agent, RpcCall *call, JsonObject *params);
void verb_get_all_vm_stats(Agent *agent, RpcCall *call, JsonObject *params);
void verb_dump_xmls(Agent *agent, RpcCall *call, JsonObject *params);
/* verb-vm.c */
extern const Param verb_create_params[], verb_destroy_params[], verb_shutdown_params[],
    verb_vm_params[];
void verb_create(Agent *agent, RpcCall *call, JsonObject *params);
void verb_destroy(Agent *agent, RpcCall *call, JsonObject *params);
void verb_shutdown(Agent *agent, RpcCall *call, JsonObject *params);
void verb_get_stats(Agent *agent, RpcCall *call, JsonObject *params);
/* verb-plug.c, verb-update.c */
extern const Param verb_device_params[];
void verb_hotplug_nic(Agent *agent, RpcCall *call, JsonObject *params);
void verb_hotunplug_nic(Agent *agent, RpcCall *call, JsonObject *params);
void verb_update_device(Agent *agent, RpcCall *call, JsonObject *params);
