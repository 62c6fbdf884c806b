/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"
#include "virt/domain.h"

/*
 * Making records of what already runs: at the agent's start, after libvirt was away, and when a
 * domain appears that VM.create did not make.
 */

/* Checks libvirt, defines the filter, takes over every running VM; answers code 99 end with it. */
void takeover_all(Agent *agent);

/* Takes over the domain with that UUID, if it still runs when its turn comes. */
void takeover_one(Agent *agent, const char *id);

/* Reads the live definition of a domain, and its state unless NULL. Blocks; for work functions. */
Definition *takeover_read(Virt *virt, const char *id, VirtDomainState *state, GError **error);

/* What a libvirt state means to us. */
VmState takeover_state(VirtDomainState state);
