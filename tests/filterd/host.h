/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/filterd.h"

/*
 * Purpose: a host for tests of the daemon's core, in namespaces of this process: a bridge with the
 * ports p1 and p2, folders below /mnt, and the core itself in this process.
 */

#define OWN "525400000001"
#define PEER "525400000002"
#define ALL "ffffffffffff"
#define FORGED ALL PEER "88b5 0001"

/* What host_start() starts with; may be changed before. */
extern FilterdSettings host_settings;

#define HOST_FILTERS "/mnt/filters"
#define HOST_STATE "/mnt/state"

/* New namespaces, with the filters of both directories in a new one. hook: "tcx" or "clsact". */
void host_enter(const char *stock, const char *own, const char *hook);

Filterd *host_start(void);
Filterd *host_restart(Filterd *filterd);

const Binding *host_bind(Filterd *filterd, const char *port, const char *filter, GError **error);

/* The same with parameters of the filterref, as XML. */
const Binding *host_bind_with(Filterd *filterd, const char *port, const char *filter,
                              const char *parameters, GError **error);

/* How many of one frame from the first guest arrive at the second; G_MAXUINT when not even an
 * honest one does. */
guint host_arrivals(const char *hex);

/* Runs the daemon until the port is in the state; FALSE after some seconds. */
#define HOST_FORGOTTEN G_MAXUINT
gboolean host_reaches(Filterd *filterd, const char *port, guint state);

/* Runs the daemon until one of its problems has this part; FALSE after some seconds. */
gboolean host_reports(Filterd *filterd, const char *part);

/* Likewise until none has. */
gboolean host_reports_not(Filterd *filterd, const char *part);
gboolean host_has_problem(Filterd *filterd, const char *part);
