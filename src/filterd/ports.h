/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/port.h"

/*
 * Purpose: the ports of a host, by name and by device.
 * Owner: ports_free; it owns its ports. Invariants: a name and a device belong to one port at most.
 */

typedef struct Ports Ports;

Ports *ports_new(void);
void ports_free(Ports *ports);

/* Borrowed; NULL when there is none. */
Port *ports_lookup(const Ports *ports, const char *name);
Port *ports_lookup_device(const Ports *ports, guint ifindex);

/* Takes the port, whose name is free. */
void ports_add(Ports *ports, Port *port);

/* Frees it. */
void ports_remove(Ports *ports, Port *port);

/* The port is this device, which is no other port's; 0: none. */
void ports_set_device(Ports *ports, Port *port, guint ifindex);

guint ports_size(const Ports *ports);

/* All of them, in no order, or by name; the caller unrefs the array. */
GPtrArray *ports_all(const Ports *ports);
GPtrArray *ports_sorted(const Ports *ports);
