/* SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cli/tapwall/filters.h"
#include "datapath/datapath.h"
#include "stock.h"

/*
 * A port that the data path filters, for the comparison with libvirt's: DEVICE, of the network
 * namespace it is started in. It does what each line of standard input says and answers "ok" or
 * what went wrong, as one line:
 *
 *   bind FILTER [--filters=DIR…] [--var=NAME=VALUE…]   the filter is in force, no connection known
 *   forget                                             no connection is known any more
 *
 * When standard input ends, the port is not filtered any more.
 *
 * usage: port PINS DEVICE opaque|inspect
 */

typedef struct {
    Datapath *datapath;
    guint ifindex;
    Encapsulation encapsulation;
    Bound bound; /* shape NULL: none */
} Port;

static gboolean port_put(Port *port, GError **error)
{
    const DatapathPort row = {
        port->ifindex, port->bound.shape, {port->bound.bindings[0], port->bound.bindings[1]}};
    DatapathChange *change = datapath_prepare(port->datapath, &row, 1, error);

    return change && datapath_commit(change, error);
}

/* Connections go with the port that they are of. */
static gboolean port_forget(Port *port, GError **error)
{
    guint n_expired;

    return datapath_unbind(port->datapath, port->ifindex, error) &&
           datapath_expire_flows(port->datapath, &n_expired, error) && port_put(port, error);
}

static gboolean port_sweep(Port *port, GError **error)
{
    guint64 retired = datapath_retire(port->datapath);

    if (!datapath_wait_grace(error))
        return FALSE;
    g_assert_true(datapath_sweep(port->datapath, retired, G_MAXUINT));
    return TRUE;
}

static gboolean port_take(Port *port, FilterOptions *options, const char *operand, GError **error)
{
    Filter *filter = filter_options_read(options, operand, NULL, error);
    g_autoptr(Plan) plan = filter ? filter_options_resolve(options, filter, error) : NULL;
    g_autoptr(Variables) variables = plan ? filter_options_variables(options, error) : NULL;
    g_autoptr(PlanValues) values = variables ? plan_bind(plan, variables, error) : NULL;
    Bound old = port->bound;

    if (!values)
        return FALSE;
    bound_init(&port->bound, plan, values, port->encapsulation);
    if (old.shape)
        bound_clear(&old);
    return port_put(port, error) && port_forget(port, error) && port_sweep(port, error);
}

static gboolean port_bind(Port *port, const char *line, GError **error)
{
    g_auto(FilterOptions) options = {0};
    GOptionContext *context = g_option_context_new("FILTER");
    g_auto(GStrv) words = NULL;
    gboolean good;

    filter_options_add(&options, context);
    good = g_shell_parse_argv(line, NULL, &words, error) &&
           g_option_context_parse_strv(context, &words, error) &&
           port_take(port, &options, words[1], error);
    g_option_context_free(context);
    return good;
}

static gboolean port_line(Port *port, const char *line, GError **error)
{
    if (strcmp(line, "forget") == 0)
        return port_forget(port, error);
    if (g_str_has_prefix(line, "bind "))
        return port_bind(port, line, error);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "unknown line '%s'", line);
    return FALSE;
}

static void port_serve(Port *port)
{
    g_autofree char *line = NULL;
    size_t size = 0;
    ssize_t length;

    while ((length = getline(&line, &size, stdin)) > 1) {
        g_autoptr(GError) error = NULL;

        line[length - 1] = '\0';
        puts(port_line(port, line, &error) ? "ok" : error->message);
        (void)fflush(stdout); /* who reads it is gone: the next read ends */
    }
}

static gboolean port_run(Port *port, const char *pins, GError **error)
{
    const DatapathConfig config = {.pins = pins, .ports = DATAPATH_PORTS};

    port->datapath = datapath_open(&config, error);
    if (!port->datapath || !datapath_attach(port->datapath, port->ifindex, error))
        return FALSE;
    port_serve(port);
    return datapath_detach(port->datapath, port->ifindex, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Port port = {0};
    gboolean good;

    g_assert_cmpint(argc, ==, 4);
    port.ifindex = if_nametoindex(argv[2]);
    port.encapsulation =
        strcmp(argv[3], "opaque") == 0 ? ENCAPSULATION_OPAQUE : ENCAPSULATION_INSPECT;
    good = port_run(&port, argv[1], &error);
    if (!good)
        fprintf(stderr, "port: %s\n", error->message);
    if (port.datapath)
        datapath_close(port.datapath);
    if (port.bound.shape)
        bound_clear(&port.bound);
    return good ? 0 : 1;
}
