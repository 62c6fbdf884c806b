/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vm.h"

#include <string.h>

static const char *const state_names[VM_STATE_COUNT] = {
    [VM_WAIT_FOR_LAUNCH] = "WaitForLaunch",
    [VM_POWERING_UP] = "Powering up",
    [VM_UP] = "Up",
    [VM_PAUSED] = "Paused",
    [VM_POWERING_DOWN] = "Powering down",
    [VM_REBOOT_IN_PROGRESS] = "RebootInProgress",
    [VM_DOWN] = "Down",
};

const char *vm_state_name(VmState state)
{
    return state_names[state];
}

VmExit vm_exit_from_stop(VirtStop stop, gboolean shutdown_asked)
{
    static const VmExit exits[] = {
        [VIRT_STOP_SHUTDOWN] = {0, VM_EXIT_USER_SHUTDOWN},
        [VIRT_STOP_DESTROYED] = {0, VM_EXIT_ADMIN_SHUTDOWN},
        [VIRT_STOP_CRASHED] = {1, VM_EXIT_GENERIC_ERROR},
        [VIRT_STOP_MIGRATED] = {0, VM_EXIT_MIGRATED},
        [VIRT_STOP_SAVED] = {0, VM_EXIT_SAVED},
        [VIRT_STOP_FAILED] = {1, VM_EXIT_LOST_QEMU},
    };

    if (stop == VIRT_STOP_SHUTDOWN && shutdown_asked)
        return exits[VIRT_STOP_DESTROYED];
    return exits[stop];
}

const char *vm_exit_text(VmExitReason reason)
{
    static const char *const texts[] = {
        [VM_EXIT_SUCCESS] = "VM terminated successfully",
        [VM_EXIT_GENERIC_ERROR] = "VM terminated with error",
        [VM_EXIT_LOST_QEMU] = "Lost connection with qemu process",
        [VM_EXIT_MIGRATED] = "VM migrated successfully",
        [VM_EXIT_SAVED] = "VM state saved successfully",
        [VM_EXIT_ADMIN_SHUTDOWN] = "Admin shut down from the engine",
        [VM_EXIT_USER_SHUTDOWN] = "User shut down from within the guest",
        [VM_EXIT_DOMAIN_MISSING] = "Failed to find the libvirt domain",
    };

    return texts[reason];
}

static void view_clear(gpointer data)
{
    VmView *view = data;

    g_free(view->id);
    g_free(view->exit_message);
    g_free(view->stats_json);
    g_clear_pointer(&view->definition, definition_unref);
    g_clear_pointer(&view->stats, virt_stats_unref);
    g_clear_pointer(&view->dropped, drop_counts_unref);
}

VmView *vm_view_ref(VmView *view)
{
    return g_atomic_rc_box_acquire(view);
}

void vm_view_unref(VmView *view)
{
    g_atomic_rc_box_release_full(view, view_clear);
}

static VmView *view_copy(const VmView *from)
{
    VmView *view = g_atomic_rc_box_new0(VmView);

    *view = *from;
    view->id = g_strdup(from->id);
    view->exit_message = g_strdup(from->exit_message);
    view->definition = definition_ref(from->definition);
    view->stats_json = NULL;
    view->stats = from->stats ? virt_stats_ref(from->stats) : NULL;
    view->dropped = from->dropped ? drop_counts_ref(from->dropped) : NULL;
    return view;
}

static void view_publish(Vm *vm, VmView *view)
{
    vm_view_unref(vm->view);
    vm->view = view;
}

Vm *vm_new(Definition *definition)
{
    Vm *vm = g_new0(Vm, 1);

    vm->view = g_atomic_rc_box_new0(VmView);
    vm->view->id = g_strdup(definition->vm_id);
    vm->view->definition = definition_ref(definition);
    vm->view->state_time = g_get_real_time();
    vm->touched = g_get_monotonic_time();
    return vm;
}

void vm_free(Vm *vm)
{
    vm_view_unref(vm->view);
    g_free(vm);
}

gboolean vm_set_state(Vm *vm, VmState state)
{
    VmView *view;

    vm->touched = g_get_monotonic_time();
    if (vm->view->state == state)
        return FALSE;
    view = view_copy(vm->view);
    view->state = state;
    view->state_time = g_get_real_time();
    if (state == VM_UP && view->start_time == 0)
        view->start_time = view->state_time;
    view_publish(vm, view);
    return TRUE;
}

gboolean vm_set_down(Vm *vm, VmExit exit, const char *message)
{
    VmView *view;

    if (vm->view->state == VM_DOWN)
        return FALSE;
    view = view_copy(vm->view);
    view->state = VM_DOWN;
    view->state_time = g_get_real_time();
    view->exit = exit;
    view->exit_message = g_strdup(message ? message : vm_exit_text(exit.reason));
    g_clear_pointer(&view->stats, virt_stats_unref);
    g_clear_pointer(&view->dropped, drop_counts_unref);
    view_publish(vm, view);
    return TRUE;
}

gboolean vm_set_definition(Vm *vm, Definition *definition)
{
    gboolean changed = strcmp(vm->view->definition->hash, definition->hash) != 0;
    VmView *view = view_copy(vm->view);

    definition_unref(view->definition);
    view->definition = definition_ref(definition);
    view_publish(vm, view);
    return changed;
}

void vm_set_stats(Vm *vm, VirtStats *stats, DropCounts *dropped)
{
    VmView *view = view_copy(vm->view);

    g_clear_pointer(&view->stats, virt_stats_unref);
    view->stats = virt_stats_ref(stats);
    g_clear_pointer(&view->dropped, drop_counts_unref);
    view->dropped = dropped ? drop_counts_ref(dropped) : NULL;
    view_publish(vm, view);
}
