/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/nic.h"

/* libvirt's <filterbinding>: what ties a NIC's tap to its filter. */

/* Of a NIC with a device, a MAC address and a filter. */
char *binding_xml(const char *vm_id, const char *vm_name, const Nic *nic);

/* Whether a dumped binding is the one the NIC wants. What the enforcer adds to a dump, the MAC
 * address and addresses it learned, makes no difference; nor does the order of names. */
gboolean binding_xml_is(const char *xml, const Nic *nic);
