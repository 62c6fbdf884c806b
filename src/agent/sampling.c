/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/events.h"
#include "agent/settle.h"
#include "agent/takeover.h"
#include "base/log.h"

/*
 * The periodic sample: counters of all VMs, states that corrects what events missed, the live XML
 * of a few VMs in turn, so that a filter changed behind the agent's back is reported too, and a
 * glance at all ports.
 */
enum { REFRESH_EACH_TIME = 20 };

typedef struct {
    Agent *agent;
    gint64 begun;           /* monotonic us */
    GPtrArray *refresh;     /* ids */
    GPtrArray *stats;       /* of VirtStats; NULL on failure */
    GPtrArray *definitions; /* of Definition */
    GPtrArray *views;       /* of VmView: whose ports are looked at */
    GPtrArray *suspects;    /* ids; NULL on failure */
} Sample;

static void sample_free(gpointer data)
{
    Sample *sample = data;

    g_ptr_array_unref(sample->refresh);
    g_ptr_array_unref(sample->definitions);
    g_ptr_array_unref(sample->views);
    g_clear_pointer(&sample->stats, g_ptr_array_unref);
    g_clear_pointer(&sample->suspects, g_ptr_array_unref);
    g_free(sample);
}

static void sample_work(gpointer data)
{
    Sample *sample = data;

    sample->stats = virt_stats(sample->agent->virt, NULL);
    for (guint i = 0; sample->stats && i < sample->refresh->len; i++) {
        Definition *definition =
            takeover_read(sample->agent->virt, sample->refresh->pdata[i], NULL, NULL);
        if (definition)
            g_ptr_array_add(sample->definitions, definition);
    }
    sample->suspects = settle_suspects(sample->views, sample->agent->tapwalld, NULL);
}

/* Whether what was sampled is newer than what the record knows for sure. */
static gboolean sample_counts(const Sample *sample, const Vm *vm)
{
    return !vm->creating && vm->touched < sample->begun &&
           !jobs_busy(sample->agent->jobs, vm->view->id);
}

static void state_correct(Sample *sample, Vm *vm, VirtDomainState state)
{
    VmState now = vm->view->state;

    if (!sample_counts(sample, vm))
        return;
    switch (state) {
    case VIRT_DOMAIN_RUNNING:
        /* A guest that has been asked to shut down runs until it has. */
        if (now != VM_POWERING_DOWN)
            agent_vm_state(sample->agent, vm, VM_UP);
        break;
    case VIRT_DOMAIN_PAUSED:
        agent_vm_state(sample->agent, vm, VM_PAUSED);
        break;
    case VIRT_DOMAIN_SHUTTING_DOWN:
    case VIRT_DOMAIN_OFF:
        agent_vm_state(sample->agent, vm, VM_POWERING_DOWN);
        break;
    }
}

static void stats_take(Sample *sample, VirtStats *stats)
{
    Vm *vm = agent_vm(sample->agent, stats->uuid);

    if (!vm || (vm->view->state == VM_DOWN && sample_counts(sample, vm))) {
        takeover_one(sample->agent, stats->uuid);
        return;
    }
    if (vm->view->state == VM_DOWN)
        return;
    vm_set_stats(vm, stats, drop_reader_counts(sample->agent->drops));
    state_correct(sample, vm, stats->state);
}

/* VMs that run as far as we know, but not as far as libvirt knows. */
static void missing_take(Sample *sample)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer value;

    for (guint i = 0; i < sample->stats->len; i++)
        g_hash_table_add(seen, ((VirtStats *)sample->stats->pdata[i])->uuid);
    g_hash_table_iter_init(&iter, sample->agent->vms);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Vm *vm = value;
        if (vm->view->state != VM_DOWN && sample_counts(sample, vm) &&
            !g_hash_table_contains(seen, vm->view->id))
            agent_vm_down(sample->agent, vm, (VmExit){1, VM_EXIT_DOMAIN_MISSING}, NULL);
    }
}

static void definition_take(Sample *sample, Definition *definition)
{
    Vm *vm = agent_vm(sample->agent, definition->vm_id);

    if (vm && vm->view->state != VM_DOWN && sample_counts(sample, vm))
        agent_vm_definition(sample->agent, vm, definition);
}

static void sample_done(gpointer data)
{
    Sample *sample = data;

    sample->agent->sampling = FALSE;
    if (!sample->stats)
        return; /* not connected: said when it was lost, tried again when it is back */
    for (guint i = 0; i < sample->stats->len; i++)
        stats_take(sample, sample->stats->pdata[i]);
    missing_take(sample);
    for (guint i = 0; i < sample->definitions->len; i++)
        definition_take(sample, sample->definitions->pdata[i]);
    for (guint i = 0; sample->suspects && i < sample->suspects->len; i++)
        settle_push(sample->agent, sample->suspects->pdata[i]);
}

/* The next few ids in turn. */
static void refresh_choose(Agent *agent, GPtrArray *ids)
{
    guint count = g_hash_table_size(agent->vms);
    guint index = 0, first;
    GHashTableIter iter;
    gpointer id;

    if (count == 0)
        return;
    first = agent->refresh_next % count;
    g_hash_table_iter_init(&iter, agent->vms);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        if (index >= first && index < first + REFRESH_EACH_TIME)
            g_ptr_array_add(ids, g_strdup(id));
        index++;
    }
    agent->refresh_next = first + REFRESH_EACH_TIME < count ? first + REFRESH_EACH_TIME : 0;
}

static gboolean sample_due(gpointer data)
{
    Agent *agent = data;
    Sample *sample;

    if (agent->sampling || agent->recovering)
        return G_SOURCE_CONTINUE;
    agent->sampling = TRUE;
    sample = g_new0(Sample, 1);
    sample->agent = agent;
    sample->begun = g_get_monotonic_time();
    sample->refresh = g_ptr_array_new_with_free_func(g_free);
    sample->definitions = g_ptr_array_new_with_free_func((GDestroyNotify)definition_unref);
    sample->views = agent_views(agent, NULL);
    refresh_choose(agent, sample->refresh);
    drop_reader_ask(agent->drops);
    jobs_push(agent->jobs, NULL, sample_work, sample_done, sample, sample_free);
    return G_SOURCE_CONTINUE;
}

void sampling_start(Agent *agent)
{
    if (agent->sample_source == 0)
        agent->sample_source =
            g_timeout_add_seconds(agent->settings.poll_seconds, sample_due, agent);
    sample_due(agent);
}
