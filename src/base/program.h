/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/* A program that serves: its name, what --help says of it, and its configuration. */
typedef struct {
    const char *name;      /* "tapwalld" */
    const char *summary;   /* "- filter the ports of this host" */
    const char *path;      /* of the configuration, where --config names none */
    const ConfigKey *keys; /* of the configuration, as config_load() takes them */
} Program;

/* Reads the command line (--config, --verbose, --print-config, --version), begins the log and reads
 * the configuration; *path is the configuration's file. The caller frees both. NULL when there is
 * nothing to serve, with all said: *status is 0 after printing what was asked for, 2 for a wrong
 * command line, 1 for a wrong configuration; *path is NULL then. */
Config *program_begin(const Program *program, int argc, char **argv, char **path, int *status);
