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
    gboolean tells;      /* DHCP that passes is told */
    gboolean passes_all; /* it has no steps */
    gboolean has_rest;   /* the words of its ports are in the rest of their rows */
    guint first_word;    /* where its own begin there: scalars, then lists in buckets */
    guint n_words;
    guint n_counters; /* by verdict code */
} Verdict;

/* It asks for a flow's state, or after the beginning of a fragment. */
gboolean verdict_asks_for_flows(const IrProgram *program);

/* What a way has in common with the other one. */
typedef struct {
    gboolean has_flows; /* one of them asks for flows */
    gboolean tells;     /* DHCP that passes is told */
    gboolean has_rest;  /* together they need more words than a row has */
    guint first_word;   /* where this way's begin */
} VerdictPlace;

/*
 * Errors: DATAPATH_ERROR_LIMIT, for a program that is too long, has more
 * scalars than a row has words, or too many connlimit-above; they name the filter.
 */
Verdict *verdict_compile(const IrProgram *program, Encapsulation encapsulation,
                         const VerdictPlace *place, GError **error);
void verdict_free(Verdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Verdict, verdict_free)

/* Words that one field of `bits` takes in rows and in keys of sets: 1 or 2. */
guint verdict_words(guint bits);

/* Where a scalar is among a way's words. */
guint verdict_scalar_word(const IrProgram *program, guint scalar);

/* How many words a way has of each port. */
guint verdict_row_words(const IrProgram *program);

/* The list is one of numbers that are looked up in buckets, and where its word is among a way's. */
gboolean verdict_has_buckets(const IrSet *set);
guint verdict_set_word(const IrProgram *program, guint set);

/* Words of a set's tuple. */
guint verdict_set_words(const IrSet *set);
