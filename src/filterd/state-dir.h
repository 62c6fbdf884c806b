/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/binding.h"

/*
 * Purpose: the bindings on disk, so that a new process finds what the last one had: a file
 * bindings/PORT.xml each, and leaving/PORT.xml for one whose grace time runs; and what was learned
 * of a port, addresses/PORT.
 * Owner: state_dir_close. Invariants: a file is whole or not there; one process at a time.
 * Does not: know devices.
 */

typedef struct StateDir StateDir;

typedef enum { STATE_BOUND, STATE_LEAVING, N_STATES } StateKind;

/* Makes the folders where missing, and locks them. Errors: FILTERD_ERROR_SYSTEM, also when another
 * daemon has them. */
StateDir *state_dir_open(const char *path, GError **error);
void state_dir_close(StateDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StateDir, state_dir_close)

/* Errors: FILTERD_ERROR_SYSTEM. Then the file is as before. */
gboolean state_dir_save(const StateDir *dir, const Binding *binding, GError **error);

/* From BOUND to LEAVING. */
gboolean state_dir_leave(const StateDir *dir, const char *port, GError **error);

/* One that is gone already is no error. */
gboolean state_dir_remove(const StateDir *dir, StateKind kind, const char *port, GError **error);

/* Calls for every file, in the order of names; `binding` is NULL and `problem` set for one that
 * cannot be read, or is another port's. */
typedef void (*StateDirFunc)(const char *port, Binding *binding, const GError *problem,
                             gpointer data);
gboolean state_dir_read(const StateDir *dir, StateKind kind, StateDirFunc tell, gpointer data,
                        GError **error);

/* ---- learned addresses ---- */

/* The text replaces what is there; NULL: nothing. Errors: FILTERD_ERROR_SYSTEM. */
gboolean state_dir_save_addresses(const StateDir *dir, const char *port, const char *text,
                                  GError **error);

/* NULL when there are none, or they cannot be read. The caller frees. */
char *state_dir_read_addresses(const StateDir *dir, const char *port);
