/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/binding.h"
#include "decide/frame.h"
#include "decide/ir.h"

/*
 * Purpose: the reference: what a program says about a frame. It is written to be obviously right,
 * step by step in the order of ir.h; passes, the BPF code and libvirt are measured against it.
 * Does not: keep flows. Their state is an input.
 */

/* What is not in the frame. */
typedef struct {
    guint state;    /* one STATE_ bit of nwfilter/value.h; 0: not tracked */
    gboolean reply; /* the other way than the flow's first frame */
    guint64 over;   /* bit i: limit i is exceeded */
    gboolean known; /* a later fragment of a datagram whose first one passed */
} IrFlow;

typedef struct {
    gboolean pass;
    IrReason reason;
    guint origin;          /* REASON_RULE: index into IrProgram.origins */
    gboolean is_unwrapped; /* what the frame carries decided, not its outside (ir_decide) */
} IrVerdict;

/* Told of each step whose turn comes: `failed` is its first test that does not hold, or the number
 * of its tests when it is taken. */
typedef void (*IrTrace)(const IrStep *step, guint failed, gpointer data);

/* One view of a frame. */
IrVerdict ir_eval(const IrProgram *program, const IrBinding *binding, const struct facts *facts,
                  const IrFlow *flow, IrTrace trace, gpointer data);

/* The language looks at what a frame carries too (inspect), or at its outside alone (opaque). */
typedef enum { ENCAPSULATION_INSPECT, ENCAPSULATION_OPAQUE } Encapsulation;

/*
 * The frame's verdict: of its outermost view and, inspected, of its unwrapped view too, when the
 * two differ: it passes only if both do, and the first that drops it is the verdict. Only the
 * outermost view has the given flow; *unwrapped, for the other, is what a look-up without effect
 * gives.
 */
IrVerdict ir_decide(const IrProgram *program, const IrBinding *binding, const Frame *frame,
                    Encapsulation encapsulation, const IrFlow *flow, const IrFlow *unwrapped,
                    IrTrace trace, gpointer data);
