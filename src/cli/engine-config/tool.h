/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

#include "cli/engine-config/args.h"
#include "cli/engine-config/option-keys.h"
#include "store/store.h"

typedef enum { LOG_OFF, LOG_ERROR, LOG_INFO, LOG_DEBUG } LogLevel;

/*
 * One run of engine-config: what was asked, the keys it knows, the engine's store, the log file if
 * wanted. Actions read stdin only for the choice of a version, and print to stdout alone; what goes
 * wrong comes back as a GError, which the main program prints there too, as oVirt's tool does.
 */
struct Tool {
    Args *args;
    OptionKeys *keys;
    Store *store;
    FILE *log; /* NULL: none */
    LogLevel log_level;
};

/* Opens keys, store and log as args say; takes args over. tool_close() is due in any case. */
gboolean tool_open(Tool *tool, Args *args, GError **error);
void tool_close(Tool *tool);

/* A line in the log file, if there is one; level is that of this line. */
void tool_log(Tool *tool, LogLevel level, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Gives an error of the store the text the user is to read. Always FALSE. */
gboolean tool_fail(GError *cause, GError **error);

/* The rows of a key, "general" first, then by cluster level; NULL on error. version NULL: all. */
GPtrArray *tool_options(Tool *tool, const char *key, const char *version, GError **error);

/* The version an assignment is for: --cver, or the only one there is, or the one the user chooses.
 * NULL without error: the key has no rows. */
gboolean tool_choose_version(Tool *tool, char **version, GError **error);

/* One line for -l and --help=KEY. */
void tool_print_key(const OptionKey *key);

gboolean action_list(Tool *tool, GError **error);
gboolean action_all(Tool *tool, GError **error);
gboolean action_get(Tool *tool, GError **error);
gboolean action_set(Tool *tool, GError **error);
gboolean action_merge(Tool *tool, GError **error);
gboolean action_diff(Tool *tool, GError **error);
gboolean action_help(Tool *tool, GError **error);
gboolean action_reload(Tool *tool, GError **error);
