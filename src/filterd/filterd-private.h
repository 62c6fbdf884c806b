/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "filterd/change.h"
#include "filterd/filterd.h"
#include "filterd/grace.h"
#include "filterd/links.h"
#include "filterd/ports.h"
#include "filterd/ruleset.h"
#include "filterd/state-dir.h"
#include "filterd/sweeper.h"

/* What the files of the daemon's core share. */

struct Filterd {
    char *filters;   /* directory */
    char *expedited; /* file, see expedite.h */
    Encapsulation encapsulation;
    StateDir *state;
    Datapath *datapath;
    Ruleset *ruleset;
    Ports *ports;
    Grace *grace;
    Sweeper *sweeper;
    Links *links;

    GFileMonitor *monitor;       /* of the directory of filters */
    guint reload;                /* soon, after something changed there */
    GFileMonitor *hooks_monitor; /* of the directory of the hooks' pins */
    guint audit;                 /* of hooks, now and then */
    GArray *audited;             /* guint: devices that this round has still to look at */
    GPtrArray *unhooked;         /* names of ports that are tried again soon; NULL: none */
    guint again;                 /* the timer of that */

    GPtrArray *file_problems;  /* char *: filters that cannot be read or put in force */
    GPtrArray *known_problems; /* of the reading before */
    GPtrArray *state_problems; /* char *: found at start */
    guint hooks_restored, overruns, defines; /* counts, for filterd_figures() */
    guint pins_restored;
    char *pins_problem; /* why they cannot be; NULL when all is well */

    GPtrArray *watches; /* of Watch; see drops.c */
    guint next_watch, drops;

    guint frames;       /* told whole are read */
    guint leases;       /* the timer of their ends */
    gint64 leases_look; /* when, see addresses.h */
};

/* FILTERD_ERROR_NO_BINDING. Gives NULL. */
gpointer filterd_no_binding(const char *name, GError **error);

/* The port of a client's binding; NULL for one that is not there for it. */
Port *filterd_bound(const Filterd *filterd, const char *name);

/* ---- filters ---- */

/* TRUE when a client's binding uses the filter, by itself or through an include. */
gboolean filterd_is_used(const Filterd *filterd, const char *name);

/* FALSE with shape_check()'s error when the data path cannot take the filter; _sizes: or one that
 * includes it. One that names a filter which is not there is looked at when that is defined. */
gboolean filterd_check_size(const Catalogue *catalogue, const char *name, GError **error);
gboolean filterd_check_sizes(const Catalogue *catalogue, const char *name, GError **error);

/* What the directory has. What is damaged there is logged, reported, and left out; what the data
 * path cannot take, too, or stays what it is in force. */
Catalogue *filterd_read_filters(Filterd *filterd, GError **error);

/* Takes the catalogue, in which the filters of these names (NULL-terminated) are other than in
 * force: in force on all ports when it returns, or nowhere. `save` is the one to be written to its
 * file, or NULL. */
gboolean filterd_apply(Filterd *filterd, Catalogue *catalogue, const char *const *changed,
                       const char *save, GError **error);

/* Reads the directory again soon after something in it changed. */
void filterd_watch_filters(Filterd *filterd);
void filterd_unwatch_filters(Filterd *filterd);

/* ---- ports ---- */

/* The port's filter on the port's device, both ways. When it fails the device has no filter of this
 * port. */
gboolean filterd_put_in_force(Filterd *filterd, Port *port, GError **error);

/* From then on the device is not filtered. */
gboolean filterd_release(Filterd *filterd, guint ifindex, GError **error);

/* There is such a device, for a port that had none or another one. What cannot be put in force is
 * closed instead: nothing passes. */
void filterd_port_appeared(Filterd *filterd, Port *port, guint ifindex);

/* The port's device is gone. The port may be, too, then. _lost leaves row and hooks of the device
 * to another port that it is now. */
void filterd_port_vanished(Filterd *filterd, Port *port);
void filterd_port_lost(Filterd *filterd, Port *port);

/* As the kernel tells of devices. */
extern const LinksEvents filterd_links_events;

/* The grace time of a port is over: a GraceFunc. */
void filterd_grace_over(Port *port, gpointer filterd);

/* Finds what the last process left; FALSE only when the files cannot be listed. */
gboolean filterd_start(Filterd *filterd, GError **error);

/* ---- hooks ---- */

/* Looks at the port's hooks and puts back what is missing. */
void filterd_guard(Filterd *filterd, Port *port);

/* The same for the pins of maps and programs, and the folder of those of hooks. */
void filterd_guard_pins(Filterd *filterd);

/* Looks at a port as soon as a pin of its hooks is taken away. */
void filterd_watch_hooks(Filterd *filterd);

/* All of them, some at a time. */
void filterd_audit_begin(Filterd *filterd);
void filterd_audit_end(Filterd *filterd);

/* ---- drops ---- */

void filterd_drops_begin(Filterd *filterd);
void filterd_drops_end(Filterd *filterd);

/* ---- learning ---- */

void filterd_learn_begin(Filterd *filterd);
void filterd_learn_end(Filterd *filterd);

/* A new port's addresses are what an earlier process learned of it; or, when it is the same NIC of
 * the same VM, what was learned of the one before it (or NULL). */
void filterd_recall(Filterd *filterd, Port *port);
void filterd_inherit(Filterd *filterd, Port *port, const Port *before);

/* The port's addresses are kept on disk, and the ends of leases watched. */
void filterd_keep_learned(Filterd *filterd, Port *port);
void filterd_look_at_leases(Filterd *filterd, const Port *port);

/* It has none any more. */
void filterd_forget_learned(Filterd *filterd, Port *port);
