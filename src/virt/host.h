/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/connection.h"

/* What libvirt says about the host it runs on. */
typedef struct {
    char *libvirt_version;    /* "9.0.0" */
    char *hypervisor_version; /* likewise, NULL when the driver does not say */
    char *hostname;
    char *uuid; /* the host's, or NULL */
    char *cpu_model;
    guint cpus, mhz, sockets, cores, threads; /* cores per socket, threads per core */
    guint64 memory;                           /* KiB */
    gboolean has_kvm;
} VirtHost;

void virt_host_free(VirtHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtHost, virt_host_free)

/* Blocks. */
VirtHost *virt_host_read(Virt *virt, GError **error);
