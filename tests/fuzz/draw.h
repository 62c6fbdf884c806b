/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/eval.h"
#include "nwfilter/plan.h"

/*
 * Purpose: filters, a port's variables, frames and states of flows, each chosen by the octets of a
 * fuzzer's input. Values come from small pools, so that frames meet the rules.
 * Owner: the caller owns the input and what it is given.
 * Invariants: any input gives something; an input that has ended gives zeros.
 */

typedef struct {
    const guint8 *octets;
    gsize length;
} Draw;

guint draw_octet(Draw *draw);
guint draw_below(Draw *draw, guint n); /* n: 1 to 256 */
const char *draw_word(Draw *draw, const char *const *words, guint n);
#define DRAW_WORD(draw, words) draw_word(draw, words, G_N_ELEMENTS(words))

/* A filter and one or two that it includes; NULL when the language refuses what was drawn. */
Plan *draw_plan(Draw *draw);

/* Lists of 1 to 3 for all variables that drawn filters use. */
Variables *draw_variables(Draw *draw);

/* Octets of a frame, at least an Ethernet header. The caller unrefs. */
GByteArray *draw_frame(Draw *draw);

IrFlow draw_flow(Draw *draw);
