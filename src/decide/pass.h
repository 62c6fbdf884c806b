/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/error.h"
#include "decide/ir.h"

/*
 * Purpose: rewriting a program without changing a verdict. Each pass names the form it takes and
 * the form it gives; check.h has the predicates. The unit test runs every program of a small world
 * over every frame of it before and after each.
 * Does not: change which rule or reason a verdict names.
 */

#define IR_UNROLL_MAX 64 /* entries of a set that must be walked one by one */

/*
 * Takes any program; gives one whose sets can all be looked up. `lengths` holds the length of the
 * list of every slot. A set whose lists have one element becomes plain tests; a negated list
 * becomes "outside what all have in common"; what has no form is taken apart entry by entry.
 * Errors: DECIDE_ERROR_LIMIT when that is more than IR_UNROLL_MAX.
 */
gboolean ir_settle_sets(IrProgram *program, const guint *lengths, GError **error);

/* Takes any program; gives one without tests of constants that have but one answer. */
void ir_fold(IrProgram *program);

/* Takes any program; gives one without steps that are never taken because of where they stand, or
 * that change nothing when they are. */
void ir_prune(IrProgram *program);

/* Takes any program; gives one in which no test is made whose answer is known by what was tested
 * before, and neighbours that begin with the same test share it. */
void ir_share(IrProgram *program);

/* Takes any program; gives one whose tables hold what is used, in order of first use, so that
 * equal texts mean equal tables. */
void ir_tidy(IrProgram *program);

/* All of them, in the order that gains most. */
gboolean ir_optimize(IrProgram *program, const guint *lengths, GError **error);

/* The optimized program of one way, for ports whose lists are as long as those of `values`. */
IrProgram *ir_build_optimized(const Plan *plan, guint way, const PlanValues *values,
                              GError **error);

/* The same for ports whose lists are all of one length, whatever is in them. */
IrProgram *ir_build_sketch(const Plan *plan, guint way, guint length, GError **error);

/* The lengths of a plan's lists, by the program's slots. The caller frees. */
guint *ir_lengths(const IrProgram *program, const PlanValues *values);
