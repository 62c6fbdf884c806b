/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/port.h"

/*
 * Purpose: how many frames of a port passed and were dropped, out of the counters of its rules. The
 * counters begin anew with each change; the port keeps what they said before.
 */

/* Which origins of a program drop; the others let frames pass. The caller frees. */
gboolean *counts_drops(const IrProgram *program);

/* A reader for one port after the other: what it knows of their shape it need not find again. */
typedef struct {
    const Datapath *datapath;
    gboolean is_held;
    GArray *counters; /* of guint64 */
    Shape *shape;     /* of the last port, and which of its origins drop */
    gboolean *drops[PLAN_N_TREES];
    guint n_drops[PLAN_N_TREES];
} Counts;

/* For some `n_ports`; until it is cleared, nothing is done to ports. */
void counts_init(Counts *counts, const Datapath *datapath, guint n_ports);
void counts_clear(Counts *counts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Counts, counts_clear)

/* What the port kept, and what was counted since. Frames that a rule of an unknown shape decided
 * count as dropped. */
FilterdFrames counts_read(Counts *counts, const Port *port);

/* Before its row goes. */
void counts_keep(const Datapath *datapath, Port *port);
