/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/error.h"
#include "decide/ir.h"

/*
 * Purpose: Plan -> program: what the language means, for one way. The L2 half follows ebtables'
 * matches rule by rule; the inet half spells out which rules libvirt makes of one, in which
 * orientation, with which connection state.
 * Does not: make it fast (pass.h). Sets are left as the rules have them, in any form.
 */

/*
 * `way` is PLAN_FROM_VM or PLAN_TO_VM. `values` may be NULL for a look at the shape; with them the
 * few lists that have no set form (TCP options, connection limits) are taken apart. Errors:
 * DECIDE_ERROR_LIMIT.
 */
IrProgram *ir_build(const Plan *plan, guint way, const PlanValues *values, GError **error);
