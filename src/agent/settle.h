/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"

/*
 * Bringing what is on the host to what running VMs say: as a job of each VM, so that it meets no
 * start, plug or end of the same VM half-way. What it had to do is a line of the log each.
 */

/* Settles the ports (ports.h) of the VM's NICs and removes those of NICs and VMs that are gone. */
void settle_push(Agent *agent, const char *vm_id);

/* The same after the VM's end, if it had such NICs. */
void settle_end(Agent *agent, const VmView *view);

/* The same for every running VM with such NICs. */
void settle_all(Agent *agent);

/* The VMs, of views, whose ports are not as they should be, and those of ports that no VM has.
 * Blocks; a glance: settle_push() looks closely. NULL when the host's links cannot be listed. */
GPtrArray *settle_suspects(GPtrArray *views, Virt *filters, GError **error); /* of char *, ids */
