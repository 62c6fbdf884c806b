/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/events.h"
#include "engine/report.h"

/*
 * [worker] How a VM's stored state follows what is heard about it. Every change of status goes
 * through here: it is stored, and told as an event.
 */

/* Sets status and its time, stores the VM. */
gboolean vm_state_set(Engine *engine, Vm *vm, VmStatus status, GError **error);

/* The VM is down, its NICs are on no host. code is the event that tells it; text its reason, kept
 * as exit_message. */
gboolean vm_state_down(Engine *engine, Vm *vm, EventCode code, const Actor *actor, const char *text,
                       GError **error);

/* What host says about the VM. nics are the VM's stored NICs. */
gboolean vm_state_apply(Engine *engine, const Host *host, Vm *vm, const GPtrArray *nics,
                        const VmReport *report, GError **error);

/* The host has accepted VM.create: its NICs are those of params, as far as answer does not say
 * more. */
gboolean vm_state_take_launch(Engine *engine, const Vm *vm, JsonNode *params, JsonNode *answer,
                              GError **error);

/* Takes what is said of one NIC; TRUE if that changed anything. */
gboolean vm_state_take_nic(Nic *nic, const NicReport *report);
/* Likewise for the answer of VM.hotplugNic, whatever of it there is. */
void vm_state_take_nic_answer(Nic *nic, JsonNode *answer);
/* The NIC is on no host. */
void vm_state_clear_report(Nic *nic);
