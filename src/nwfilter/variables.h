/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: lists of text values by variable name, as a filterref or a port gives them; and the
 * ways an attribute can name one.
 * Owner: variables_free. Invariant: names and values hold only the characters the language allows,
 * every list has at least one value.
 */

typedef struct Variables Variables;

Variables *variables_new(void);
Variables *variables_copy(const Variables *variables);
void variables_free(Variables *variables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Variables, variables_free)

/* Appends a value to the name's list. Errors: NWFILTER_ERROR_VALUE for a name that is not
 * [a-zA-Z0-9_]+ or a value that is not [a-zA-Z0-9_.:]+, NWFILTER_ERROR_LIMIT. */
gboolean variables_add(Variables *variables, const char *name, const char *value, GError **error);

/* NULL-terminated list, or NULL when the name has none. */
const char *const *variables_lookup(const Variables *variables, const char *name);

/* The names, sorted, NULL-terminated; the array is the caller's, the texts are not. */
const char **variables_names(const Variables *variables);

/*
 * A port's variables: a copy of what was given, with MAC as the port's own address. NULL counts as
 * nothing given. Errors: NWFILTER_ERROR_VALUE when MAC is given and is another address, since the
 * filters' checks against forgery stand on it.
 */
Variables *variables_for_port(const Variables *given, guint64 mac, GError **error);

gboolean variables_equal(const Variables *a, const Variables *b);

#define ITERATOR_MAX 1000 /* the largest n of $NAME[@n] */

/* $NAME and $NAME[@n] (each value; $NAME is $NAME[@0]), or $NAME[i] (one value). */
typedef struct {
    char *name;
    gboolean each;
    guint number; /* n or i */
} VariableAccess;

/* Reads what follows the '$'. Errors: NWFILTER_ERROR_VALUE. */
gboolean variable_access_parse(const char *text, VariableAccess *access, GError **error);

/* "$IP", "$IP[@1]", "$IP[2]"; the caller frees. */
char *variable_access_format(const VariableAccess *access);
