/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Work that blocks, run in workers: jobs with the same key (a VM's id) one after the other in the
 * order they came, others beside each other.
 */
typedef struct Jobs Jobs;

typedef void (*JobFunc)(gpointer data);

/* threads: how many jobs can run at once. */
Jobs *jobs_new(guint threads);
/* Waits for what runs and calls its done; what has not begun is dropped (destroy only). */
void jobs_free(Jobs *jobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Jobs, jobs_free)

/* Calls work(data) in a thread, then done(data) and destroy(data) on the main context. key NULL:
 * waits for nothing. */
void jobs_push(Jobs *jobs, const char *key, JobFunc work, JobFunc done, gpointer data,
               GDestroyNotify destroy);

/* Whether a job with that key runs or waits. */
gboolean jobs_busy(Jobs *jobs, const char *key);
