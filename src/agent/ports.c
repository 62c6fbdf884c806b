/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ports.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "agent/binding-xml.h"
#include "agent/tap.h"
#include "virt/binding.h"

/* ---- binding ---- */

static gboolean bind_prefix(GError **error, const Nic *nic)
{
    g_prefix_error(error, "cannot bind the NIC %s to the filter %s: ", nic->mac, nic->filter);
    return FALSE;
}

/* Done as well when there was none. */
static gboolean unbind(Virt *filters, const char *port, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (virt_binding_delete(filters, port, &reason) ||
        g_error_matches(reason, VIRT_ERROR, VIRT_ERROR_NO_BINDING))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

/* A binding of that name which is still there was an earlier tap's, or is the NIC's older one. */
static gboolean bind_anew(const PortOwner *owner, const Nic *nic, GError **error)
{
    g_autofree char *xml = binding_xml(owner->vm_id, owner->vm_name, nic);
    g_autoptr(GError) reason = NULL;

    if (virt_binding_create(owner->filters, xml, &reason))
        return TRUE;
    if (g_error_matches(reason, VIRT_ERROR, VIRT_ERROR_OPERATION_FAILED) &&
        unbind(owner->filters, nic->device, NULL)) {
        g_clear_error(&reason);
        if (virt_binding_create(owner->filters, xml, &reason))
            return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&reason));
    return bind_prefix(error, nic);
}

/* tapwalld keeps a deleted binding's filter in force for a while, and takes one that is created in
 * the meantime in its place: so nothing passes unfiltered in between. When the new one is refused
 * the old one is put back the same way; when that fails too the port must leave its network. */
static gboolean rebind(const PortOwner *owner, const Nic *nic, const char *old, GError **error)
{
    g_autofree char *xml = binding_xml(owner->vm_id, owner->vm_name, nic);
    g_autoptr(GError) back = NULL;

    if (!unbind(owner->filters, nic->device, error))
        return bind_prefix(error, nic);
    if (virt_binding_create(owner->filters, xml, error))
        return TRUE;
    if (!virt_binding_create(owner->filters, old, &back)) {
        gboolean left = link_leave(nic->device, NULL);
        g_prefix_error(error,
                       "going back failed too (%s), so it is %s its network: ", back->message,
                       left ? "out of" : "still in");
    }
    return bind_prefix(error, nic);
}

/* ---- a new port ---- */

static void port_close(Virt *filters, const char *port)
{
    /* tapwalld forgets the binding of a tap that is gone by itself; a tap that cannot be removed is
     * found by its name, later. */
    (void)unbind(filters, port, NULL);
    (void)link_remove(port, NULL);
}

gboolean port_open(const PortOwner *owner, const Nic *nic, GError **error)
{
    if (!tap_make(nic->mac, owner->vm_id, error))
        return FALSE;
    if ((!nic->filter || bind_anew(owner, nic, error)) &&
        link_join(nic->device, nic->bridge, error))
        return TRUE;
    port_close(owner->filters, nic->device);
    return FALSE;
}

gboolean ports_open(const PortOwner *owner, const Definition *definition, GError **error)
{
    for (guint i = 0; i < definition->nics->len; i++) {
        const Nic *nic = definition->nics->pdata[i];
        if (!nic->own_tap || port_open(owner, nic, error))
            continue;
        (void)ports_tidy(owner->filters, owner->vm_id, NULL, NULL); /* the error is the first one */
        return FALSE;
    }
    return TRUE;
}

/* ---- a port that is there ---- */

/* Unbound and in a network is what must not be: out first, then bound. */
static gboolean bind_missing(const PortOwner *owner, const Nic *nic, const Link *link,
                             GError **error)
{
    return ((link->master == 0 && !link->is_up) || link_leave(nic->device, error)) &&
           bind_anew(owner, nic, error);
}

static gboolean filter_settle(const PortOwner *owner, const Nic *nic, const Link *link,
                              gboolean anew, const char **done, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *old = virt_binding_xml(owner->filters, nic->device, &reason);

    if (!old && !g_error_matches(reason, VIRT_ERROR, VIRT_ERROR_NO_BINDING)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    if (old && nic->filter && !anew && binding_xml_is(old, nic))
        return TRUE;
    if (!old && !nic->filter)
        return TRUE;
    if (!nic->filter)
        *done = "its filter was taken off";
    else if (old)
        *done = "its filter was changed";
    else
        *done = "it was unbound, and was out of its network until it was bound";
    return !nic->filter ? unbind(owner->filters, nic->device, error)
           : old        ? rebind(owner, nic, old, error)
                        : bind_missing(owner, nic, link, error);
}

static gboolean bridge_settle(const Nic *nic, const char **done, GError **error)
{
    g_autoptr(Link) link = NULL;

    if (!link_read(nic->device, &link, error))
        return FALSE;
    if (link && link->is_up && link->master != 0 && link->master == if_nametoindex(nic->bridge))
        return TRUE;
    if (!*done)
        *done = "it joined its network";
    return link_join(nic->device, nic->bridge, error);
}

gboolean port_settle(const PortOwner *owner, const Nic *nic, gboolean anew, const char **done,
                     GError **error)
{
    g_autoptr(Link) link = NULL;

    *done = NULL;
    if (!link_read(nic->device, &link, error))
        return FALSE;
    if (!link) {
        g_set_error(error, LINK_ERROR, ENODEV, "the tap %s is gone: plug the NIC %s anew",
                    nic->device, nic->mac);
        return FALSE;
    }
    return filter_settle(owner, nic, link, anew, done, error) && bridge_settle(nic, done, error);
}

/* ---- ports that nobody has any more ---- */

static gboolean is_wanted(const Definition *definition, const char *port)
{
    for (guint i = 0; definition && i < definition->nics->len; i++) {
        const Nic *nic = definition->nics->pdata[i];
        if (nic->own_tap && g_strcmp0(nic->device, port) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean ports_tidy(Virt *filters, const char *vm_id, const Definition *definition, GError **error)
{
    g_autoptr(GPtrArray) links = links_read(error);

    for (guint i = 0; links && i < links->len; i++) {
        const Link *link = links->pdata[i];
        if (g_strcmp0(tap_vm(link), vm_id) == 0 && !link->has_carrier &&
            !is_wanted(definition, link->name))
            port_close(filters, link->name);
    }
    return links != NULL;
}
