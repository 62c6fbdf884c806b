/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/addresses.h"
#include "filterd/filterd.h"
#include "filterd/learning.h"

/*
 * Purpose: one bound port: what was asked for, the device it is, where in its life it stands, and
 * what is in force on it.
 * Owner: port_free. Does not: change anything in the kernel or on disk.
 */

typedef struct {
    Binding *binding;
    FilterdPortState state;
    guint ifindex; /* 0: there is no such device; ports_set_device() alone writes it */
    gint64 since;  /* of the state */
    Encapsulation encapsulation;
    Shape *shape; /* in force, if the daemon knows it: not of what it only found in the kernel */
    FilterdFrames frames; /* before its last change; see counts.h */
    char *called;         /* the other name that its device has by now; NULL: its own */
    char *problem;        /* why that is not what was asked for; NULL when all is well */
    guint hook_tries;     /* to put back a hook, in a row and in vain */
    GList *grace;         /* its place among those whose grace time runs; NULL: none */
    Learning learning;    /* what is in force is the filter of this learning; OFF: its own */
    Addresses *addresses; /* learned */
    gboolean is_behind;   /* they could not be put in force */
    guint64 heard_from;   /* CLOCK_MONOTONIC, ns: frames told before may be another port's */
} Port;

/* WAITING, for a device. Errors: a TAPWALL_ENCAPSULATION that is neither inspect nor opaque. */
Port *port_new(Binding *binding, Encapsulation fallback, GError **error);
void port_free(Port *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Port, port_free)

void port_set_state(Port *port, FilterdPortState state);

/* LEARNING or FILTERED, by what is in force. */
FilterdPortState port_judged_state(const Port *port);

/* Takes the text; NULL: all is well. */
void port_set_problem(Port *port, char *problem);

/* TRUE for one that a client sees. */
gboolean port_is_bound(const Port *port);

/* The variables that its filter sees: what was given, MAC, and learned addresses. The caller frees.
 * Errors: a MAC that is not the port's own. */
Variables *port_variables(const Port *port, GError **error);

/* Whose learned addresses are whose: of a VM's NIC they stay, when its port is bound anew. */
char *port_owner(const Port *port);
