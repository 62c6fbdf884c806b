/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/events.h"
#include "engine/lane.h"

/* VMs as they are configured. What they do is in commands.c and vm-state.c. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define MEMORY_DEFAULT (1024 * MIB) /* oVirt's */
#define MEMORY_MAX (G_GUINT64_CONSTANT(16) << 40)
#define VCPUS_MAX 512
#define CMDLINE_MAX 4096

static gboolean refuse(GError **error, const char *verb, const char *text)
{
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT, "Cannot %s VM. %s", verb, text);
}

static gboolean is_text(const char *text, gsize max)
{
    return !text || (strlen(text) <= max && g_utf8_validate(text, -1, NULL));
}

static gboolean check_size(const Vm *vm, const char *verb, GError **error)
{
    if (vm->memory < MIB || vm->memory > MEMORY_MAX || vm->memory % MIB)
        return refuse(error, verb, "Memory size must be 1 MiB to 16 TiB, a multiple of 1 MiB.");
    if (vm->vcpus < 1 || vm->vcpus > VCPUS_MAX)
        return refuse(error, verb, "The number of CPUs must be 1 to 512.");
    return TRUE;
}

static gboolean check_boot(const Vm *vm, const char *verb, GError **error)
{
    if (!vm->kernel && (vm->initrd || vm->cmdline))
        return refuse(error, verb,
                      "Kernel path must not be empty if an initrd path or kernel "
                      "parameters are given.");
    if (!is_text(vm->cmdline, CMDLINE_MAX) || (vm->cmdline && strpbrk(vm->cmdline, "\r\n")))
        return refuse(error, verb, "Kernel parameters must be one line of at most 4096 bytes.");
    return path_check(vm->kernel, "kernel", verb, "VM", error) &&
           path_check(vm->initrd, "initrd", verb, "VM", error) &&
           path_check(vm->disk, "disk", verb, "VM", error) &&
           path_check(vm->serial_log, "serial_log", verb, "VM", error);
}

static gboolean check_cluster(Engine *engine, const Vm *vm, const char *verb, GError **error)
{
    if (!vm->cluster_id)
        return refuse(error, verb, "A Cluster must be given.");
    g_autoptr(Cluster) cluster = store_cluster(engine->store, vm->cluster_id, error);
    return cluster || engine_reference(error, "Cluster");
}

static gboolean vm_check(Engine *engine, const Vm *vm, const char *verb, GError **error)
{
    return name_check(vm->name, verb, "VM", error) &&
           description_check(vm->description, verb, "VM", error) && check_size(vm, verb, error) &&
           check_boot(vm, verb, error) && check_cluster(engine, vm, verb, error);
}

/* The configured part of from, as a VM of its own. */
static Vm *vm_configuration(const Vm *from)
{
    Vm *vm = vm_new();
    vm->id = g_strdup(from->id);
    vm->name = g_strdup(from->name);
    vm->description = g_strdup(from->description);
    vm->cluster_id = g_strdup(from->cluster_id);
    vm->memory = from->memory ? from->memory : MEMORY_DEFAULT;
    vm->vcpus = from->vcpus ? from->vcpus : 1;
    vm->kernel = g_strdup(from->kernel);
    vm->initrd = g_strdup(from->initrd);
    vm->cmdline = g_strdup(from->cmdline);
    vm->disk = g_strdup(from->disk);
    vm->serial_log = g_strdup(from->serial_log);
    return vm;
}

Vm *engine_vm_add(Engine *engine, const Actor *actor, const Vm *wish, GError **error)
{
    g_autoptr(Vm) vm = vm_configuration(wish);
    if (!vm_check(engine, vm, "add", error))
        return NULL;
    g_free(vm->id);
    vm->id = g_uuid_string_random();
    vm->status_time = g_get_real_time() / G_USEC_PER_SEC;
    if (!store_vm_insert(engine->store, vm, error)) {
        name_conflict(error, "add", "VM");
        return NULL;
    }
    EventSubject subject = {.actor = actor, .vm = vm};
    if (!event_add(engine, EVENT_VM_ADDED, &subject, error))
        return NULL;
    return g_steal_pointer(&vm);
}

/* Keeps what has happened since the caller read it: the dynamic part is never taken from the wish.
 */
static void take_dynamic(Vm *vm, const Vm *stored)
{
    vm->status = stored->status;
    vm->host_id = g_strdup(stored->host_id);
    vm->exit_message = g_strdup(stored->exit_message);
    vm->status_time = stored->status_time;
    vm->start_time = stored->start_time;
    vm->stop_requested = stored->stop_requested;
}

/* Whether nothing but the description differs: all that may change while the VM runs. */
static gboolean same_hardware(const Vm *a, const Vm *b)
{
    return !g_strcmp0(a->name, b->name) && !g_strcmp0(a->cluster_id, b->cluster_id) &&
           a->memory == b->memory && a->vcpus == b->vcpus && !g_strcmp0(a->kernel, b->kernel) &&
           !g_strcmp0(a->initrd, b->initrd) && !g_strcmp0(a->cmdline, b->cmdline) &&
           !g_strcmp0(a->disk, b->disk) && !g_strcmp0(a->serial_log, b->serial_log);
}

gboolean engine_vm_update(Engine *engine, const Actor *actor, const Vm *wish, GError **error)
{
    g_autoptr(Vm) stored = engine_vm(engine, wish->id, error);
    g_autoptr(Vm) vm = vm_configuration(wish);
    if (!stored || !vm_check(engine, vm, "edit", error))
        return FALSE;
    if (stored->status != VM_DOWN && !same_hardware(vm, stored))
        return engine_refuse(error, ENGINE_ERROR_CONFLICT, "Cannot edit VM. VM is running.");
    take_dynamic(vm, stored);
    if (!store_vm_update(engine->store, vm, error))
        return name_conflict(error, "edit", "VM");
    EventSubject subject = {.actor = actor, .vm = vm};
    return event_add(engine, EVENT_VM_UPDATED, &subject, error);
}

gboolean engine_vm_remove(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Vm) vm = engine_vm(engine, id, error);
    if (!vm)
        return FALSE;
    if (vm->status != VM_DOWN)
        return engine_refuse(error, ENGINE_ERROR_CONFLICT, "Cannot remove VM. VM is running.");
    EventSubject subject = {.actor = actor, .vm = vm};
    if (!store_vm_remove(engine->store, id, error))
        return engine_translate(error);
    lane_forget(engine, id);
    return event_add(engine, EVENT_VM_REMOVED, &subject, error);
}
