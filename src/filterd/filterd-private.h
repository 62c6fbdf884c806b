/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/filterd.h"
#include "filterd/port.h"
#include "filterd/ruleset.h"

/* What the files of the daemon's core share. */

struct Filterd {
    char *filters, *state; /* directories */
    Encapsulation encapsulation;
    guint grace_ms;
    Datapath *datapath;
    Ruleset *ruleset;
    GHashTable *ports; /* name -> Port */
};

/* What a port is called by its binding's key. NULL when there is none. */
Port *filterd_find(const Filterd *filterd, const char *name);

/* FILTERD_ERROR_NO_BINDING. Gives NULL. */
gpointer filterd_no_binding(const char *name, GError **error);

/* TRUE when a port uses the filter, by itself or through an include. */
gboolean filterd_is_used(const Filterd *filterd, const char *name);

/* What the directory has; what is damaged there is logged and left out. */
Catalogue *filterd_read_filters(const Filterd *filterd, GError **error);

/* Takes the catalogue, in which the filters of these names (NULL-terminated) are other than in
 * force: in force on all ports when it returns, or nowhere. `save` is the one to be written to its
 * file, or NULL. */
gboolean filterd_apply(Filterd *filterd, Catalogue *catalogue, const char *const *changed,
                       const char *save, GError **error);

/* A change of some ports, to be committed. Of Port *; those without a device are left out. Errors
 * name the port, after libvirt's text. */
DatapathChange *filterd_prepare(Filterd *filterd, Ruleset *ruleset, const GPtrArray *ports,
                                GError **error);
