/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/plan.h"

/*
 * Purpose: what a plan owns beside what it shows. Only resolve.c builds one, only plan.c frees it.
 */
typedef struct {
    Plan plan;          /* first, so that a Plan is one of these */
    GPtrArray *filters; /* all it was made of; names, comments and defaults are theirs */
    GPtrArray *blocks;  /* memory of conditions */
} PlanOwner;

/* Empty, with one reference. */
PlanOwner *plan_owner_new(void);
