/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/jobs.h"

struct Jobs {
    GThreadPool *pool;
    GHashTable *queues; /* key -> GQueue of Job; the head runs */
    guint running;
    gboolean ending;
};

typedef struct {
    Jobs *jobs;
    char *key;
    JobFunc work, done;
    gpointer data;
    GDestroyNotify destroy;
} Job;

static void job_free(gpointer data)
{
    Job *job = data;

    if (job->destroy)
        job->destroy(job->data);
    g_free(job->key);
    g_free(job);
}

static void queue_free(gpointer data)
{
    g_queue_free_full(data, job_free);
}

static void job_start(Jobs *jobs, Job *job)
{
    jobs->running++;
    g_thread_pool_push(jobs->pool, job, NULL); /* fails only where no thread can ever be made */
}

/* Starts what waited for job, whose done function may just have pushed more. */
static void queue_advance(Jobs *jobs, const Job *job)
{
    GQueue *queue = job->key ? g_hash_table_lookup(jobs->queues, job->key) : NULL;

    if (!queue)
        return;
    g_queue_pop_head(queue);
    if (g_queue_is_empty(queue))
        g_hash_table_remove(jobs->queues, job->key);
    else if (!jobs->ending)
        job_start(jobs, g_queue_peek_head(queue));
}

static gboolean job_done(gpointer data)
{
    Job *job = data;
    Jobs *jobs = job->jobs;

    jobs->running--;
    job->done(job->data);
    queue_advance(jobs, job);
    job_free(job);
    return G_SOURCE_REMOVE;
}

static void job_work(gpointer data, gpointer user_data)
{
    Job *job = data;

    job->work(job->data);
    g_idle_add_full(G_PRIORITY_DEFAULT, job_done, job, NULL);
}

Jobs *jobs_new(guint threads)
{
    Jobs *jobs = g_new0(Jobs, 1);

    jobs->pool = g_thread_pool_new(job_work, NULL, (gint)threads, FALSE, NULL);
    jobs->queues = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
    return jobs;
}

void jobs_free(Jobs *jobs)
{
    jobs->ending = TRUE;
    while (jobs->running > 0)
        g_main_context_iteration(NULL, TRUE);
    g_thread_pool_free(jobs->pool, FALSE, TRUE);
    g_hash_table_unref(jobs->queues);
    g_free(jobs);
}

void jobs_push(Jobs *jobs, const char *key, JobFunc work, JobFunc done, gpointer data,
               GDestroyNotify destroy)
{
    Job *job = g_new0(Job, 1);
    GQueue *queue;

    *job = (Job){jobs, g_strdup(key), work, done, data, destroy};
    if (!key) {
        job_start(jobs, job);
        return;
    }
    queue = g_hash_table_lookup(jobs->queues, key);
    if (!queue) {
        queue = g_queue_new();
        g_hash_table_insert(jobs->queues, g_strdup(key), queue);
    }
    g_queue_push_tail(queue, job);
    if (queue->length == 1)
        job_start(jobs, job);
}

gboolean jobs_busy(Jobs *jobs, const char *key)
{
    return g_hash_table_contains(jobs->queues, key);
}
