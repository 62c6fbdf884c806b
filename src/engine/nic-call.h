/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/call.h"

/*
 * The calls about NICs of running VMs: found by comparing what is wished with what the host has.
 */

typedef enum { NIC_KEEP, NIC_PLUG, NIC_UNPLUG, NIC_UPDATE } NicStep;

/* What brings the host's NIC nearer to the wish; bridge is of the network wished, NULL for none. */
NicStep nic_next_step(const Nic *nic, const char *bridge);

/* [worker] The VM's next NIC call, or NULL when nothing is to be done, or not now. */
Call *nic_call_next(Engine *engine, const char *vm_id);

/* [worker] The bridge of a NIC's network, NULL without one; FALSE on error. */
gboolean nic_bridge(Engine *engine, const Nic *nic, char **bridge, GError **error);

/* [worker] The dictionaries of the VM's plugged NICs, each with its filter. */
JsonArray *nic_dicts(Engine *engine, const Vm *vm, GError **error);
