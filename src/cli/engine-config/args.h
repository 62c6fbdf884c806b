/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * engine-config's command line, by the rules oVirt's administrators know: the action comes first,
 * its key or assignment second, options after it as --name=value or --name value. The rules are odd
 * enough (an assignment may not be joined to its action, a key may) that no general parser keeps
 * them.
 */

typedef struct Tool Tool;

typedef enum { TAKES_NOTHING, TAKES_KEY, TAKES_ASSIGNMENT } ActionArgument;

typedef struct {
    const char *short_name, *long_name;
    ActionArgument argument;
    const char *missing; /* what to say when the argument is missing; NULL: it may be left out */
    gboolean (*run)(Tool *tool, GError **error);
} Action;

typedef struct {
    const Action *action; /* a row of the table given to args_parse() */
    char *key, *value;    /* NULL when not given; value may be "" */
    char *version;        /* --cver */
    char *config, *properties;
    char *user, *admin_pass_file;
    char *log_file, *log_level;
    gboolean only_reloadable;
} Args;

#define ENGINE_CONFIG_ERROR engine_config_error_quark()
typedef enum {
    ENGINE_CONFIG_ERROR_USAGE, /* the command line cannot be understood */
    ENGINE_CONFIG_ERROR_ENTRY, /* no such key, or no such version of it */
    ENGINE_CONFIG_ERROR_VALUE, /* the key does not take that value */
    ENGINE_CONFIG_ERROR_FILE,  /* a file named on the command line cannot be used */
    ENGINE_CONFIG_ERROR_STORE, /* the store cannot be reached */
} EngineConfigError;
GQuark engine_config_error_quark(void);

/* Whether -h, -help or --help stands anywhere: then the usage is all that is wanted. */
gboolean args_want_usage(char **words);

/* Reads the words after the program's name (NULL-terminated). actions ends with a row without
 * names. NULL with ENGINE_CONFIG_ERROR_USAGE, its message being what the user reads. */
Args *args_parse(char **words, const Action *actions, GError **error);
void args_free(Args *args);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Args, args_free)
