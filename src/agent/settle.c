/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/settle.h"

#include <net/if.h>

#include "agent/op.h"
#include "agent/ports.h"
#include "agent/tap.h"
#include "base/log.h"
#include "virt/binding.h"

/* ---- one VM ---- */

typedef struct {
    Op *op;
    GPtrArray *lines; /* what was done */
    GPtrArray *failures;
} Settle;

static void settle_free(gpointer data)
{
    Settle *settle = data;

    op_free(settle->op);
    g_ptr_array_unref(settle->lines);
    g_ptr_array_unref(settle->failures);
    g_free(settle);
}

static void nic_settle(Settle *settle, const Nic *nic)
{
    const Op *op = settle->op;
    const PortOwner owner = {op->agent->tapwalld, op->vm_id, op->definition->name};
    g_autoptr(GError) error = NULL;
    const char *done;

    if (!port_settle(&owner, nic, FALSE, &done, &error))
        g_ptr_array_add(settle->failures, g_strdup_printf("mac=%s %s", nic->mac, error->message));
    else if (done)
        g_ptr_array_add(settle->lines,
                        g_strdup_printf("mac=%s device=%s %s", nic->mac, nic->device, done));
}

static void settle_work(gpointer data)
{
    Settle *settle = data;
    Op *op = settle->op;
    g_autoptr(GError) error = NULL;

    /* Without libvirt's word that the VM is gone nothing of it is removed. */
    if (!op_read(op) && !g_error_matches(op->error, VIRT_ERROR, VIRT_ERROR_NO_DOMAIN))
        return;
    for (guint i = 0; op->definition && i < op->definition->nics->len; i++) {
        const Nic *nic = op->definition->nics->pdata[i];
        if (nic->own_tap)
            nic_settle(settle, nic);
    }
    if (!ports_tidy(op->agent->tapwalld, op->vm_id, op->definition, &error))
        g_ptr_array_add(settle->failures, g_strdup(error->message));
}

static void settle_done(gpointer data)
{
    Settle *settle = data;

    for (guint i = 0; i < settle->lines->len; i++)
        log_warning("vm=%s %s", settle->op->vm_id, (char *)settle->lines->pdata[i]);
    for (guint i = 0; i < settle->failures->len; i++)
        log_error("vm=%s %s", settle->op->vm_id, (char *)settle->failures->pdata[i]);
}

void settle_push(Agent *agent, const char *vm_id)
{
    Settle *settle = g_new0(Settle, 1);

    settle->op = op_new(agent, NULL, vm_id);
    settle->lines = g_ptr_array_new_with_free_func(g_free);
    settle->failures = g_ptr_array_new_with_free_func(g_free);
    jobs_push(agent->jobs, settle->op->vm_id, settle_work, settle_done, settle, settle_free);
}

/* ---- all ---- */

static gboolean has_own_tap(const VmView *view)
{
    for (guint i = 0; i < view->definition->nics->len; i++)
        if (((Nic *)view->definition->nics->pdata[i])->own_tap)
            return TRUE;
    return FALSE;
}

void settle_end(Agent *agent, const VmView *view)
{
    if (has_own_tap(view))
        settle_push(agent, view->id);
}

void settle_all(Agent *agent)
{
    g_autoptr(GPtrArray) views = agent_views(agent, NULL);

    for (guint i = 0; i < views->len; i++) {
        const VmView *view = views->pdata[i];
        if (view->state != VM_DOWN && has_own_tap(view))
            settle_push(agent, view->id);
    }
}

/* ---- a glance ---- */

static void suspect(GPtrArray *ids, const char *vm_id)
{
    if (!g_ptr_array_find_with_equal_func(ids, vm_id, g_str_equal, NULL))
        g_ptr_array_add(ids, g_strdup(vm_id));
}

/* link NULL: there is none of the NIC's name, which settling cannot mend and says once, at the
 * agent's start. bound NULL: nobody knows. */
static gboolean nic_is_settled(const Nic *nic, const Link *link, GHashTable *bound)
{
    if (!link)
        return TRUE;
    if (bound && (nic->filter != NULL) != g_hash_table_contains(bound, nic->device))
        return FALSE;
    return link->is_up && link->master == if_nametoindex(nic->bridge);
}

/* Takes what the VM's NICs account for out of links. */
static void view_check(GPtrArray *ids, const VmView *view, GHashTable *links, GHashTable *bound)
{
    for (guint i = 0; i < view->definition->nics->len; i++) {
        const Nic *nic = view->definition->nics->pdata[i];
        if (!nic->own_tap)
            continue;
        if (!nic_is_settled(nic, g_hash_table_lookup(links, nic->device), bound))
            suspect(ids, view->id);
        g_hash_table_remove(links, nic->device);
    }
}

static GHashTable *links_by_name(GPtrArray *links)
{
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < links->len; i++) {
        Link *link = links->pdata[i];
        if (tap_vm(link))
            g_hash_table_insert(by_name, link->name, link);
    }
    return by_name;
}

/* NULL when tapwalld does not answer: what it had in force stays so. */
static GHashTable *bound_ports(Virt *filters)
{
    g_autoptr(GPtrArray) ports = virt_bindings(filters, NULL);
    GHashTable *bound = ports ? g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) : NULL;

    for (guint i = 0; ports && i < ports->len; i++)
        g_hash_table_add(bound, g_strdup(ports->pdata[i]));
    return bound;
}

static gboolean any_own_tap(GPtrArray *views)
{
    for (guint i = 0; i < views->len; i++)
        if (has_own_tap(views->pdata[i]))
            return TRUE;
    return FALSE;
}

GPtrArray *settle_suspects(GPtrArray *views, Virt *filters, GError **error)
{
    g_autoptr(GPtrArray) links = links_read(error);
    g_autoptr(GHashTable) left = links ? links_by_name(links) : NULL;
    g_autoptr(GHashTable) bound = NULL;
    GPtrArray *ids;
    GHashTableIter iter;
    gpointer link;

    if (!links)
        return NULL;
    ids = g_ptr_array_new_with_free_func(g_free);
    if (any_own_tap(views))
        bound = bound_ports(filters);
    for (guint i = 0; i < views->len; i++)
        if (((VmView *)views->pdata[i])->state != VM_DOWN)
            view_check(ids, views->pdata[i], left, bound);
    g_hash_table_iter_init(&iter, left);
    while (g_hash_table_iter_next(&iter, NULL, &link))
        suspect(ids, tap_vm(link));
    return ids;
}
