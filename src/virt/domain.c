/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/domain.h"

#include <libvirt/virterror.h>

#include "virt/domain-private.h"

void virt_domain_free(VirtDomain *domain)
{
    g_free(domain->uuid);
    g_free(domain->xml);
    g_free(domain);
}

VirtDomainState virt_domain_state(int libvirt_state)
{
    static const VirtDomainState states[] = {
        [VIR_DOMAIN_NOSTATE] = VIRT_DOMAIN_RUNNING,
        [VIR_DOMAIN_RUNNING] = VIRT_DOMAIN_RUNNING,
        [VIR_DOMAIN_BLOCKED] = VIRT_DOMAIN_RUNNING,
        [VIR_DOMAIN_PAUSED] = VIRT_DOMAIN_PAUSED,
        [VIR_DOMAIN_SHUTDOWN] = VIRT_DOMAIN_SHUTTING_DOWN,
        [VIR_DOMAIN_SHUTOFF] = VIRT_DOMAIN_OFF,
        [VIR_DOMAIN_CRASHED] = VIRT_DOMAIN_PAUSED,
        [VIR_DOMAIN_PMSUSPENDED] = VIRT_DOMAIN_PAUSED,
    };

    return (guint)libvirt_state < G_N_ELEMENTS(states) ? states[libvirt_state] : VIRT_DOMAIN_OFF;
}

/* One domain being worked on: holds the connection it was looked up on. */
typedef struct {
    virConnectPtr connection;
    virDomainPtr domain;
} Handle;

static void handle_clear(Handle *handle)
{
    g_clear_pointer(&handle->domain, virDomainFree);
    g_clear_pointer(&handle->connection, virConnectClose);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Handle, handle_clear)

static gboolean handle_open(Handle *handle, Virt *virt, const char *uuid, GError **error)
{
    handle->connection = virt_connection(virt, error);
    if (!handle->connection)
        return FALSE;
    handle->domain = virDomainLookupByUUIDString(handle->connection, uuid);
    if (!handle->domain)
        virt_error_take(error);
    return handle->domain != NULL;
}

/* libvirt's "negative is failure". */
static gboolean result_check(int result, GError **error)
{
    if (result >= 0)
        return TRUE;
    virt_error_take(error);
    return FALSE;
}

static VirtDomain *domain_describe(virDomainPtr domain, GError **error)
{
    g_autoptr(VirtDomain) described = g_new0(VirtDomain, 1);
    char uuid[VIR_UUID_STRING_BUFLEN];
    int state;

    if (!result_check(virDomainGetUUIDString(domain, uuid), error) ||
        !result_check(virDomainGetState(domain, &state, NULL, 0), error))
        return NULL;
    described->uuid = g_strdup(uuid);
    described->state = virt_domain_state(state);
    described->xml = virDomainGetXMLDesc(domain, 0);
    if (!described->xml) {
        virt_error_take(error);
        return NULL;
    }
    return g_steal_pointer(&described);
}

static void domains_free(virDomainPtr *domains, int count)
{
    for (int i = 0; i < count; i++)
        (void)virDomainFree(domains[i]); /* fails only for a NULL domain */
    free(domains);
}

GPtrArray *virt_domains(Virt *virt, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(GPtrArray) described = NULL;
    virDomainPtr *domains = NULL;
    int count;

    if (!connection)
        return NULL;
    count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (!result_check(count, error))
        return NULL;
    described = g_ptr_array_new_with_free_func((GDestroyNotify)virt_domain_free);
    for (int i = 0; i < count; i++) {
        /* A domain that ended since it was listed is no failure of the list. */
        VirtDomain *one = domain_describe(domains[i], NULL);
        if (one)
            g_ptr_array_add(described, one);
    }
    domains_free(domains, count);
    return g_steal_pointer(&described);
}

VirtDomain *virt_domain_read(Virt *virt, const char *uuid, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) ? domain_describe(handle.domain, error) : NULL;
}

gboolean virt_domain_create(Virt *virt, const char *xml, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    g_autoptr(virDomain) domain = NULL;

    if (!connection)
        return FALSE;
    domain = virDomainCreateXML(connection, xml, 0);
    return result_check(domain ? 0 : -1, error);
}

gboolean virt_domain_destroy(Virt *virt, const char *uuid, GError **error)
{
    g_auto(Handle) handle = {0};

    if (!handle_open(&handle, virt, uuid, error))
        return FALSE;
    if (virDomainDestroyFlags(handle.domain, VIR_DOMAIN_DESTROY_GRACEFUL) == 0)
        return TRUE;
    return result_check(virDomainDestroy(handle.domain), error);
}

gboolean virt_domain_shutdown(Virt *virt, const char *uuid, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) &&
           result_check(virDomainShutdown(handle.domain), error);
}

gboolean virt_domain_reboot(Virt *virt, const char *uuid, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) &&
           result_check(virDomainReboot(handle.domain, 0), error);
}

gboolean virt_device_attach(Virt *virt, const char *uuid, const char *xml, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) &&
           result_check(virDomainAttachDeviceFlags(handle.domain, xml, VIR_DOMAIN_AFFECT_LIVE),
                        error);
}

gboolean virt_device_detach(Virt *virt, const char *uuid, const char *alias, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) &&
           result_check(virDomainDetachDeviceAlias(handle.domain, alias, VIR_DOMAIN_AFFECT_LIVE),
                        error);
}

gboolean virt_device_update(Virt *virt, const char *uuid, const char *xml, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) &&
           result_check(virDomainUpdateDeviceFlags(handle.domain, xml, VIR_DOMAIN_AFFECT_LIVE),
                        error);
}

gboolean virt_domain_set_metadata(Virt *virt, const char *uuid, const char *xml, const char *prefix,
                                  const char *uri, GError **error)
{
    g_auto(Handle) handle = {0};

    return handle_open(&handle, virt, uuid, error) &&
           result_check(virDomainSetMetadata(handle.domain, VIR_DOMAIN_METADATA_ELEMENT, xml,
                                             prefix, uri, VIR_DOMAIN_AFFECT_LIVE),
                        error);
}
