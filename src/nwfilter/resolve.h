/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/filter.h"
#include "nwfilter/plan.h"

/*
 * Purpose: from a filter and its includes to a plan. Does not touch a port: see plan_bind.
 */

/* The filter of that name, borrowed, or NULL. */
typedef Filter *(*FilterLookup)(gpointer data, const char *name);

/*
 * Errors (NWFILTER_ERROR), with the place of the filterref or rule that is at fault: REFERENCE, an
 * included filter does not exist; LOOP; LIMIT, more than INCLUDE_DEPTH_MAX, PLAN_RULES_MAX,
 * PLAN_SLOTS_MAX or PLAN_ITERATORS_MAX. The plan keeps the filters it is made of alive.
 */
Plan *plan_resolve(Filter *filter, FilterLookup lookup, gpointer data, GError **error);
