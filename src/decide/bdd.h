/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: sets of assignments to boolean variables as reduced ordered decision diagrams (Bryant,
 * 1986): equal sets are the same number, so "is it empty" and "are they equal" are compares.
 * Owner: bdd_free frees all sets at once; a Bdd is a number and needs no care.
 * Invariants: variable numbers grow from the root down. After the limit was met every result is
 * BDD_FALSE and bdd_is_full() says so: callers ask once, before they believe an answer.
 */

typedef guint32 Bdd;

#define BDD_FALSE 0u
#define BDD_TRUE 1u

typedef struct BddStore BddStore;

/* Holds at most `limit` nodes. */
BddStore *bdd_new(guint limit);
void bdd_free(BddStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BddStore, bdd_free)

gboolean bdd_is_full(const BddStore *store);
guint bdd_size(const BddStore *store);

/* The assignments in which the variable is true. */
Bdd bdd_variable(BddStore *store, guint variable);

Bdd bdd_ite(BddStore *store, Bdd condition, Bdd then, Bdd otherwise);
Bdd bdd_and(BddStore *store, Bdd a, Bdd b);
Bdd bdd_or(BddStore *store, Bdd a, Bdd b);
Bdd bdd_xor(BddStore *store, Bdd a, Bdd b);
Bdd bdd_not(BddStore *store, Bdd a);

/* a without b */
Bdd bdd_minus(BddStore *store, Bdd a, Bdd b);

/* One assignment of a set that is not empty: values[variable] is written for the variables that
 * matter, all below `n`, and left alone for the others. */
void bdd_pick(const BddStore *store, Bdd set, gboolean *values, guint n);
