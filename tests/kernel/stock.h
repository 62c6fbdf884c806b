/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/shape.h"
#include "nwfilter/catalogue-dir.h"
#include "nwfilter/plan.h"

/*
 * Purpose: filters for tests of the data path: the stock ones and VDSM's, bound to the values of
 * one port.
 */

/* A filter for one port: its shape and what the port adds. */
typedef struct {
    Shape *shape;
    IrBinding *bindings[2];
} Bound;

/* The stock filters and our own. The caller frees with catalogue_free. */
Catalogue *stock_filters(const char *stock, const char *own);

/* Values for every variable of the stock filters: lists of `n`, 1 to 3. */
Variables *stock_variables(const char *filter, guint n);

/* Compiles a plan for one port. */
void bound_init(Bound *bound, const Plan *plan, const PlanValues *values,
                Encapsulation encapsulation);
void bound_clear(Bound *bound);

/* One frame in so many is enough: 1, or on a slow machine what TAPWALL_TEST_EVERY says. */
guint stock_every(void);

/* Frames to and from the port of stock_variables(), honest and forged. Octets of each; the caller
 * unrefs. */
GPtrArray *stock_frames(void); /* of GByteArray */
