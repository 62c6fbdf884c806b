/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "filterd/filterd-private.h"

/*
 * Hooks that someone else took away are put back. Of clsact the kernel tells when it goes, of a tcx
 * link whose pin goes the folder of pins does; one that is detached, or gets another program, goes
 * without a word. So all devices are asked in turn, some at a time: each once in 2 seconds if that
 * takes no more than a fiftieth of a CPU, else in a longer time.
 */

#define AUDIT_MS 100
#define TURN_US 2000
#define ROUND_MS 2000
#define ROUND_MS_MAX 20000 /* whatever it takes */
#define AGAIN_MS 5
#define AGAIN_TRIES 200

#define TAKEN "not filtered: its hook was taken away"

static gboolean try_again(gpointer data)
{
    Filterd *filterd = data;
    g_autoptr(GPtrArray) names = g_steal_pointer(&filterd->unhooked);

    filterd->again = 0;
    for (guint i = 0; i < names->len; i++) {
        Port *port = ports_lookup(filterd->ports, names->pdata[i]);

        if (port)
            filterd_guard(filterd, port);
    }
    return G_SOURCE_REMOVE;
}

/* A link that lost its pin goes a moment later, and ours cannot be in its place before. */
static gboolean is_tried_again(Filterd *filterd, Port *port, const GError *error)
{
    if (!g_error_matches(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY) ||
        port->hook_tries >= AGAIN_TRIES)
        return FALSE;
    port->hook_tries++;
    if (!filterd->unhooked)
        filterd->unhooked = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(filterd->unhooked, g_strdup(port->binding->port));
    if (filterd->again == 0)
        filterd->again = g_timeout_add(AGAIN_MS, try_again, filterd);
    return TRUE;
}

void filterd_guard(Filterd *filterd, Port *port)
{
    g_autoptr(GError) error = NULL;

    if (port->ifindex == 0 || datapath_is_attached(filterd->datapath, port->ifindex) ||
        !link_is(port->ifindex, port->binding->port))
        return;
    if (!datapath_attach(filterd->datapath, port->ifindex, &error)) {
        if (is_tried_again(filterd, port, error))
            return;
        port_set_problem(port, g_strdup_printf(TAKEN ": %s", error->message));
        log_error("port=%s ifindex=%u %s", port->binding->port, port->ifindex, port->problem);
        return;
    }
    port->hook_tries = 0;
    if (port->problem && g_str_has_prefix(port->problem, TAKEN))
        port_set_problem(port, NULL);
    filterd->hooks_restored++;
    log_warning("port=%s ifindex=%u its hook was taken away by someone and is back",
                port->binding->port, port->ifindex);
}

/* Of maps and programs. What cannot be put back is told by every look at problems. */
void filterd_guard_pins(Filterd *filterd)
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

/* The kernel finds a device in one of 256 lists, by its number: who asks list by list finds them in
 * the CPU's caches, which with thousands of devices is half of the time. */
static int compare_devices(gconstpointer a, gconstpointer b)
{
    const guint left = *(const guint *)a, right = *(const guint *)b;
    const guint list = left % 256, other = right % 256;

    if (list != other)
        return list < other ? -1 : 1;
    return left < right ? -1 : left > right;
}

static GArray *devices_of(const Ports *ports)
{
    g_autoptr(GPtrArray) all = ports_all(ports);
    GArray *devices = g_array_sized_new(FALSE, FALSE, sizeof(guint), all->len);

    for (guint i = 0; i < all->len; i++)
        g_array_append_val(devices, ((const Port *)all->pdata[i])->ifindex);
    g_array_sort(devices, compare_devices);
    return devices;
}

/* Of those of this round. */
static void look_at_next(Filterd *filterd)
{
    const guint last = filterd->audited->len - 1;
    const guint ifindex = g_array_index(filterd->audited, guint, last);
    Port *port = ports_lookup_device(filterd->ports, ifindex);

    g_array_set_size(filterd->audited, last);
    if (port && !datapath_is_judged(filterd->datapath, ifindex))
        filterd_guard(filterd, port);
}

static gboolean audit(gpointer data)
{
    Filterd *filterd = data;
    const gint64 end = g_get_monotonic_time() + TURN_US;
    const guint size = ports_size(filterd->ports), share = size / (ROUND_MS / AUDIT_MS) + 1,
                least = size / (ROUND_MS_MAX / AUDIT_MS) + 1;

    filterd_guard_pins(filterd);
    if (!filterd->audited || filterd->audited->len == 0) {
        g_clear_pointer(&filterd->audited, g_array_unref);
        filterd->audited = devices_of(filterd->ports);
    }
    for (guint i = 0; i < share && filterd->audited->len > 0; i++) {
        if (i >= least && g_get_monotonic_time() >= end)
            break;
        look_at_next(filterd);
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
    g_clear_pointer(&filterd->audited, g_array_unref);
    if (filterd->again > 0)
        g_source_remove(filterd->again);
    g_clear_pointer(&filterd->unhooked, g_ptr_array_unref);
}
