/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "filterd/filterd-private.h"

/*
 * Hooks that someone else took away are put back. Of clsact the kernel tells when it goes; a tcx
 * link goes without a word, so now and then all are looked at, a few at a time: some ms of work a
 * second at most.
 */

#define AUDIT_MS 250
#define AUDIT_PORTS 64

void filterd_guard(Filterd *filterd, Port *port)
{
    g_autoptr(GError) error = NULL;

    if (port->ifindex == 0 || datapath_is_attached(filterd->datapath, port->ifindex) ||
        !link_is(port->ifindex, port->binding->port))
        return;
    if (!datapath_attach(filterd->datapath, port->ifindex, &error)) {
        port_set_problem(
            port, g_strdup_printf("not filtered: its hook was taken away: %s", error->message));
        log_error("port=%s ifindex=%u %s", port->binding->port, port->ifindex, port->problem);
        return;
    }
    filterd->hooks_restored++;
    log_warning("port=%s ifindex=%u its hook was taken away by someone and is back",
                port->binding->port, port->ifindex);
}

/* Of maps and programs. What cannot be put back is told by every look at problems. */
static void guard_pins(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;
    guint restored;
    const gboolean was_well = filterd->pins_problem == NULL;

    g_clear_pointer(&filterd->pins_problem, g_free);
    if (!datapath_restore_pins(filterd->datapath, &restored, &error))
        filterd->pins_problem = g_strdup_printf("pins cannot be put back: %s", error->message);
    if (filterd->pins_problem && was_well)
        log_error("%s", filterd->pins_problem);
    if (restored == 0)
        return;
    filterd->pins_restored += restored;
    log_warning("pins=%u were taken away by someone and are back", restored);
}

static GPtrArray *names_of(const Ports *ports)
{
    g_autoptr(GPtrArray) all = ports_all(ports);
    GPtrArray *names = g_ptr_array_new_full(all->len, g_free);

    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(names, g_strdup(((const Port *)all->pdata[i])->binding->port));
    return names;
}

static gboolean audit(gpointer data)
{
    Filterd *filterd = data;

    guard_pins(filterd);
    if (!filterd->audited || filterd->audited->len == 0) {
        g_clear_pointer(&filterd->audited, g_ptr_array_unref);
        filterd->audited = names_of(filterd->ports);
    }
    for (guint i = 0; i < AUDIT_PORTS && filterd->audited->len > 0; i++) {
        g_autofree char *name = g_ptr_array_steal_index_fast(filterd->audited, 0);
        Port *port = ports_lookup(filterd->ports, name);

        if (port)
            filterd_guard(filterd, port);
    }
    return G_SOURCE_CONTINUE;
}

void filterd_audit_begin(Filterd *filterd)
{
    filterd->audit = g_timeout_add(AUDIT_MS, audit, filterd);
}

void filterd_audit_end(Filterd *filterd)
{
    if (filterd->audit > 0)
        g_source_remove(filterd->audit);
    g_clear_pointer(&filterd->audited, g_ptr_array_unref);
}
