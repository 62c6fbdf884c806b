/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"

/* What the tests of this room share: an engine on a store of its own, worked with as if it were
 * synchronous. */

#define TEST_PATIENCE_MS 20000 /* a test that waits longer has failed */

typedef struct {
    char *dir, *path;
    Engine *engine;
    EngineSettings settings; /* to change before test_engine_restart() */
} TestEngine;

void test_engine_set_up(TestEngine *t); /* not started */
void test_engine_tear_down(TestEngine *t);
/* Ends the engine and opens another on the same store. */
void test_engine_restart(TestEngine *t);

/* Runs work on the worker and waits for it. */
gpointer test_work(TestEngine *t, EngineWork work, gpointer data, GError **error);

/* Runs the main loop until check(data), or fails. */
typedef gboolean (*TestCheck)(gpointer data);
void test_wait(TestCheck check, gpointer data, const char *what);
/* Runs the main loop for that long. */
void test_run_for(guint ms);

/* Synchronous forms of what tests need most; they fail the test on an error. */
char *test_cluster_add(TestEngine *t, const char *name, guint major, guint minor);
char *test_host_add(TestEngine *t, const char *name, const char *cluster_id, guint16 port);
char *test_vm_add(TestEngine *t, const char *name, const char *cluster_id);
char *test_network_add(TestEngine *t, const char *name);
char *test_nic_add(TestEngine *t, const char *vm_id, const char *name, const char *network_id);
Vm *test_vm(TestEngine *t, const char *id);
Host *test_host(TestEngine *t, const char *id);
Nic *test_nic(TestEngine *t, const char *vm_id, const char *id);
/* NULL, or the error. */
GError *test_vm_start(TestEngine *t, const char *id);
GError *test_vm_stop(TestEngine *t, const char *id);
GError *test_vm_shutdown(TestEngine *t, const char *id);
void test_nic_plug(TestEngine *t, const char *vm_id, const char *id, gboolean plugged);
void test_nic_link(TestEngine *t, const char *vm_id, const char *id, gboolean linked);
/* How many events have that code and, if text is not NULL, it in their description. */
guint test_events(TestEngine *t, int code, const char *text);
