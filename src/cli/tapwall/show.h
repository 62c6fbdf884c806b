/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/tapwall/filters.h"

/*
 * Purpose: a form in which `tapwall show` prints a filter: one row of the table in show.c.
 * variables is NULL when the command line had no --var: the form is then the shape's.
 */
typedef struct {
    const char *name;
    char *(*format)(FilterOptions *options, Filter *filter, const Variables *variables,
                    GError **error);
} ShowForm;

/* The programs of both ways; in show-ir.c. */
char *show_ir(FilterOptions *options, Filter *filter, const Variables *variables, GError **error);

/* The instructions of both ways, in show-bpf.c. */
char *show_bpf(FilterOptions *options, Filter *filter, const Variables *variables, GError **error);
