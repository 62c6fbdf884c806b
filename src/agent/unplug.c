/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/unplug.h"

#include <string.h>

#include "agent/metadata.h"
#include "agent/refresh.h"
#include "virt/domain.h"

/* A NIC on its way out. In agent->unplugs from the asking until it is out or stays. */
struct Unplug {
    Op *op;
    gboolean waiting;   /* for the guest: libvirt has asked it, and no worker uses op */
    GPtrArray *removed; /* aliases the guest gave back while libvirt's call was on its way */
    guint timeout_source, again_source;
};

/* How often the guest is asked again: one that is booting forgets what it was asked before its ACPI
 * was ready. */
enum { ASK_AGAIN_S = 3 };

void unplug_free(gpointer data)
{
    Unplug *unplug = data;

    g_clear_handle_id(&unplug->timeout_source, g_source_remove);
    g_clear_handle_id(&unplug->again_source, g_source_remove);
    g_clear_pointer(&unplug->op, op_free);
    g_ptr_array_unref(unplug->removed);
    g_free(unplug);
}

static void unplug_fail(Unplug *unplug)
{
    op_fail(unplug->op, RPC_HOTUNPLUG_NIC_FAILED, "Failed to hotunplug NIC");
    g_ptr_array_remove(unplug->op->agent->unplugs, unplug);
}

static void unplug_succeed(Unplug *unplug)
{
    Op *op = g_steal_pointer(&unplug->op);

    g_ptr_array_remove(op->agent->unplugs, unplug);
    refresh_push(op);
}

static void detach_work(gpointer data)
{
    Op *op = ((Unplug *)data)->op;
    const Nic *nic;

    if (!op_read(op))
        return;
    nic = definition_nic(op->definition, op->alias, op->mac);
    if (!nic) {
        op->error = g_error_new(RPC_ERROR, RPC_HOTUNPLUG_NIC_FAILED, "NIC not found: %s",
                                op->alias ? op->alias : op->mac);
        return;
    }
    g_free(op->alias);
    op->alias = g_strdup(nic->alias);
    (void)virt_device_detach(op->agent->virt, op->vm_id, op->alias, &op->error); /* see done */
}

static gboolean guest_too_late(gpointer data)
{
    Unplug *unplug = data;
    Op *op = unplug->op;

    unplug->timeout_source = 0;
    op->error = g_error_new(RPC_ERROR, RPC_HOTUNPLUG_NIC_FAILED,
                            "the guest did not give %s back within %u s", op->alias,
                            op->agent->settings.unplug_seconds);
    unplug_fail(unplug);
    return G_SOURCE_REMOVE;
}

static void again_work(gpointer data)
{
    Op *op = data;

    /* Refused while the first request is pending, which is just as well. */
    (void)virt_device_detach(op->agent->virt, op->vm_id, op->alias, NULL);
}

static void again_done(gpointer data)
{
    /* The guest's answer comes as an event. */
}

static gboolean ask_again(gpointer data)
{
    const Op *asked = ((Unplug *)data)->op;
    Op *op = op_new(asked->agent, NULL, asked->vm_id);

    op->alias = g_strdup(asked->alias);
    op_push(op, again_work, again_done);
    return G_SOURCE_CONTINUE;
}

static void detach_done(gpointer data)
{
    Unplug *unplug = data;
    Op *op = unplug->op;
    Vm *vm = agent_vm(op->agent, op->vm_id);

    if (!op->error && (!vm || vm->view->state == VM_DOWN))
        op->error = g_error_new(RPC_ERROR, RPC_HOTUNPLUG_NIC_FAILED, "the VM went down");
    if (op->error) {
        unplug_fail(unplug);
        return;
    }
    for (guint i = 0; i < unplug->removed->len; i++) {
        if (strcmp(unplug->removed->pdata[i], op->alias) == 0) {
            unplug_succeed(unplug);
            return;
        }
    }
    unplug->waiting = TRUE;
    unplug->again_source = g_timeout_add_seconds(ASK_AGAIN_S, ask_again, unplug);
    unplug->timeout_source =
        g_timeout_add_seconds(op->agent->settings.unplug_seconds, guest_too_late, unplug);
}

void unplug_start(Op *op)
{
    Unplug *unplug = g_new0(Unplug, 1);

    unplug->op = op;
    unplug->removed = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(op->agent->unplugs, unplug);
    jobs_push(op->agent->jobs, op->vm_id, detach_work, detach_done, unplug, NULL);
}

static Unplug *unplug_lookup(Agent *agent, const char *vm_id, const char *alias)
{
    for (guint i = 0; i < agent->unplugs->len; i++) {
        Unplug *unplug = agent->unplugs->pdata[i];
        if (unplug->waiting && strcmp(unplug->op->vm_id, vm_id) == 0 &&
            (!alias || strcmp(unplug->op->alias, alias) == 0))
            return unplug;
    }
    return NULL;
}

static void removed_remember(Agent *agent, const char *vm_id, const char *alias)
{
    for (guint i = 0; i < agent->unplugs->len; i++) {
        Unplug *unplug = agent->unplugs->pdata[i];
        if (!unplug->waiting && strcmp(unplug->op->vm_id, vm_id) == 0)
            g_ptr_array_add(unplug->removed, g_strdup(alias));
    }
}

void unplug_event(Agent *agent, Vm *vm, const char *alias, gboolean removed)
{
    Unplug *unplug = unplug_lookup(agent, vm->view->id, alias);

    if (unplug && removed) {
        unplug_succeed(unplug);
    } else if (unplug) {
        unplug->op->error = g_error_new(RPC_ERROR, RPC_HOTUNPLUG_NIC_FAILED,
                                        "the guest refused to give %s back", alias);
        unplug_fail(unplug);
    } else if (removed) {
        removed_remember(agent, vm->view->id, alias);
        refresh_push(op_new(agent, NULL, vm->view->id));
    }
}

void unplugs_fail(Agent *agent, const char *vm_id)
{
    Unplug *unplug;

    while ((unplug = unplug_lookup(agent, vm_id, NULL))) {
        unplug->op->error = g_error_new(RPC_ERROR, RPC_HOTUNPLUG_NIC_FAILED, "the VM went down");
        unplug_fail(unplug);
    }
}
