/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: a subcommand of tapwall: one row of the table in main.c, one file. It reads its own
 * options, so that each has its own --help.
 */

/* Exit statuses. What a status of 1 says is the subcommand's matter: a problem found. */
enum { STATUS_GOOD = 0, STATUS_FOUND = 1, STATUS_TROUBLE = 2 };

typedef struct {
    const char *name;
    const char *operands; /* for the usage */
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is "tapwall NAME"; gives an exit status */
} Command;

int command_capture(int argc, char **argv);
int command_check(int argc, char **argv);
int command_counters(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_lint(int argc, char **argv);
int command_ports(int argc, char **argv);
int command_prove(int argc, char **argv);
int command_show(int argc, char **argv);
int command_watch(int argc, char **argv);

/* Parses the options of a subcommand and frees the context. FALSE after saying on stderr what is
 * wrong; the status is then STATUS_TROUBLE. */
gboolean command_parse(GOptionContext *context, int *argc, char ***argv);

/* "tapwall: message" on stderr. Gives STATUS_TROUBLE. */
int command_trouble(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* An error on stderr, as "file:line: message" where it has a place. */
void command_report(const GError *error);
