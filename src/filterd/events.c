/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "filterd/filterd-private.h"

/* What the kernel tells of devices, against what is bound. By the time it is heard it may be over,
 * so each event only says where to look. */

/* A device keeps its filter under another name. */
static void note_name(Port *port, const char *name)
{
    const char *called = strcmp(name, port->binding->port) == 0 ? NULL : name;

    if (g_strcmp0(called, port->called) == 0)
        return;
    g_free(port->called);
    port->called = g_strdup(called);
    log_info("port=%s ifindex=%u is called %s now", port->binding->port, port->ifindex, name);
}

/* The device has another name, and there is a new one of the binding's: the old one, which may be a
 * guest's still, keeps the filter that it has. */
static void leave_behind(Filterd *filterd, Port *port)
{
    char *problem = g_strdup_printf("device %u is filtered as port %s was, but is called "
                                    "otherwise now: it stays so",
                                    port->ifindex, port->binding->port);

    log_warning("%s", problem);
    g_ptr_array_add(filterd->state_problems, problem);
    filterd_port_lost(filterd, port);
}

static void appeared(const char *name, guint ifindex, gpointer data)
{
    Filterd *filterd = data;
    Port *port = ports_lookup(filterd->ports, name);
    Port *other = ports_lookup_device(filterd->ports, ifindex);

    if (other && (!port || port == other))
        note_name(other, name);
    if (!port || port->ifindex == ifindex || port->state == FILTERD_LEAVING ||
        !link_is(ifindex, name))
        return;
    if (other) { /* of that number before, or renamed: the binding goes by the name */
        log_warning("port=%s ifindex=%u is called %s now", other->binding->port, ifindex, name);
        filterd_port_lost(filterd, other);
    }
    if (port->ifindex > 0 && link_exists(port->ifindex))
        leave_behind(filterd, port);
    else if (port->ifindex > 0)
        filterd_port_vanished(filterd, port);
    filterd_port_appeared(filterd, port, ifindex);
}

static void vanished(guint ifindex, gpointer data)
{
    Filterd *filterd = data;
    Port *port = ports_lookup_device(filterd->ports, ifindex);

    if (!port)
        return;
    if (!link_is(ifindex, port->binding->port)) {
        filterd_port_vanished(filterd, port);
        return;
    }
    /* A device of that number and name is another one's successor: bound by now, if it has hooks.
     */
    if (datapath_is_attached(filterd->datapath, ifindex) || port->state == FILTERD_LEAVING)
        return;
    filterd_port_vanished(filterd, port);
    filterd_port_appeared(filterd, port, ifindex);
}

static void hook_changed(guint ifindex, gpointer data)
{
    Filterd *filterd = data;
    Port *port = ports_lookup_device(filterd->ports, ifindex);

    if (port)
        filterd_guard(filterd, port);
}

/* Events were lost: look at everything. */
static void overrun(gpointer data)
{
    Filterd *filterd = data;
    g_autoptr(GPtrArray) ports = ports_sorted(filterd->ports);

    filterd->overruns++;
    log_warning("ports=%u events of devices were lost; looking at every port", ports->len);
    for (guint i = 0; i < ports->len; i++) {
        Port *port = ports->pdata[i];
        g_autofree char *name = g_strdup(port->binding->port);
        const guint ifindex = link_index(name);

        if (port->ifindex > 0 && port->ifindex != ifindex)
            vanished(port->ifindex, filterd);
        if (ifindex > 0)
            appeared(name, ifindex, filterd);
        if (ifindex > 0)
            hook_changed(ifindex, filterd);
    }
}

const LinksEvents filterd_links_events = {appeared, vanished, hook_changed, overrun};
