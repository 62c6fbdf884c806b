/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/op.h"

/*
 * Taking a NIC out of a running VM. libvirt only asks the guest; the NIC is out when the guest has
 * agreed, which is waited for without holding up other calls, even about the same VM.
 */

/* Takes op, whose alias or mac names the NIC, and answers it. */
void unplug_start(Op *op);

/* The guest gave the device back (removed), or refused to. */
void unplug_event(Agent *agent, Vm *vm, const char *alias, gboolean removed);

/* Ends the waiting of the calls about a VM that went down. */
void unplugs_fail(Agent *agent, const char *vm_id);

/* An element of agent->unplugs. */
typedef struct Unplug Unplug;
void unplug_free(gpointer unplug);
