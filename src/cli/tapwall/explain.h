/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/tapwall/filters.h"
#include "decide/eval.h"

/*
 * Purpose: who judges the frames of `tapwall explain`: one row of the table in explain.c. What one
 * call shows it shares connection state.
 */

typedef struct {
    GByteArray *octets;
    guint way; /* PLAN_FROM_VM or PLAN_TO_VM */
} ExplainFrame;

typedef struct {
    gboolean pass;
    IrReason reason;
    gboolean is_unwrapped; /* what the frame carries decided */
    char *origin;          /* "FILTER:LINE", or the reason */
    char *comment;         /* of the rule; NULL when none */
} ExplainVerdict;

/* What the program decided, in the words of `tapwall explain`. explain_verdict_clear frees. */
void explain_verdict_fill(ExplainVerdict *verdict, const IrProgram *program, IrVerdict decided);
void explain_verdict_clear(ExplainVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExplainVerdict, explain_verdict_clear)

typedef struct {
    const char *name;
    /* NULL and an error, or what judge() wants; `is_verbose`: judge() prints the path to stdout. */
    gpointer (*open)(const Plan *plan, const PlanValues *values, Encapsulation encapsulation,
                     gboolean is_verbose, GError **error);
    gboolean (*judge)(gpointer run, const ExplainFrame *frame, ExplainVerdict *verdict,
                      GError **error);
    void (*close)(gpointer run);
} ExplainEngine;

extern const ExplainEngine explain_eval;
extern const ExplainEngine explain_bpf;
