/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/definition.h"
#include "virt/connection.h"

/*
 * Purpose: the ports of NICs whose taps are the agent's own (Nic.own_tap): tap, binding, bridge.
 * Owner: the kernel and tapwalld; nothing is kept here. What each shall be is in the Nic, and for
 * a running VM in its domain's metadata.
 * Invariants: a port whose NIC wants a filter is in its bridge, or up at all, only while it is
 * bound; from one filter to another it goes without a gap. Whatever fails on the way to a new port
 * leaves none; on the way to a change, what was or a port in no bridge.
 * Does not: talk to libvirt about domains. Everything here blocks; VMs are one another's business
 * nowhere, but the calls about one VM must not overlap.
 */
typedef struct {
    Virt *filters; /* tapwalld */
    const char *vm_id, *vm_name;
} PortOwner;

/* Makes tap and binding, then joins the bridge. */
gboolean port_open(const PortOwner *owner, const Nic *nic, GError **error);

/* All of a VM that is to be started, or none. NICs on other taps are passed over. */
gboolean ports_open(const PortOwner *owner, const Definition *definition, GError **error);

/* Brings an existing port to what the NIC says; says in *done what was not so (NULL: nothing).
 * anew: the binding is made anew also where it looks right: an address among its parameters could
 * be a learned one, or one that the NIC no longer has. */
gboolean port_settle(const PortOwner *owner, const Nic *nic, gboolean anew, const char **done,
                     GError **error);

/* Removes every port of the VM that none of its NICs has (definition NULL: it has none), but for
 * those somebody has open: of a domain that is starting, or has not quite ended. */
gboolean ports_tidy(Virt *filters, const char *vm_id, const Definition *definition, GError **error);
