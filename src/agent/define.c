/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/define.h"

#include "agent/filter-file.h"
#include "base/log.h"

enum { RETRY_S = 2 };

typedef struct {
    Agent *agent;
    char *name;
    FilterChange change;
    GError *error;
} Define;

static void define_free(gpointer data)
{
    Define *define = data;

    g_clear_error(&define->error);
    g_free(define->name);
    g_free(define);
}

static void define_work(gpointer data)
{
    Define *define = data;

    (void)filter_file_define(define->agent->filters, define->agent->filter_file, &define->name,
                             &define->change, &define->error); /* told by done */
}

static void define_done(gpointer data)
{
    const Define *define = data;

    if (g_error_matches(define->error, VIRT_ERROR, VIRT_ERROR_UNREACHABLE))
        define_when_possible(define->agent);
    else if (define->error)
        log_error("%s", define->error->message);
    else
        log_info("filter=%s %s", define->name, filter_change_text(define->change));
}

static gboolean define_due(gpointer data)
{
    Agent *agent = data;
    Define *define = g_new0(Define, 1);

    agent->define_source = 0;
    define->agent = agent;
    jobs_push(agent->jobs, NULL, define_work, define_done, define, define_free);
    return G_SOURCE_REMOVE;
}

void define_when_possible(Agent *agent)
{
    if (agent->define_source == 0)
        agent->define_source = g_timeout_add_seconds(RETRY_S, define_due, agent);
}
