/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "filterd/counts.h"
#include "filterd/filterd-private.h"

/* ---- looking ---- */

Port *filterd_bound(const Filterd *filterd, const char *name)
{
    Port *port = ports_lookup(filterd->ports, name);

    return port && port_is_bound(port) ? port : NULL;
}

gpointer filterd_no_binding(const char *name, GError **error)
{
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING,
                "no nwfilter binding for port dev '%s'", name);
    return NULL;
}

GPtrArray *filterd_bindings(const Filterd *filterd)
{
    g_autoptr(GPtrArray) ports = ports_sorted(filterd->ports);
    GPtrArray *bindings = g_ptr_array_sized_new(ports->len);

    for (guint i = 0; i < ports->len; i++)
        if (port_is_bound(ports->pdata[i]))
            g_ptr_array_add(bindings, ((Port *)ports->pdata[i])->binding);
    return bindings;
}

const Binding *filterd_binding_lookup(const Filterd *filterd, const char *name, GError **error)
{
    const Port *port = filterd_bound(filterd, name);

    return port ? port->binding : filterd_no_binding(name, error);
}

char *filterd_binding_xml(const Filterd *filterd, const Binding *binding)
{
    const Port *port = filterd_bound(filterd, binding->port);
    g_autoptr(Variables) variables =
        port && port->state != FILTERD_WAITING ? port_variables(port, NULL) : NULL;

    return binding_format(binding, variables);
}

/* ---- problems of the start ---- */

/* What was found wrong at the start, with these words first, is over. */
static void forget_problems(Filterd *filterd, const char *begin)
{
    for (guint i = filterd->state_problems->len; i > 0; i--)
        if (g_str_has_prefix(filterd->state_problems->pdata[i - 1], begin))
            g_ptr_array_remove_index(filterd->state_problems, i - 1);
}

/* With the port's file, or with a device that had no port. */
static void forget_port_problems(Filterd *filterd, const char *name, guint ifindex)
{
    g_autofree char *of_port = g_strdup_printf("port %s: ", name);
    g_autofree char *of_device = g_strdup_printf("device %u ", ifindex);

    forget_problems(filterd, of_port);
    if (ifindex > 0)
        forget_problems(filterd, of_device);
}

/* ---- create ---- */

/* The device has its row and its hooks, or neither. */
static gboolean attach(Filterd *filterd, guint ifindex, GError **error)
{
    if (datapath_attach(filterd->datapath, ifindex, error))
        return TRUE;
    (void)filterd_release(filterd, ifindex,
                          NULL); /* as far as it had come; the first error counts */
    return FALSE;
}

gboolean filterd_put_in_force(Filterd *filterd, Port *port, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    Change *change;

    g_ptr_array_add(one, port);
    change = change_prepare(filterd->datapath, filterd->ruleset, one, error);
    return change && change_commit(change, error) && attach(filterd, port->ifindex, error);
}

/* The device that the new binding is to filter is nobody else's: what its number or the port's
 * name says otherwise is of a device that is gone, and its event on the way. */
static void clear_the_way(Filterd *filterd, const char *name, guint ifindex)
{
    Port *leaving = ports_lookup(filterd->ports, name), *other;

    if (leaving && leaving->ifindex != ifindex)
        filterd_port_vanished(filterd, leaving);
    other = ifindex > 0 ? ports_lookup_device(filterd->ports, ifindex) : NULL;
    if (other && other != ports_lookup(filterd->ports, name))
        filterd_port_vanished(filterd, other);
}

/* From the old filter to the new one without a gap; when it fails the old one stays. */
static gboolean take_over(Filterd *filterd, Port *port, Port *leaving, guint ifindex,
                          GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(Change) change = NULL;

    port->ifindex = ifindex; /* for the change alone: the device is still the other's */
    g_ptr_array_add(one, port);
    change = change_prepare(filterd->datapath, filterd->ruleset, one, error);
    port->ifindex = 0;
    if (!change || !state_dir_save(filterd->state, port->binding, error))
        return FALSE;
    /* In this order: what fails leaves the old filter in force. */
    if (!datapath_attach(filterd->datapath, ifindex, error) ||
        !change_commit(g_steal_pointer(&change), error)) {
        (void)state_dir_remove(filterd->state, STATE_BOUND, port->binding->port, NULL);
        return FALSE;
    }
    (void)state_dir_remove(filterd->state, STATE_LEAVING, port->binding->port, NULL); /* the other
                                                                         one counts at a start */
    grace_end(filterd->grace, leaving);
    ports_remove(filterd->ports, leaving);
    return TRUE;
}

static gboolean put_new(Filterd *filterd, Port *port, guint ifindex, GError **error)
{
    if (!state_dir_save(filterd->state, port->binding, error))
        return FALSE;
    port->ifindex = ifindex;
    if (ifindex == 0 || filterd_put_in_force(filterd, port, error)) {
        port->ifindex = 0;
        return TRUE;
    }
    (void)state_dir_remove(filterd->state, STATE_BOUND, port->binding->port, NULL);
    return FALSE;
}

static Port *create(Filterd *filterd, Binding *binding, GError **error)
{
    const guint ifindex = link_index(binding->port);
    g_autoptr(Port) port = port_new(binding, filterd->encapsulation, error);
    Port *leaving;

    if (!port)
        return NULL;
    clear_the_way(filterd, binding->port, ifindex);
    leaving = ports_lookup(filterd->ports, binding->port);
    port->heard_from = (guint64)g_get_monotonic_time() * 1000;
    filterd_inherit(filterd, port, leaving);
    if (!(leaving ? take_over(filterd, port, leaving, ifindex, error)
                  : put_new(filterd, port, ifindex, error)))
        return NULL;
    if (leaving)
        sweeper_want(filterd->sweeper);
    ports_add(filterd->ports, port);
    ports_set_device(filterd->ports, port, ifindex);
    port_set_state(port, ifindex > 0 ? port_judged_state(port) : FILTERD_WAITING);
    filterd_keep_learned(filterd, port);
    return g_steal_pointer(&port);
}

const Binding *filterd_binding_create(Filterd *filterd, const char *xml, gsize length,
                                      GError **error)
{
    g_autoptr(Binding) binding = binding_parse(xml, length, error);
    const Port *port;

    if (!binding)
        return NULL;
    if (filterd_bound(filterd, binding->port)) {
        g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_OPERATION_FAILED,
                    "binding '%s' already exists", binding->port);
        return NULL;
    }
    port = create(filterd, binding, error);
    if (!port)
        return NULL;
    forget_port_problems(filterd, binding->port, port->ifindex);
    log_info("port=%s ifindex=%u filter=%s %s", binding->port, port->ifindex, binding->filter,
             port->state == FILTERD_WAITING    ? "bound; waiting for the device"
             : port->state == FILTERD_LEARNING ? "bound; learning its address"
                                               : "bound");
    return port->binding;
}

/* ---- delete ---- */

/* Not there any more, nor on disk. */
static void forget(Filterd *filterd, Port *port, StateKind kind)
{
    g_autoptr(GError) error = NULL;

    if (!state_dir_remove(filterd->state, kind, port->binding->port, &error))
        log_warning("port=%s its file stays: %s", port->binding->port, error->message);
    filterd_forget_learned(filterd, port);
    grace_end(filterd->grace, port);
    ports_remove(filterd->ports, port);
}

gboolean filterd_binding_delete(Filterd *filterd, const char *name, GError **error)
{
    Port *port = filterd_bound(filterd, name);
    g_autoptr(GError) problem = NULL;

    if (!port) {
        filterd_no_binding(name, error);
        return FALSE;
    }
    log_info("port=%s deleted", name);
    if (port->ifindex == 0) {
        forget(filterd, port, STATE_BOUND);
        return TRUE;
    }
    if (!state_dir_leave(filterd->state, name, &problem))
        log_warning("port=%s would be bound again after a restart: %s", name, problem->message);
    port_set_state(port, FILTERD_LEAVING);
    grace_begin(filterd->grace, port);
    return TRUE;
}

/* ---- what time brings ---- */

gboolean filterd_release(Filterd *filterd, guint ifindex, GError **error)
{
    gboolean good = datapath_detach(filterd->datapath, ifindex, error) &&
                    datapath_unbind(filterd->datapath, ifindex, error);

    sweeper_want(filterd->sweeper);
    return good;
}

void filterd_grace_over(Port *port, gpointer data)
{
    Filterd *filterd = data;
    g_autofree char *name = g_strdup(port->binding->port);
    const gboolean is_leaving = port->state == FILTERD_LEAVING;
    g_autoptr(GError) error = NULL;

    if (port->ifindex > 0 && !filterd_release(filterd, port->ifindex, &error)) {
        log_warning("port=%s stays filtered: %s", name, error->message);
        grace_begin(filterd->grace, port);
        return;
    }
    if (is_leaving) /* should it not have been moved */
        (void)state_dir_remove(filterd->state, STATE_BOUND, name, NULL);
    forget(filterd, port, is_leaving ? STATE_LEAVING : STATE_BOUND);
    log_info("port=%s %s", name,
             is_leaving ? "not filtered any more" : "forgotten: its device is gone");
}

void filterd_port_lost(Filterd *filterd, Port *port)
{
    log_info("port=%s ifindex=%u device gone", port->binding->port, port->ifindex);
    counts_keep(filterd->datapath, port);
    g_clear_pointer(&port->shape, shape_unref);
    ports_set_device(filterd->ports, port, 0);
    if (port->state == FILTERD_LEAVING) {
        forget(filterd, port, STATE_LEAVING);
        return;
    }
    if (!learning_has_leases(port->binding))
        filterd_forget_learned(filterd, port); /* who comes next may have another one */
    port_set_state(port, FILTERD_GONE);
    grace_begin(filterd->grace, port);
}

void filterd_port_vanished(Filterd *filterd, Port *port)
{
    g_autoptr(GError) error = NULL;

    counts_keep(filterd->datapath, port);
    if (!filterd_release(filterd, port->ifindex, &error))
        log_warning("port=%s ifindex=%u its row stays: %s", port->binding->port, port->ifindex,
                    error->message);
    filterd_port_lost(filterd, port);
}

void filterd_port_appeared(Filterd *filterd, Port *port, guint ifindex)
{
    const gint64 begin = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    grace_end(filterd->grace, port);
    ports_set_device(filterd->ports, port, ifindex);
    port->heard_from = (guint64)begin * 1000;
    port_set_state(port, FILTERD_FILTERED);
    if (filterd_put_in_force(filterd, port, &error)) {
        forget_port_problems(filterd, port->binding->port, ifindex);
        log_info("port=%s ifindex=%u device appeared; filtered %.2f ms after that was heard",
                 port->binding->port, ifindex, (double)(g_get_monotonic_time() - begin) / 1000);
        return;
    }
    port_set_problem(port, g_strdup_printf("nothing passes: %s", error->message));
    log_warning("port=%s ifindex=%u %s", port->binding->port, ifindex, port->problem);
    g_clear_error(&error);
    if (!datapath_attach(filterd->datapath, ifindex, &error))
        log_warning("port=%s ifindex=%u cannot even be closed: %s", port->binding->port, ifindex,
                    error->message);
}
