/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <libvirt/libvirt.h>

#include "virt/connection.h"
#include "virt/error.h"

/* What the files of this room share; libvirt's types do not leave it (rule 2). */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNWFilter, virNWFilterFree)

/* Takes the calling thread's last libvirt error into error. */
void virt_error_take(GError **error);

/* A reference to the open connection, or NULL with VIRT_ERROR_UNREACHABLE. Any thread. */
virConnectPtr virt_connection(Virt *virt, GError **error);

/* Subscribes to what events.c understands; its identifiers are put into ids. Blocks. */
#define VIRT_EVENT_IDS 4
gboolean virt_events_register(Virt *virt, virConnectPtr connection, int ids[VIRT_EVENT_IDS],
                              GError **error);

/* Hands an event to the owner's handler, unless the connection is being closed. Main loop. */
void virt_deliver(Virt *virt, const VirtEvent *event);
