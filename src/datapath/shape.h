/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/binding.h"
#include "decide/eval.h"
#include "decide/ir.h"

/*
 * Purpose: a filter as the data path has it: the verdicts for both ways, which all ports of this
 * filter share whose lists have the same form.
 * Owner: shape_ref / shape_unref. Immutable.
 * Does not: hold a port's values, nor anything of the kernel's.
 */

typedef struct Shape Shape;

/*
 * From the two programs of a filter, optimized: out is PLAN_FROM_VM. Errors: DATAPATH_ERROR_LIMIT,
 * for what is too long; they name the filter.
 */
Shape *shape_new(const IrProgram *out, const IrProgram *in, Encapsulation encapsulation,
                 GError **error);

/* The same, but DHCP messages that pass are told whole (datapath_frames_read()); one that cannot be
 * told, or not be read, does not pass. */
Shape *shape_new_telling(const IrProgram *out, const IrProgram *in, Encapsulation encapsulation,
                         GError **error);

/*
 * Whether a filter is within what the data path can take, before any port has it: when it is
 * defined. Tried as a port with single values has it, and as one with lists. FALSE with a LIMIT
 * error, of this room or decide, that names the filter. A few kinds of lists can still be too long
 * later, see ir_bind() and ir_settle_sets().
 */
gboolean shape_check(const Plan *plan, GError **error);
Shape *shape_ref(Shape *shape);
void shape_unref(Shape *shape);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Shape, shape_unref)

/* The program that a way's verdict was made of: what verdicts name is in its tables. */
const IrProgram *shape_program(const Shape *shape, guint way);

/* Equal for shapes that judge every port alike, rule for rule. Hexadecimal. */
const char *shape_digest(const Shape *shape);

/* The instructions as text. The caller frees. */
char *shape_format(const Shape *shape);
