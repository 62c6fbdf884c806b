/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/asm.h"
#include "datapath/error.h"
#include "decide/binding.h"
#include "decide/eval.h"
#include "decide/ir.h"

/*
 * Purpose: a program of the IR as BPF instructions: the verdict of one shape for one way.
 * Owner: verdict_free. Immutable.
 * Takes programs whose sets can be looked up (ir_check_settled of decide/check.h).
 * Does not: load anything, nor know a port's values: the code finds them in the port's row.
 *
 * Registers: r6 the frame, r7 the scratch area (facts first), r8 the port's row, r9 the verdict as
 * it stands; r0 to r5 are free between tests. A test that does not hold jumps to the next step.
 */

typedef struct {
    Code *code;
    guint way;
    guint want;          /* enum facts_want */
    gboolean has_flows;  /* connections are looked up before, and noted after a frame passed */
    gboolean passes_all; /* it has no steps */
    guint first_word;    /* its scalars in a row's words ... */
    guint n_words;
    guint n_counters; /* by verdict code */
} Verdict;

/* It asks for a flow's state, or after the beginning of a fragment. */
gboolean verdict_asks_for_flows(const IrProgram *program);

/*
 * `has_flows`: this program or the other way's asks for flows. `first_word`: where the scalars of
 * this way begin in a row. Errors: DATAPATH_ERROR_LIMIT, for a program that is too long, has more
 * scalars than a row has words, or too many connlimit-above; they name the filter.
 */
Verdict *verdict_compile(const IrProgram *program, Encapsulation encapsulation, gboolean has_flows,
                         guint first_word, GError **error);
void verdict_free(Verdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Verdict, verdict_free)

/* Words that one field of `bits` takes in rows and in keys of sets: 1 or 2. */
guint verdict_words(guint bits);

/* Where a scalar is among a way's words. */
guint verdict_scalar_word(const IrProgram *program, guint scalar);

/* Words of a set's tuple. */
guint verdict_set_words(const IrSet *set);
