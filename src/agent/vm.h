/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/definition.h"
#include "agent/drop-counts.h"
#include "virt/stats.h"

/*
 * A VM as the agent knows it.
 *
 * VmView is the report: immutable, replaced as a whole on every change and shared by reference, so
 * that a worker can turn a thousand of them into JSON while the main loop goes on. Vm is the record
 * that owns the newest view; only the main loop touches it.
 */

typedef enum {
    VM_WAIT_FOR_LAUNCH, /* accepted, waits for its turn */
    VM_POWERING_UP,     /* libvirt is starting it */
    VM_UP,
    VM_PAUSED,
    VM_POWERING_DOWN,
    VM_REBOOT_IN_PROGRESS,
    VM_DOWN, /* kept, with the reason, until VM.destroy */
    VM_STATE_COUNT,
} VmState;

/* VDSM's words. */
const char *vm_state_name(VmState state);

/* Why a VM went down, in VDSM's numbers (vmexitreason). */
typedef enum {
    VM_EXIT_SUCCESS = 0,
    VM_EXIT_GENERIC_ERROR = 1,
    VM_EXIT_LOST_QEMU = 2,
    VM_EXIT_MIGRATED = 4,
    VM_EXIT_SAVED = 5,
    VM_EXIT_ADMIN_SHUTDOWN = 6,
    VM_EXIT_USER_SHUTDOWN = 7,
    VM_EXIT_DOMAIN_MISSING = 9,
} VmExitReason;

typedef struct {
    int code; /* 0: as it should be, 1: an error */
    VmExitReason reason;
} VmExit;

/* How libvirt's reason reads; shutdown_asked: VM.shutdown was called. */
VmExit vm_exit_from_stop(VirtStop stop, gboolean shutdown_asked);
const char *vm_exit_text(VmExitReason reason);

typedef struct {
    char *id;
    VmState state;
    gint64 state_time; /* us since 1970 */
    gint64 start_time; /* likewise, when this agent first saw it running */
    VmExit exit;       /* while down */
    char *exit_message;
    Definition *definition;
    VirtStats *stats;    /* NULL before the first sample */
    DropCounts *dropped; /* NULL where there is no tapwalld to ask */
    char *stats_json;    /* view-json.c's, made by whoever needs it first */
} VmView;

VmView *vm_view_ref(VmView *view);
void vm_view_unref(VmView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmView, vm_view_unref)

typedef struct {
    VmView *view;
    gint64 touched;          /* monotonic us of the last change of state: older samples are void */
    gboolean creating;       /* virDomainCreateXML is on its way; its own result decides */
    gboolean destroying;     /* VM.destroy is on its way */
    gboolean shutdown_asked; /* VM.shutdown was called */
    gboolean stopped;        /* libvirt said so while creating; stop says why */
    VirtStop stop;
} Vm;

/* A record in state WaitForLaunch; takes a reference of definition. */
Vm *vm_new(Definition *definition);
void vm_free(Vm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vm, vm_free)

/* Each publishes a new view. Return whether anything changed that an event should tell. */
gboolean vm_set_state(Vm *vm, VmState state);
gboolean vm_set_down(Vm *vm, VmExit exit,
                     const char *message); /* message NULL: the reason's text */
gboolean vm_set_definition(Vm *vm, Definition *definition);
/* dropped may be NULL. */
void vm_set_stats(Vm *vm, VirtStats *stats, DropCounts *dropped);
