/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "nwfilter/variables.h"

/*
 * Purpose: what a client asked for on a port: libvirt's <filterbinding>, in both of its forms.
 * Owner: binding_ref / binding_unref. Immutable.
 * Does not: know whether the device or the filter exists, nor what is in force.
 */

typedef struct {
    char *owner_name, *owner_uuid; /* the VM; uuid canonical */
    char *port;                    /* the device's name: a valid one, so never a path */
    char *link;                    /* <linkdev>, or NULL */
    char *backend;                 /* <backend>, of newer libvirt, or NULL: kept, means nothing */
    guint64 mac;
    char *filter;
    Variables *parameters; /* of the <filterref>, as given */
} Binding;

/* Reads <filterbinding>. Errors: FILTERD_ERROR with libvirt's codes and words, in its order. */
Binding *binding_parse(const char *xml, gsize length, GError **error);

/* As libvirt 9 dumps it, byte for byte, with these parameters instead of its own unless NULL. The
 * caller frees. */
char *binding_format(const Binding *binding, const Variables *parameters);

/* A state file: libvirt's comment and <filterbindingstatus> around the binding. */
Binding *binding_parse_status(const char *xml, gsize length, GError **error);
char *binding_format_status(const Binding *binding);

Binding *binding_ref(Binding *binding);
void binding_unref(Binding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Binding, binding_unref)
