/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/filter.h"
#include "nwfilter/plan.h"
#include "nwfilter/variables.h"

/*
 * Purpose: the filters a subcommand works on, and the options that say where they are.
 * A filter is read when something asks for it, so that a damaged file nobody needs stops nothing.
 * Owner: filter_options_clear frees all; filters are borrowed from it.
 */

typedef struct {
    char **directories; /* --filters, in the order given; then the host's own are looked into */
    char **assignments; /* --var NAME=VALUE */
    GHashTable *read;   /* name -> Filter; NULL until something was read */
    GHashTable *paths;  /* name -> the file it was read from; likewise */
    char *beside;       /* the directory of a filter given as a file: looked into first */
    GError *error;      /* why an included filter that exists could not be read */
} FilterOptions;

/* Adds --filters and --var. */
void filter_options_add(FilterOptions *options, GOptionContext *context);
void filter_options_clear(FilterOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilterOptions, filter_options_clear)

/* The filter that an operand means: a file when it has a '/' or ends in ".xml", else a name.
 * *problems, unless NULL, gets every problem of its text. */
Filter *filter_options_read(FilterOptions *options, const char *operand, GPtrArray **problems,
                            GError **error);

/* The same of a file, whatever its name. */
Filter *filter_options_read_file(FilterOptions *options, const char *file, GPtrArray **problems,
                                 GError **error);

/* The file that a filter was read from, or NULL. */
const char *filter_options_path(const FilterOptions *options, const char *name);

/* TRUE when filters are looked for by name in the directory of this file. */
gboolean filter_options_searches(const FilterOptions *options, const char *file);

/* The plan of a filter that filter_options_read gave. */
Plan *filter_options_resolve(FilterOptions *options, Filter *filter, GError **error);

/* The values of --var, in the order given; the caller frees. */
Variables *filter_options_variables(const FilterOptions *options, GError **error);
