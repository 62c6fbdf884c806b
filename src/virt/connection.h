/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "virt/error.h"

/*
 * The connection to libvirt: opened in a worker, reopened with backoff for as long as it takes,
 * with its events delivered on the default main context.
 *
 * Every other function of this room takes a Virt and blocks until libvirt answers: call them in a
 * worker. They may run in any number of threads at once; without a connection they fail with
 * VIRT_ERROR_UNREACHABLE at once.
 */
typedef struct Virt Virt;

typedef enum {
    VIRT_EVENT_STARTED,
    VIRT_EVENT_SUSPENDED,
    VIRT_EVENT_RESUMED,
    VIRT_EVENT_SHUTTING_DOWN, /* the guest has begun to power off */
    VIRT_EVENT_STOPPED,       /* the domain is gone; stop says why */
    VIRT_EVENT_REBOOTED,
    VIRT_EVENT_DEVICE_REMOVED, /* alias says which */
    VIRT_EVENT_DEVICE_KEPT,    /* the guest refused to give alias back */
} VirtEventKind;

typedef enum {
    VIRT_STOP_SHUTDOWN,  /* the guest powered itself off */
    VIRT_STOP_DESTROYED, /* somebody destroyed it */
    VIRT_STOP_CRASHED,   /* guest panic */
    VIRT_STOP_MIGRATED,
    VIRT_STOP_SAVED,
    VIRT_STOP_FAILED, /* the hypervisor process died */
} VirtStop;

typedef struct {
    VirtEventKind kind;
    const char *uuid;
    VirtStop stop;
    const char *alias; /* NULL where the kind has none */
} VirtEvent;

/* All called on the default main context. connected also after every reconnect. */
typedef struct {
    void (*connected)(gpointer data);
    void (*lost)(const GError *reason, gpointer data); /* once per loss or first failed attempt */
    void (*event)(const VirtEvent *event, gpointer data);
} VirtHandlers;

/* A connection to uri, kept open from virt_start() to virt_free(). Registers libvirt's event loop
 * on GLib, which must precede any other libvirt call of the process. */
Virt *virt_new(const char *uri, const VirtHandlers *handlers, gpointer data);
void virt_start(Virt *virt);

/* A connection opened now, blocking, for tools: no events, no reconnecting. */
Virt *virt_open(const char *uri, GError **error);

/* No connection kept: each call opens one of its own and closes it, as libvirt's own drivers do
 * with its filter daemon, so that none is ever found dead after that daemon's restart. Cannot fail.
 */
Virt *virt_on_demand(const char *uri);

/* No handler is called any more. Must run when no thread uses virt. */
void virt_free(Virt *virt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Virt, virt_free)

gboolean virt_is_connected(Virt *virt);
const char *virt_uri(const Virt *virt);
