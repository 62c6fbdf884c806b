/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/eval.h"

/*
 * Purpose: the reference for what a port knows of connections, as conntrack defines them: a table
 * of flows that one port's frames go through, both ways. It serves explain and tests; the data
 * path keeps its own.
 * Owner: flow_table_free. Does not: forget (there is no clock here), check TCP windows, or track
 * what conntrack leaves alone (neighbour discovery, multicast listeners).
 *
 * A flow begins with a frame that passes in state NEW. It is NEW until a frame the other way has
 * passed, then ESTABLISHED both ways. An ICMP error about a frame of a known flow is RELATED. What
 * can begin no flow and belongs to none is INVALID.
 */

typedef struct FlowTable FlowTable;

#define FLOWS_MAX 1048576 /* beyond it no flow begins */

FlowTable *flow_table_new(void);
void flow_table_free(FlowTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowTable, flow_table_free)

/* What is known of a frame, by its outermost view with all facts; no effect. */
IrFlow flow_table_look(const FlowTable *table, const Frame *frame, const struct facts *facts,
                       const IrProgram *program, const IrBinding *binding);

/* After the verdict. `touched`: bit i when the frame came to the test of limit i, which counts its
 * flow from then on. */
void flow_table_note(FlowTable *table, const Frame *frame, const struct facts *facts,
                     const IrFlow *flow, gboolean passed, guint64 touched);
