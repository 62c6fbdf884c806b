/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/host.h"

#include <string.h>

#include "virt/private.h"

void virt_host_free(VirtHost *host)
{
    g_free(host->libvirt_version);
    g_free(host->hypervisor_version);
    g_free(host->hostname);
    g_free(host->uuid);
    g_free(host->cpu_model);
    g_free(host);
}

/* libvirt's major * 1,000,000 + minor * 1,000 + release. */
static char *version_format(unsigned long version)
{
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* The text of the first <uuid> of the capabilities, which is the host's. */
static char *uuid_find(const char *capabilities)
{
    const char *start = strstr(capabilities, "<uuid>");

    return start ? g_strndup(start + strlen("<uuid>"), VIR_UUID_STRING_BUFLEN - 1) : NULL;
}

static void capabilities_read(VirtHost *host, virConnectPtr connection)
{
    char *capabilities = virConnectGetCapabilities(connection);

    if (!capabilities)
        return;
    host->uuid = uuid_find(capabilities);
    host->has_kvm = strstr(capabilities, "<domain type='kvm'") != NULL;
    free(capabilities);
}

VirtHost *virt_host_read(Virt *virt, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(VirtHost) host = g_new0(VirtHost, 1);
    virNodeInfo info;
    unsigned long version;

    if (!connection)
        return NULL;
    if (virConnectGetLibVersion(connection, &version) < 0 ||
        virNodeGetInfo(connection, &info) < 0) {
        virt_error_take(error);
        return NULL;
    }
    host->libvirt_version = version_format(version);
    if (virConnectGetVersion(connection, &version) == 0 && version > 0)
        host->hypervisor_version = version_format(version);
    host->hostname = virConnectGetHostname(connection);
    host->cpu_model = g_strndup(info.model, sizeof info.model);
    host->cpus = info.cpus;
    host->mhz = info.mhz;
    host->sockets = info.sockets;
    host->cores = info.cores;
    host->threads = info.threads;
    host->memory = info.memory;
    capabilities_read(host, connection);
    return g_steal_pointer(&host);
}
