/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/connection.h"

/*
 * Domains, named by UUID string, and their devices. Everything here blocks (connection.h). XML goes
 * in and out as libvirt's text; its meaning is the agent's business.
 */

typedef enum {
    VIRT_DOMAIN_RUNNING,
    VIRT_DOMAIN_PAUSED,
    VIRT_DOMAIN_SHUTTING_DOWN,
    VIRT_DOMAIN_OFF,
} VirtDomainState;

typedef struct {
    char *uuid;
    char *xml; /* live, with secrets left out */
    VirtDomainState state;
} VirtDomain;

void virt_domain_free(VirtDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtDomain, virt_domain_free)

/* All running domains, ours or not. */
GPtrArray *virt_domains(Virt *virt, GError **error); /* of VirtDomain */
VirtDomain *virt_domain_read(Virt *virt, const char *uuid, GError **error);

/* Starts a transient domain: it is gone when it stops. */
gboolean virt_domain_create(Virt *virt, const char *xml, GError **error);

/* Asks QEMU to end first, then kills it. */
gboolean virt_domain_destroy(Virt *virt, const char *uuid, GError **error);
gboolean virt_domain_shutdown(Virt *virt, const char *uuid, GError **error);
gboolean virt_domain_reboot(Virt *virt, const char *uuid, GError **error);

gboolean virt_device_attach(Virt *virt, const char *uuid, const char *xml, GError **error);
/* Asks the guest to give the device back; VIRT_EVENT_DEVICE_REMOVED says when it has. */
gboolean virt_device_detach(Virt *virt, const char *uuid, const char *alias, GError **error);
gboolean virt_device_update(Virt *virt, const char *uuid, const char *xml, GError **error);

/* Replaces the domain's metadata element of namespace uri by xml (prefix is used to print it). */
gboolean virt_domain_set_metadata(Virt *virt, const char *uuid, const char *xml, const char *prefix,
                                  const char *uri, GError **error);
