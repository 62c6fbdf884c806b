/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/filter.h"
#include "nwfilter/plan.h"

/*
 * Purpose: the filters of a host by name and UUID, with libvirt's rules for defining, redefining
 * and undefining them.
 * Owner: catalogue_free. Filters in it are immutable, so a copy is cheap: to try a redefinition on
 * every port first, define in a copy, resolve there, and keep the copy when all went well.
 * Invariants: names and UUIDs are unique, no filter includes itself on any way. A filter may name
 * one that does not exist (libvirt allows it); resolving such a filter fails.
 * Does not: read or write files (catalogue-dir.h), know ports beyond the question whether one uses
 * a filter.
 */

typedef struct Catalogue Catalogue;

/* TRUE when a port is bound to the filter of this name. */
typedef gboolean (*CatalogueIsBound)(gpointer data, const char *name);

Catalogue *catalogue_new(void);
Catalogue *catalogue_copy(const Catalogue *catalogue);
void catalogue_free(Catalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Catalogue, catalogue_free)

/* Borrowed; NULL when there is none. */
Filter *catalogue_lookup(const Catalogue *catalogue, const char *name);
Filter *catalogue_lookup_uuid(const Catalogue *catalogue, const char *uuid);

/* The canonical UUID of a filter that is there. */
const char *catalogue_uuid(const Catalogue *catalogue, const char *name);

/* Sorted, NULL-terminated; the array is the caller's, the texts are the catalogue's. */
const char **catalogue_names(const Catalogue *catalogue);

/* Names of the filters that include this one on some way, itself too when it is there: sorted,
 * NULL-terminated, to be freed with g_free. */
const char **catalogue_dependents(const Catalogue *catalogue, const char *name);

/*
 * Adds the filter, or replaces the one of its name and UUID. A filter without UUID gets a random
 * one, so that it can only be new. Errors (nothing is changed): EXISTS, LOOP, and LIMIT when it or
 * a filter that includes it would grow too large.
 */
gboolean catalogue_define(Catalogue *catalogue, Filter *filter, GError **error);

/* Errors: NOT_FOUND; IN_USE when a port uses it, by itself or through an include. */
gboolean catalogue_undefine(Catalogue *catalogue, const char *name, CatalogueIsBound is_bound,
                            gpointer data, GError **error);

/* plan_resolve within the catalogue. Errors: its, and REFERENCE when name itself does not exist. */
Plan *catalogue_resolve(const Catalogue *catalogue, const char *name, GError **error);

/* Errors with libvirt's words for a name or UUID that is not there. */
GError *catalogue_error_no_name(const char *name);
GError *catalogue_error_no_uuid(const char *uuid);
