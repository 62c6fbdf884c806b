/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * A program's configuration file (GKeyFile syntax), described by a table of its keys.
 *
 * The table is the only place a key, its default and its comment are written: reading, checking and
 * the shipped sample file (config_sample()) all come from it. An unknown group or key, or a value
 * of the wrong type, is an error that names file, key and what was expected; nothing is ignored.
 */

typedef enum { CONFIG_STRING, CONFIG_UINT, CONFIG_BOOL } ConfigType;

typedef struct {
    const char *group;
    const char *key;
    ConfigType type;
    const char
        *fallback; /* the default, as it would be written in the file; "" for an empty string */
    const char *comment; /* one or more lines for the sample file, without '#' */
} ConfigKey;

typedef struct Config Config;

#define CONFIG_ERROR config_error_quark()
typedef enum { CONFIG_ERROR_FILE, CONFIG_ERROR_KEY, CONFIG_ERROR_VALUE } ConfigError;
GQuark config_error_quark(void);

/* Reads path against keys (terminated by a row with group NULL; must outlive the Config). path
 * NULL, or a missing file when !required, gives the defaults. */
Config *config_load(const char *path, gboolean required, const ConfigKey *keys, GError **error);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Overrides one key, e.g. from the command line; checked like a value of the file. */
gboolean config_set(Config *config, const char *group, const char *key, const char *value,
                    GError **error);

/* The value of a key that is in the table (asserted). Borrowed. */
const char *config_string(const Config *config, const char *group, const char *key);
guint64 config_uint(const Config *config, const char *group, const char *key);
gboolean config_bool(const Config *config, const char *group, const char *key);

/* The commented sample file of a table: every key, commented out at its default. */
char *config_sample(const ConfigKey *keys);
