/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/counters.h"
#include "datapath/datapath.h"
#include "datapath/kernel.h"
#include "datapath/shape-private.h"
#include "datapath/shape-table.h"
#include "datapath/span.h"

/* What the files of the data path share. */

/* A slot of the array of rows. */
typedef enum {
    SLOT_FREE,
    SLOT_PREPARED, /* written; no port points to it yet */
    SLOT_LIVE,
    SLOT_RETIRED, /* no port points to it any more; frames may still */
} SlotState;

typedef struct {
    SlotState state;
    guint ifindex;
    guint index;    /* in the table of shapes */
    guint counters; /* the first of the port's, and how many */
    guint n_counters;
    guint first[N_WAYS]; /* counter of verdict 0 */
    guint buckets;       /* the first of the port's, and how many */
    guint n_buckets;
    gboolean has_rest;
    guint64 retired; /* RETIRED: in which round */
    GArray *entries; /* SetEntry; NULL when none */
    Shape *shape;    /* NULL when found in the kernel */
} Slot;

struct Datapath {
    char *pins;             /* the directory of this layout */
    char *links;            /* and of the links in it */
    int lock;               /* held while we live */
    char *damage;           /* why what was pinned was set aside; NULL: it was not */
    gboolean is_tcx;        /* the hooks; else clsact */
    guint dispatch[N_WAYS]; /* the kernel's numbers of the programs that are attached */
    guint flows;            /* of a port */
    Kernel *kernel;
    ShapeTable *shapes;
    Counters *counters;
    Spans *buckets;
    Slot *slots;
    guint n_slots, next; /* next: where to look for a free one first */
    GHashTable *ports;   /* ifindex -> slot + 1 */
    guint64 round;
    gpointer drops; /* of libbpf's ring buffer; see drops.c */
    gpointer frames;
};

/* What is pinned is from now on a process's before us, see datapath_drop_older(). */
gboolean datapath_set_aside(const char *pins, const char *links, GError **error);

/* Takes a slot's things back; it is free then. */
void slot_release(Datapath *datapath, guint slot);

/* What is in the kernel already becomes ours: rows that ports point to, entries of their sets. All
 * else goes. */
gboolean datapath_find(Datapath *datapath, GError **error);

/* Before anything is attached. */
gboolean hooks_open(Datapath *datapath, GError **error);

gboolean drops_open(Datapath *datapath, GError **error);
void drops_close(Datapath *datapath);

gboolean frames_open(Datapath *datapath, GError **error);
void frames_close(Datapath *datapath);
