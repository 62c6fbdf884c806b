/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/*
 * Purpose: a subcommand's talk with tapwalld over its own socket (docs/operator.md).
 * Owner: daemon_close. One connection; its functions run the main loop until there is an answer.
 */

typedef struct Daemon Daemon;

/* Adds --socket; *path is the caller's to free. */
void daemon_option_add(char **path, GOptionContext *context);

/* path NULL: where tapwalld listens unless told otherwise. The error says whether nobody is there
 * or one may not. */
Daemon *daemon_open(const char *path, GError **error);
void daemon_close(Daemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Daemon, daemon_close)

/* The method's result; the caller unrefs. params is taken; NULL for none. */
JsonNode *daemon_call(Daemon *daemon, const char *method, JsonNode *params, GError **error);

/* {"name": "text"}, and {"name": ["text", ...]}: parameters of a call. */
JsonNode *daemon_text(const char *name, const char *text);
JsonNode *daemon_texts(const char *name, char **texts);

/* Of each event, params borrowed. FALSE: enough. */
typedef gboolean (*DaemonEventFunc)(const char *method, JsonObject *params, gpointer data);

/* Tells what comes to the destination until there was enough, SIGINT or SIGTERM. FALSE when the
 * connection ended first. */
gboolean daemon_listen(Daemon *daemon, const char *destination, DaemonEventFunc tell, gpointer data,
                       GError **error);

/* One line of JSON on standard output. */
void daemon_print_json(JsonNode *node);
