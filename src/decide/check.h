/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/ir.h"

/*
 * Purpose: the invariants of ir.h, and the forms that passes state, as predicates. Each returns
 * NULL when it holds, else a sentence that says what is broken and where; the caller frees.
 */

/* I1 to I5. Every program honors them, before and after every pass. */
char *ir_check(const IrProgram *program);

/* The form after ir_settle_sets(): every set that a test looks up is SET_EXACT or SET_PREFIX, and
 * every test of a set is not negated. */
char *ir_check_settled(const IrProgram *program);

/* The form after ir_fold(): no test of constants that is always true or always false. */
char *ir_check_folded(const IrProgram *program);

/* The form after ir_prune(): no step behind one that is always taken and ends the list; no empty
 * chain or group; no RETURN as the last step of a chain. */
char *ir_check_pruned(const IrProgram *program);

/* The form after ir_share(): no test that a test before or around it already decides, and no two
 * neighbours that begin with the same test. */
char *ir_check_shared(const IrProgram *program);

/* The form after ir_tidy(): tables in order of first use, and nothing in them unused. */
char *ir_check_tidy(const IrProgram *program);
