/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "filterd/filterd-private.h"

/*
 * Finding what the last process left: files of bindings, and rows and hooks in the kernel. What is
 * in force stays so until the same, made from the files, takes its place; what has no file, or none
 * that can be read, stays as it is and is reported. Nothing is opened.
 */

/* Takes the text. A line each: what is wrong with XML is told in several. */
static void report(Filterd *filterd, char *text)
{
    log_warning("%s", g_strdelimit(text, "\n", ' '));
    g_ptr_array_add(filterd->state_problems, text);
}

/* ---- files ---- */

/* Something was bound to the port, nobody can say what. Without a row its hooks let nothing pass.
 */
static void keep_closed(Filterd *filterd, const char *name, guint ifindex, const char *problem)
{
    g_autoptr(GError) error = NULL;

    report(filterd, g_strdup_printf("port %s: what it was bound to cannot be read, so it stays as "
                                    "it is in the kernel, or closed: %s",
                                    name, problem));
    if (ifindex > 0 && !datapath_is_attached(filterd->datapath, ifindex) &&
        !datapath_attach(filterd->datapath, ifindex, &error))
        report(filterd, g_strdup_printf("port %s: cannot be closed: %s", name, error->message));
}

static void found_file(Filterd *filterd, const char *name, Binding *binding, const GError *problem,
                       FilterdPortState state)
{
    const guint ifindex = link_index(name);
    g_autoptr(GError) error = NULL;
    Port *port = binding ? port_new(binding, filterd->encapsulation, &error) : NULL;

    if (!port) {
        keep_closed(filterd, name, ifindex, (problem ? problem : error)->message);
        return;
    }
    filterd_recall(filterd, port);
    ports_add(filterd->ports, port);
    if (ifindex > 0 && !ports_lookup_device(filterd->ports, ifindex)) {
        ports_set_device(filterd->ports, port, ifindex);
        port_set_state(port, state);
    }
}

static void found_bound(const char *name, Binding *binding, const GError *problem, gpointer data)
{
    found_file(data, name, binding, problem, FILTERD_FILTERED);
}

/* Its grace time begins anew. When it is bound by now, or its device is gone, it has ended. */
static void found_leaving(const char *name, Binding *binding, const GError *problem, gpointer data)
{
    Filterd *filterd = data;
    Port *port;

    if (ports_lookup(filterd->ports, name) || link_index(name) == 0) {
        (void)state_dir_remove(filterd->state, STATE_LEAVING, name,
                               NULL); /* or at the next start */
        return;
    }
    found_file(filterd, name, binding, problem, FILTERD_LEAVING);
    port = ports_lookup(filterd->ports, name);
    if (port)
        grace_begin(filterd->grace, port);
}

/* ---- rows without a file ---- */

static void found_row(Filterd *filterd, guint ifindex)
{
    if (ports_lookup_device(filterd->ports, ifindex))
        return;
    if (link_exists(ifindex) && datapath_is_attached(filterd->datapath, ifindex)) {
        report(filterd, g_strdup_printf("device %u is filtered, but nothing readable says how it "
                                        "should be: it stays so",
                                        ifindex));
        return;
    }
    (void)filterd_release(filterd, ifindex,
                          NULL); /* of a device that is gone: harmless if it stays */
}

static void find_rows(Filterd *filterd)
{
    g_autoptr(GArray) rows = datapath_ports(filterd->datapath);

    for (guint i = 0; i < rows->len; i++)
        found_row(filterd, g_array_index(rows, guint, i));
}

/* ---- in force again ---- */

static GPtrArray *filtered_ports(const Filterd *filterd)
{
    g_autoptr(GPtrArray) ports = ports_sorted(filterd->ports);
    GPtrArray *filtered = g_ptr_array_sized_new(ports->len);

    for (guint i = 0; i < ports->len; i++)
        if (((Port *)ports->pdata[i])->state == FILTERD_FILTERED)
            g_ptr_array_add(filtered, ports->pdata[i]);
    return filtered;
}

static GHashTable *numbers_of_rows(const Filterd *filterd)
{
    g_autoptr(GArray) rows = datapath_ports(filterd->datapath);
    GHashTable *numbers = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < rows->len; i++)
        g_hash_table_add(numbers, GUINT_TO_POINTER(g_array_index(rows, guint, i)));
    return numbers;
}

static gboolean change_ports(Filterd *filterd, const GPtrArray *ports, GError **error)
{
    Change *change = change_prepare(filterd->datapath, filterd->ruleset, ports, error);

    return change && change_commit(change, error);
}

/* One by one, after all together did not work: who cannot have its filter keeps what it has. */
static void change_each(Filterd *filterd, const GPtrArray *ports)
{
    g_autoptr(GHashTable) rows = numbers_of_rows(filterd);

    for (guint i = 0; i < ports->len; i++) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        Port *port = ports->pdata[i];

        g_ptr_array_add(one, port);
        if (change_ports(filterd, one, &error))
            continue;
        port_set_problem(
            port, g_strdup_printf(g_hash_table_contains(rows, GUINT_TO_POINTER(port->ifindex))
                                      ? "what was in force before stays: %s"
                                      : "nothing passes: %s",
                                  error->message));
        log_warning("port=%s ifindex=%u %s", port->binding->port, port->ifindex, port->problem);
    }
}

static void attach_each(Filterd *filterd, const GPtrArray *ports)
{
    for (guint i = 0; i < ports->len; i++) {
        Port *port = ports->pdata[i];
        g_autoptr(GError) error = NULL;

        if (datapath_is_attached(filterd->datapath, port->ifindex) ||
            datapath_attach(filterd->datapath, port->ifindex, &error))
            continue;
        port_set_problem(port, g_strdup_printf("not filtered: %s", error->message));
        log_error("port=%s ifindex=%u %s", port->binding->port, port->ifindex, port->problem);
    }
}

/* After an upgrade, when all that is bound is filtered by us. */
static void drop_older(Filterd *filterd)
{
    const guint left = datapath_drop_older(filterd->datapath);

    if (left > 0)
        report(filterd, g_strdup_printf("%u hooks of an older tapwalld are on devices that nothing "
                                        "is bound to: they stay",
                                        left));
}

gboolean filterd_start(Filterd *filterd, GError **error)
{
    g_autoptr(GPtrArray) ports = NULL;
    g_autoptr(GError) problem = NULL;

    if (!state_dir_read(filterd->state, STATE_BOUND, found_bound, filterd, error) ||
        !state_dir_read(filterd->state, STATE_LEAVING, found_leaving, filterd, error))
        return FALSE;
    if (datapath_damage(filterd->datapath))
        report(filterd, g_strdup_printf("what was pinned was not whole, and is made anew: %s",
                                        datapath_damage(filterd->datapath)));
    find_rows(filterd);
    ports = filtered_ports(filterd);
    if (!change_ports(filterd, ports, &problem))
        change_each(filterd, ports);
    attach_each(filterd, ports);
    drop_older(filterd);
    sweeper_want(filterd->sweeper);
    return TRUE;
}
