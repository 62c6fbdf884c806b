/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/events.h"

#include "agent/takeover.h"
#include "agent/unplug.h"

static void on_started(Agent *agent, Vm *vm, const VirtEvent *event)
{
    if (vm && vm->creating)
        agent_vm_state(agent, vm, VM_POWERING_UP);
    else if (!vm || vm->view->state == VM_DOWN)
        takeover_one(agent, event->uuid);
}

static void on_state(Agent *agent, Vm *vm, const VirtEvent *event)
{
    static const VmState states[] = {
        [VIRT_EVENT_SUSPENDED] = VM_PAUSED,
        [VIRT_EVENT_RESUMED] = VM_UP,
        [VIRT_EVENT_SHUTTING_DOWN] = VM_POWERING_DOWN,
        [VIRT_EVENT_REBOOTED] = VM_REBOOT_IN_PROGRESS,
    };

    /* libvirt starts a VM paused and lets it go: that is part of creating it. */
    if (vm && !vm->creating && vm->view->state != VM_DOWN)
        agent_vm_state(agent, vm, states[event->kind]);
}

static void on_stopped(Agent *agent, Vm *vm, const VirtEvent *event)
{
    if (!vm)
        return;
    if (vm->creating) {
        vm->stopped = TRUE;
        vm->stop = event->stop;
        return;
    }
    agent_vm_down(agent, vm, vm_exit_from_stop(event->stop, vm->shutdown_asked), NULL);
}

static void on_device(Agent *agent, Vm *vm, const VirtEvent *event)
{
    if (vm)
        unplug_event(agent, vm, event->alias, event->kind == VIRT_EVENT_DEVICE_REMOVED);
}

void events_handle(const VirtEvent *event, gpointer data)
{
    static void (*const handlers[])(Agent *, Vm *, const VirtEvent *) = {
        [VIRT_EVENT_STARTED] = on_started,       [VIRT_EVENT_SUSPENDED] = on_state,
        [VIRT_EVENT_RESUMED] = on_state,         [VIRT_EVENT_SHUTTING_DOWN] = on_state,
        [VIRT_EVENT_STOPPED] = on_stopped,       [VIRT_EVENT_REBOOTED] = on_state,
        [VIRT_EVENT_DEVICE_REMOVED] = on_device, [VIRT_EVENT_DEVICE_KEPT] = on_device,
    };
    Agent *agent = data;

    handlers[event->kind](agent, agent_vm(agent, event->uuid), event);
}
