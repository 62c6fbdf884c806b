/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/shape.h"
#include "nwfilter/plan.h"

/*
 * Purpose: a filter as the data path has it, for `show --as bpf` and `explain --with bpf`.
 */

/* The shape of a port with these values. The caller unrefs. */
Shape *shape_of_values(const Plan *plan, const PlanValues *values, Encapsulation encapsulation,
                       GError **error);
