/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

/*
 * What VM.create asks for, checked: VDSM's dictionary, or a whole domain XML in its "xml".
 */
typedef struct {
    char *path, *format, *bus, *device; /* "/x.img", "raw", "virtio", "disk" */
    gboolean readonly;
} Disk;

typedef struct {
    char *vm_id, *name;
    guint64 memory_mib;
    guint vcpus;
    char *machine;                   /* "pc" */
    char *kernel, *initrd, *cmdline; /* NULL: boot from disk */
    char *serial_log;                /* file the serial console is written to, or NULL */
    GPtrArray *disks;                /* of Disk */
    GPtrArray *nics;                 /* of Nic */
    char *xml;                       /* instead of all the above but vm_id, or NULL */
} VmConfig;

/* Errors are RPC_ERROR: RPC_MISSING_PARAMETER with VDSM's texts, RPC_INVALID_PARAMETER. */
VmConfig *vm_config_from_json(const char *vm_id, JsonObject *params, GError **error);
void vm_config_free(VmConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmConfig, vm_config_free)

/* What the host has to say about every domain. */
typedef struct {
    const char *kind;     /* the domain type: "kvm", "qemu" */
    const char *emulator; /* NULL or "": libvirt's choice */
    gboolean own_taps;    /* NICs in bridges are put on taps of the agent's own (Nic.own_tap) */
} DomainHost;

/* The domain XML to start. A whole XML is taken as it is, but for own_taps, with our metadata
 * added. */
char *vm_config_to_xml(const VmConfig *config, const DomainHost *host, GError **error);
