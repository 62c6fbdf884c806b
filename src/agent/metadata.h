/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/nic.h"
#include "agent/xml.h"

/*
 * What libvirt does not keep about a VM and a restarted agent must know: of each NIC its network's
 * name and its caller's name for it, found again by the MAC, and of those on taps of the agent's
 * own the bridge and the filter with its parameters, too. Kept in the domain's <metadata>.
 */
#define METADATA_PREFIX "tapwall"
#define METADATA_URI "http://tapwall.example/vm/1.0"

/* Puts our element into the <domain>, replacing the one that is there. */
void metadata_write(xmlNodePtr domain, GPtrArray *nics);

/* Fills in the NICs read from the <domain>; *found says whether it has our element. What is wrong
 * with a filter in it is RPC_INVALID_PARAMETER. */
gboolean metadata_read(xmlNodePtr domain, GPtrArray *nics, gboolean *found, GError **error);

/* Our element as virDomainSetMetadata() takes it: without the namespace, which it adds. */
char *metadata_format(GPtrArray *nics);
