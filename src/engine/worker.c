/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "engine/lane.h"
#include "engine/private.h"

/*
 * The worker: jobs in order, each a transaction. What a job wants to be done outside the store
 * (messages for the main loop, VMs whose next call is due) waits in outbox and touched until the
 * transaction is committed, and is forgotten when it is not.
 */

typedef struct {
    EngineWork work;
    gpointer data;
    GDestroyNotify free_data, free_result;
    GTask *task; /* NULL when nobody waits */
} Job;

typedef struct {
    Engine *engine;
    MainFunc func;
    gpointer data;
    GDestroyNotify free_data;
} Message;

static void message_free(gpointer data)
{
    Message *message = data;
    if (message->data && message->free_data)
        message->free_data(message->data);
    g_free(message);
}

static gboolean message_run(gpointer data)
{
    Message *message = data;
    Engine *engine = message->engine;
    g_mutex_lock(&engine->lock);
    g_hash_table_remove(engine->sources, g_main_current_source());
    g_mutex_unlock(&engine->lock);
    message->func(engine, g_steal_pointer(&message->data));
    return G_SOURCE_REMOVE;
}

void engine_outbox_init(Engine *engine)
{
    engine->outbox = g_ptr_array_new_with_free_func(message_free);
}

void engine_post(Engine *engine, MainFunc func, gpointer data, GDestroyNotify free_data)
{
    Message *message = g_new0(Message, 1);
    *message = (Message){engine, func, data, free_data};
    g_ptr_array_add(engine->outbox, message);
}

/* Not g_main_context_invoke(): while nobody runs the loop, that would run it on this thread. */
static void message_send(Engine *engine, Message *message)
{
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, message_run, message, message_free);
    g_mutex_lock(&engine->lock);
    g_source_attach(source, engine->context);
    g_hash_table_add(engine->sources, source);
    g_mutex_unlock(&engine->lock);
}

static void outbox_send(Engine *engine)
{
    g_autoptr(GPtrArray) messages = g_steal_pointer(&engine->outbox);
    engine_outbox_init(engine);
    g_ptr_array_set_free_func(messages, NULL);
    for (guint i = 0; i < messages->len; i++)
        message_send(engine, messages->pdata[i]);
}

void engine_drop_messages(Engine *engine)
{
    GHashTableIter iter;
    gpointer source;
    g_hash_table_iter_init(&iter, engine->sources);
    while (g_hash_table_iter_next(&iter, &source, NULL))
        g_source_destroy(source);
    g_hash_table_remove_all(engine->sources);
}

static void job_aborted(Engine *engine)
{
    store_rollback(engine->store);
    g_ptr_array_set_size(engine->outbox, 0);
    g_ptr_array_set_size(engine->touched, 0);
    lanes_abort(engine);
}

static gpointer job_transaction(Engine *engine, const Job *job, GError **error)
{
    if (!store_begin(engine->store, error)) {
        engine_translate(error);
        return NULL;
    }
    gpointer result = job->work(engine, job->data, error);
    if (!result) {
        job_aborted(engine);
        return NULL;
    }
    if (store_commit(engine->store, error))
        return result;
    engine_translate(error);
    job_aborted(engine);
    if (job->free_result)
        job->free_result(result);
    return NULL;
}

static void job_free(Job *job)
{
    if (job->free_data)
        job->free_data(job->data);
    g_clear_object(&job->task);
    g_free(job);
}

void engine_job_run(gpointer data, gpointer user_data)
{
    Job *job = data;
    Engine *engine = user_data;
    g_autoptr(GError) error = NULL;
    gpointer result = job_transaction(engine, job, &error);
    if (result) {
        lanes_advance(engine);
        outbox_send(engine);
    }
    if (job->task && result)
        g_task_return_pointer(job->task, result, job->free_result);
    else if (job->task)
        g_task_return_error(job->task, g_steal_pointer(&error));
    else if (!result) /* nobody waits for it; the next report of the host will say it again */
        log_error("error=%s", error->message);
    job_free(job);
}

static void push(Engine *engine, Job *job)
{
    /* The pool's one thread exists since engine_new(), so pushing cannot fail. */
    (void)g_thread_pool_push(engine->worker, job, NULL);
}

void engine_submit(Engine *engine, EngineWork work, gpointer data, GDestroyNotify free_data,
                   GDestroyNotify free_result, GAsyncReadyCallback callback, gpointer user_data)
{
    Job *job = g_new0(Job, 1);
    *job = (Job){work, data, free_data, free_result, g_task_new(NULL, NULL, callback, user_data)};
    g_task_set_source_tag(job->task, engine_submit);
    push(engine, job);
}

gpointer engine_submit_finish(Engine *engine, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_async_result_is_tagged(result, engine_submit), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

void engine_submit_detached(Engine *engine, EngineWork work, gpointer data,
                            GDestroyNotify free_data)
{
    Job *job = g_new0(Job, 1);
    *job = (Job){.work = work, .data = data, .free_data = free_data};
    push(engine, job);
}
