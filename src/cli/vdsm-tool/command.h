/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* A subcommand of vdsm-tool: one row of the table in main.c, one file. */

#define TOOL_ERROR tool_error_quark()
GQuark tool_error_quark(void);

/* What the command line gave besides the subcommand's name. */
typedef struct {
    char **operands; /* NULL-terminated */
    char *uri;       /* --connect, or what the agent's configuration says */
    char *config;    /* --config */
} ToolArgs;

typedef struct {
    const char *name;
    const char *operand; /* what it takes, for the usage; NULL: nothing */
    const char *summary;
    gboolean (*run)(const ToolArgs *args, GError **error);
} Command;

gboolean command_define_filter(const ToolArgs *args, GError **error);
gboolean command_nwfilter(const ToolArgs *args, GError **error);

/* Defines the filter in the file on the libvirt at uri and says so on stdout in one line. */
gboolean define_and_tell(const char *uri, const char *path, GError **error);
