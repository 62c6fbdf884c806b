/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The keys engine-config knows: what they mean and which values they take. The store has the
 * values; a key without a row there cannot be set. The built-in table is for the engine of this
 * version; a properties file (--properties) replaces it: lines NAME.ATTRIBUTE=TEXT, '#' begins a
 * comment, with the attributes description, type, validValues, mergable, delimiter and
 * isReloadable.
 */

typedef struct {
    char *name;
    char *description;
    char *type;         /* "String" (anything), "Integer", "Boolean"; others count as String */
    char *valid_values; /* comma-separated, exact and case-sensitive, or FROM..TO; NULL: any of the
                           type */
    char *delimiter;    /* between the parts of a mergable value */
    gboolean mergable;
    gboolean reloadable;
} OptionKey;

/* Keys in the order they were written; owns them. */
typedef GPtrArray OptionKeys;

OptionKeys *option_keys_builtin(void);
/* At most 1 MiB and 10,000 keys; ENGINE_CONFIG_ERROR_FILE naming file and line. */
OptionKeys *option_keys_load(const char *path, GError **error);

/* Borrowed, or NULL. */
const OptionKey *option_keys_lookup(const OptionKeys *keys, const char *name);

/* Whether the key takes the value; the message is the one oVirt's administrators know. */
gboolean option_key_check(const OptionKey *key, const char *value, GError **error);
