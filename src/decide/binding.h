/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/error.h"
#include "decide/ir.h"

/*
 * Purpose: what a port adds to a program: the numbers of its row, and the entries of its sets.
 * Owner: ir_binding_free. Immutable.
 * Does not: know how either is kept in the kernel.
 */

/* One column of an entry: first <= field <= last; with first > last nothing lies in it. */
typedef struct {
    IrValue first, last;
} IrInterval;

typedef struct {
    guint n_columns;
    guint n_entries;
    IrInterval *intervals; /* entry after entry, column after column; duplicates are kept */
} IrEntries;

typedef struct {
    guint n_scalars, n_sets;
    IrValue *scalars;
    IrEntries *sets;
} IrBinding;

#define IR_ENTRIES_MAX 65536 /* of one set */

/* A port's list for one slot of a program; at least one value. */
typedef struct {
    const Value *values;
    guint n_values;
} IrList;

/*
 * `lists` has one for each slot of the program. Errors: DECIDE_ERROR_LIMIT for a set of more than
 * IR_ENTRIES_MAX combinations.
 */
IrBinding *ir_bind_lists(const IrProgram *program, const IrList *lists, GError **error);

/*
 * The same from a plan's values; `values` must be of the plan that the program was built from.
 */
IrBinding *ir_bind(const IrProgram *program, const PlanValues *values, GError **error);
void ir_binding_free(IrBinding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IrBinding, ir_binding_free)

IrValue ir_operand_get(const IrOperand *operand, const IrBinding *binding);

/* The interval of a column in one entry. */
const IrInterval *ir_entries_get(const IrEntries *entries, guint entry, guint column);

/* The tuple lies in at least one entry, by the columns' signs. */
gboolean ir_set_contains(const IrSet *set, const IrEntries *entries, const IrValue *tuple);

/* A value of the language as a number of a field of `bits`. */
IrValue ir_value_of(const Value *value);
IrValue ir_mask_of(const Value *value, guint bits);
