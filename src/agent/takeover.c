/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/takeover.h"

#include "agent/define.h"
#include "agent/events.h"
#include "agent/filter-file.h"
#include "agent/settle.h"
#include "base/log.h"
#include "virt/host.h"

/* The filters that the shipped one is made of. libvirt-daemon-config-nwfilter brings them. */
static const char *const needed_filters[] = {"no-mac-spoofing", "no-arp-mac-spoofing"};

enum { TAKEOVER_RETRY_S = 2 };

VmState takeover_state(VirtDomainState state)
{
    static const VmState states[] = {
        [VIRT_DOMAIN_RUNNING] = VM_UP,
        [VIRT_DOMAIN_PAUSED] = VM_PAUSED,
        [VIRT_DOMAIN_SHUTTING_DOWN] = VM_POWERING_DOWN,
        [VIRT_DOMAIN_OFF] = VM_POWERING_DOWN,
    };

    return states[state];
}

Definition *takeover_read(Virt *virt, const char *id, VirtDomainState *state, GError **error)
{
    g_autoptr(VirtDomain) domain = virt_domain_read(virt, id, error);

    if (!domain)
        return NULL;
    if (state)
        *state = domain->state;
    return definition_parse(id, domain->xml, error);
}

/* A running domain and what it is made of. */
typedef struct {
    VirtDomainState state;
    Definition *definition;
} Found;

static void found_free(gpointer data)
{
    Found *found = data;

    definition_unref(found->definition);
    g_free(found);
}

/* Brings the record up to date with a running domain, or makes one. */
static void found_take(Agent *agent, const Found *found)
{
    Vm *vm = agent_vm(agent, found->definition->vm_id);

    if (vm && vm->creating)
        return;
    if (!vm || vm->view->state == VM_DOWN) {
        vm = vm_new(found->definition);
        agent_add_vm(agent, vm);
    }
    agent_vm_definition(agent, vm, found->definition);
    agent_vm_state(agent, vm, takeover_state(found->state));
}

typedef struct {
    Agent *agent;
    VirtHost *host;
    GPtrArray *filters; /* of VirtFilter; NULL: no nwfilter driver */
    char *filter_name;
    FilterChange filter_change;
    GPtrArray *found;
    GPtrArray *unread; /* lines about domains that could not be read */
    GError *error, *filters_error, *define_error;
} Takeover;

static void takeover_free(gpointer data)
{
    Takeover *all = data;

    g_clear_pointer(&all->host, virt_host_free);
    g_clear_pointer(&all->filters, g_ptr_array_unref);
    g_clear_pointer(&all->found, g_ptr_array_unref);
    g_clear_pointer(&all->unread, g_ptr_array_unref);
    g_clear_error(&all->error);
    g_clear_error(&all->filters_error);
    g_clear_error(&all->define_error);
    g_free(all->filter_name);
    g_free(all);
}

static void domains_read(Takeover *all)
{
    g_autoptr(GPtrArray) domains = virt_domains(all->agent->virt, &all->error);

    for (guint i = 0; domains && i < domains->len; i++) {
        const VirtDomain *domain = domains->pdata[i];
        g_autoptr(GError) error = NULL;
        Definition *definition = definition_parse(domain->uuid, domain->xml, &error);
        Found *found;
        if (!definition) {
            g_ptr_array_add(all->unread, g_strdup(error->message));
            continue;
        }
        found = g_new0(Found, 1);
        *found = (Found){domain->state, definition};
        g_ptr_array_add(all->found, found);
    }
}

static void takeover_work(gpointer data)
{
    Takeover *all = data;
    Virt *virt = all->agent->virt;

    all->host = virt_host_read(virt, &all->error);
    if (!all->host)
        return;
    all->filters = virt_filters(all->agent->filters, &all->filters_error);
    if (all->filters)
        (void)filter_file_define(all->agent->filters, all->agent->filter_file, &all->filter_name,
                                 &all->filter_change, &all->define_error); /* told by done */
    domains_read(all);
}

static gboolean filter_found(const Takeover *all, const char *name)
{
    for (guint i = 0; all->filters && i < all->filters->len; i++)
        if (g_strcmp0(((VirtFilter *)all->filters->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

/* One line: what is needed and what was found. */
static void found_log(const Takeover *all)
{
    g_autoptr(GString) line = g_string_new(NULL);
    gboolean complete = all->filters != NULL;

    for (guint i = 0; i < G_N_ELEMENTS(needed_filters); i++) {
        gboolean there = filter_found(all, needed_filters[i]);
        g_string_append_printf(line, ", filter %s (%s)", needed_filters[i],
                               there ? "found" : "missing");
        complete = complete && there;
    }
    (complete ? log_info : log_error)(
        "uri=%s needed: libvirt (found %s), filters at %s (%s%s%s)%s",
        all->agent->settings.libvirt_uri, all->host->libvirt_version, virt_uri(all->agent->filters),
        all->filters ? "found" : "missing: ", all->filters ? "" : all->filters_error->message, "",
        line->str);
    if (all->define_error)
        log_error("%s", all->define_error->message);
    else if (all->filter_name)
        log_info("filter=%s %s", all->filter_name, filter_change_text(all->filter_change));
}

static gboolean takeover_again(gpointer data)
{
    Agent *agent = data;

    agent->takeover_source = 0;
    if (virt_is_connected(agent->virt)) /* else virt's own reconnect calls takeover_all() */
        takeover_all(agent);
    return G_SOURCE_REMOVE;
}

static void takeover_done(gpointer data)
{
    Takeover *all = data;
    Agent *agent = all->agent;

    if (all->error) {
        log_error("cannot take over the running VMs: %s", all->error->message);
        if (agent->takeover_source == 0)
            agent->takeover_source = g_timeout_add_seconds(TAKEOVER_RETRY_S, takeover_again, agent);
        return;
    }
    agent->use_kvm = all->host->has_kvm;
    found_log(all);
    for (guint i = 0; i < all->unread->len; i++)
        log_error("cannot take over a VM: %s", (char *)all->unread->pdata[i]);
    for (guint i = 0; i < all->found->len; i++)
        found_take(agent, all->found->pdata[i]);
    log_info("vms=%u taken over", all->found->len);
    agent->recovering = FALSE;
    settle_all(agent);
    if (!all->filters && agent->settings.own_taps)
        define_when_possible(agent);
    sampling_start(agent);
}

void takeover_all(Agent *agent)
{
    Takeover *all = g_new0(Takeover, 1);

    all->agent = agent;
    all->found = g_ptr_array_new_with_free_func(found_free);
    all->unread = g_ptr_array_new_with_free_func(g_free);
    jobs_push(agent->jobs, NULL, takeover_work, takeover_done, all, takeover_free);
}

typedef struct {
    Agent *agent;
    char *id;
    Found found; /* definition NULL: it is gone again */
} One;

static void one_free(gpointer data)
{
    One *one = data;

    g_clear_pointer(&one->found.definition, definition_unref);
    g_free(one->id);
    g_free(one);
}

static void one_work(gpointer data)
{
    One *one = data;

    one->found.definition = takeover_read(one->agent->virt, one->id, &one->found.state, NULL);
}

static void one_done(gpointer data)
{
    One *one = data;

    if (one->found.definition)
        found_take(one->agent, &one->found);
}

void takeover_one(Agent *agent, const char *id)
{
    One *one;

    if (jobs_busy(agent->jobs, id))
        return; /* whatever works on it will know better; the next sample looks again */
    one = g_new0(One, 1);
    one->agent = agent;
    one->id = g_strdup(id);
    jobs_push(agent->jobs, id, one_work, one_done, one, one_free);
}
