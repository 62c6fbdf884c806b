/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/datapath.h"
#include "filterd/binding.h"
#include "filterd/error.h"
#include "nwfilter/catalogue.h"

/*
 * Purpose: the filters and the bound ports of this host, as clients see them, and what is in force
 * in the kernel for them. Whoever speaks a protocol (rpc/, the operator's socket) decodes, makes
 * one call here, and encodes.
 * Owner: filterd_free, which changes nothing in the kernel and no file: ports stay filtered, and
 * the next filterd_new() finds everything again.
 *
 * A port's life (FilterdPortState):
 *
 *     create ── WAITING ── device appears ──┐
 *        └───────────────────────────────── LEARNING ── address learned ── FILTERED
 *     delete: LEAVING, still filtered as before, for the grace time; a create of the same port
 *     within it goes from the old filter to the new one without a gap, else it is detached
 *     device vanishes: GONE, and after the grace time the binding is forgotten
 *
 * Invariants: a call either is done whole, in the kernel and on disk, or changes nothing and says
 * why. From a binding's first moment in the kernel on, its port is never without a filter.
 * All of it runs in the main loop's thread; only grace periods are waited for elsewhere.
 */

typedef struct Filterd Filterd;

typedef struct {
    const char *filters;     /* directory of filters, shared with libvirt */
    const char *state;       /* directory of bindings and leases */
    DatapathConfig datapath; /* pins, ports, flows, hook */
    gboolean opaque;         /* encapsulation unless the binding says TAPWALL_ENCAPSULATION */
    guint grace_ms;          /* 5,000: of a delete, and of a device that vanished */
} FilterdSettings;

/* Reads directories, opens the data path, puts back in force what was. What is damaged is logged
 * and left alone. Errors: only what makes serving impossible. */
Filterd *filterd_new(const FilterdSettings *settings, GError **error);
void filterd_free(Filterd *filterd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filterd, filterd_free)

/* Reads the directory of filters again, as for SIGHUP. What changed is put in force. */
void filterd_reload(Filterd *filterd);

/* ---- filters ---- */

/* Borrowed, until the next change. */
const Catalogue *filterd_catalogue(const Filterd *filterd);

/* Defines or redefines; in force on all ports that use it when it returns, or nowhere. The filter
 * is borrowed. Errors: libvirt's; a port that cannot have the new one is named, with the variable.
 */
Filter *filterd_define(Filterd *filterd, const char *xml, gsize length, GError **error);

gboolean filterd_undefine(Filterd *filterd, const char *name, GError **error);

/* ---- bindings ---- */

/* Those that are there for a client: neither LEAVING nor forgotten. Sorted by port; the array is
 * the caller's to unref, the bindings are borrowed. */
GPtrArray *filterd_bindings(const Filterd *filterd);

/* Borrowed. Errors: NO_BINDING. */
const Binding *filterd_binding_lookup(const Filterd *filterd, const char *port, GError **error);

/* In force when it returns, if the device exists. Borrowed. */
const Binding *filterd_binding_create(Filterd *filterd, const char *xml, gsize length,
                                      GError **error);

/* Errors: NO_BINDING. */
gboolean filterd_binding_delete(Filterd *filterd, const char *port, GError **error);

/* What a client sees of a binding: what was asked for, and MAC and learned addresses, which libvirt
 * adds to its parameters once they are in force. The caller frees. */
char *filterd_binding_xml(const Filterd *filterd, const Binding *binding);

/* ---- ports, for the operator ---- */

typedef enum {
    FILTERD_WAITING,  /* there is no such device yet */
    FILTERD_LEARNING, /* only what learning needs passes */
    FILTERD_FILTERED,
    FILTERD_LEAVING, /* deleted, within its grace time */
    FILTERD_GONE,    /* the device vanished, within its grace time */
} FilterdPortState;

#define FILTERD_REASONS 11 /* those that datapath_reason_format() names */

/* Since the binding was made or, if later, its last change before the daemon began. By way, from
 * the VM first. */
typedef struct {
    guint64 passed[2], dropped[2];
    guint64 dropped_by[FILTERD_REASONS]; /* both ways; REASON_RULE: by rules */
} FilterdFrames;

typedef struct {
    const Binding *binding;
    FilterdPortState state;
    guint ifindex;        /* 0: none */
    gint64 since;         /* of this state; g_get_real_time() */
    gboolean is_opaque;   /* encapsulation */
    Variables *variables; /* in force: given and learned; the row's own; NULL while WAITING */
    FilterdFrames frames;
    guint flows; /* connections open */
} FilterdPort;

/* Sorted by name. Of FilterdPort; the caller unrefs; valid until the next change. */
GArray *filterd_ports(const Filterd *filterd);

/* To be cleared. FALSE when there is none; errors: NO_BINDING. */
gboolean filterd_port_lookup(const Filterd *filterd, const char *port, FilterdPort *found,
                             GError **error);
void filterd_port_clear(FilterdPort *port);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilterdPort, filterd_port_clear)

/* One rule (or reason: "default", "malformed", ...) of a port, and how many frames it decided. */
typedef struct {
    const char *filter; /* who wrote it, or NULL for a reason */
    guint line;
    const char *name; /* its comment, or the reason; NULL when it has none */
    const char *action;
    guint way; /* PLAN_FROM_VM, PLAN_TO_VM */
    guint64 frames;
} FilterdCounter;

/* In the order of evaluation. Of FilterdCounter; the caller unrefs; valid until the next change. */
GArray *filterd_counters(const Filterd *filterd, const char *port, GError **error);

/* ---- what happens ---- */

typedef struct {
    const char *port; /* its name; NULL when it is not bound any more */
    const DatapathDrop *drop;
    const char *filter; /* of the deciding rule, or NULL */
    guint line;
    const char *reason; /* the rule's comment, or the reason's word */
} FilterdDrop;

typedef void (*FilterdDropFunc)(const FilterdDrop *drop, gpointer data);

/* Calls for each sampled drop from now on, until it is removed by its number. */
guint filterd_watch_drops(Filterd *filterd, FilterdDropFunc tell, gpointer data);
void filterd_unwatch_drops(Filterd *filterd, guint watch);

/* Counts since the daemon began, but for `filters`. */
typedef struct {
    guint filters;        /* defined now */
    guint defines;        /* definitions that were put in force */
    guint hooks_restored; /* after someone took them away */
    guint overruns;       /* of the kernel's events of devices */
    guint64 strays;       /* frames dropped because their port has no filter in force */
} FilterdFigures;

FilterdFigures filterd_figures(const Filterd *filterd);

/* What is not as it should be: hooks missing or put back, foreign programs, damaged files, waiting
 * devices. Of char *, one line each, empty when all is well; the caller unrefs. */
GPtrArray *filterd_problems(Filterd *filterd);
