/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/filterd.h"

/*
 * Purpose: one bound port: what was asked for, the device it is, and where in its life it stands.
 * Owner: port_free. Does not: change anything in the kernel.
 */

typedef struct {
    Binding *binding;
    FilterdPortState state;
    guint ifindex; /* 0: there is no such device */
    gint64 since;  /* of the state */
    Encapsulation encapsulation;
} Port;

/* WAITING, for a device. Errors: a TAPWALL_ENCAPSULATION that is neither inspect nor opaque. */
Port *port_new(Binding *binding, Encapsulation fallback, GError **error);
void port_free(Port *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Port, port_free)

void port_set_state(Port *port, FilterdPortState state);

/* The variables that its filter sees: what was given, and MAC. The caller frees. Errors: a MAC that
 * is not the port's own. */
Variables *port_variables(const Port *port, GError **error);
