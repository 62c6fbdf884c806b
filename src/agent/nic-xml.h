/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/nic.h"
#include "agent/xml.h"

/* A Nic as libvirt's <interface>, both ways. */

/* Appends the <interface> to parent, children in VDSM's order. */
xmlNodePtr nic_to_xml(const Nic *nic, xmlNodePtr parent);

/* Makes the interface libvirt is to be given of a caller's: on a tap of the agent's own, with what
 * libvirt must not do itself, its bridge and its filter, taken out. nic, which was read from it,
 * says the same afterwards. RPC_INVALID_PARAMETER for a NIC whose tap must have a name and has no
 * MAC address. Interfaces of other types than bridge stay libvirt's, as they are. */
gboolean nic_take_tap(Nic *nic, xmlNodePtr interface, GError **error);

/* Reads an <interface>. Its network is its bridge's name, unless the caller knows better; a MAC,
 * filter name or parameter that is malformed is RPC_INVALID_PARAMETER. */
Nic *nic_from_xml(xmlNodePtr interface, GError **error);

/* Takes the filter of any element that has a <filterref>, or has none. */
gboolean nic_xml_read_filter(Nic *nic, xmlNodePtr node, GError **error);

/* Puts the filter (NULL: none) with its parameters in the place VDSM gives it. */
void nic_xml_set_filter(xmlNodePtr interface, const char *filter, GPtrArray *parameters);
void nic_xml_set_bridge(xmlNodePtr interface, const char *bridge);
void nic_xml_set_link(xmlNodePtr interface, gboolean linked);

/* The <interface> of <interface>, or of <hotplug><devices>, in caller's XML; exactly one. Document
 * to free, NULL with RPC_INVALID_PARAMETER. */
xmlDocPtr nic_xml_parse(const char *text, xmlNodePtr *interface, GError **error);
