/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/change.h"

#include "datapath/error.h"
#include "filterd/counts.h"
#include "nwfilter/error.h"

/* One port and what it is to get. */
typedef struct {
    Port *port;
    PortRules rules;
    Learning learning;
    FilterdFrames frames; /* until now */
} Step;

struct Change {
    Datapath *datapath;
    GArray *steps; /* of Step */
    DatapathChange *rows;
};

static void step_clear(gpointer step)
{
    port_rules_clear(&((Step *)step)->rules);
}

void change_abandon(Change *change)
{
    datapath_abandon(change->rows);
    g_array_unref(change->steps);
    g_free(change);
}

/* The filter of a port that lacks nothing but its address, which is still to be learned. Takes why
 * it has not its own, which is the error when nothing is to be learned. */
static gboolean learning_rules_of(Ruleset *ruleset, Step *step, RulesetPort *port, GError *problem,
                                  GError **error)
{
    const Binding *binding = step->port->binding;
    g_autoptr(GError) why = problem;
    g_autoptr(GPtrArray) missing = NULL;

    if (!g_error_matches(why, NWFILTER_ERROR, NWFILTER_ERROR_MISSING)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    missing = ruleset_missing(ruleset, port->filter, port->variables, error);
    if (!missing || !learning_choose(binding, missing, &step->learning, error))
        return FALSE;
    if (step->learning == LEARNING_OFF) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    port->tells = learning_has_leases(binding);
    return ruleset_prepare_learning(ruleset, port, step->learning,
                                    learning_servers(binding) != NULL, &step->rules, error);
}

static gboolean rules_of(Ruleset *ruleset, Step *step, GError **error)
{
    const Binding *binding = step->port->binding;
    g_autoptr(Variables) variables = port_variables(step->port, error);
    RulesetPort port = {binding->filter, variables, step->port->encapsulation,
                        addresses_size(step->port->addresses) > 0 && learning_has_leases(binding)};
    GError *problem = NULL;

    if (!variables)
        return FALSE;
    return ruleset_prepare(ruleset, &port, &step->rules, &problem) ||
           learning_rules_of(ruleset, step, &port, problem, error);
}

static gboolean add_port(Change *change, Ruleset *ruleset, Port *port, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Step step = {.port = port};

    if (rules_of(ruleset, &step, &problem)) {
        g_array_append_val(change->steps, step);
        return TRUE;
    }
    if (port->problem)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* What was replaced and still waits for its sweep may be what is missing. */
static DatapathChange *prepare_rows(Datapath *datapath, const GArray *rows, GError **error)
{
    const DatapathPort *ports = (const DatapathPort *)(gpointer)rows->data;
    g_autoptr(GError) problem = NULL;
    DatapathChange *change = datapath_prepare(datapath, ports, rows->len, &problem);
    guint64 retired;

    if (!change && g_error_matches(problem, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT)) {
        g_clear_error(&problem);
        retired = datapath_retire(datapath);
        if (datapath_wait_grace(NULL))
            (void)datapath_sweep(datapath, retired, G_MAXUINT);
        change = datapath_prepare(datapath, ports, rows->len, &problem);
    }
    if (!change)
        g_propagate_error(error, g_steal_pointer(&problem));
    return change;
}

static gboolean add_rows(Change *change, Datapath *datapath, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(DatapathPort));

    for (guint i = 0; i < change->steps->len; i++) {
        const Step *step = &g_array_index(change->steps, Step, i);
        const DatapathPort row = {step->port->ifindex,
                                  step->rules.shape,
                                  {step->rules.bindings[0], step->rules.bindings[1]},
                                  {step->rules.told[0], step->rules.told[1]}};
        g_array_append_val(rows, row);
    }
    change->rows = prepare_rows(datapath, rows, error);
    return change->rows != NULL;
}

Change *change_prepare(Datapath *datapath, Ruleset *ruleset, const GPtrArray *ports, GError **error)
{
    g_autoptr(Change) change = g_new0(Change, 1);

    change->datapath = datapath;
    change->steps = g_array_sized_new(FALSE, TRUE, sizeof(Step), ports->len);
    g_array_set_clear_func(change->steps, step_clear);
    for (guint i = 0; i < ports->len; i++) {
        if (add_port(change, ruleset, ports->pdata[i], error))
            continue;
        if (ports->len > 1 && error && *error) {
            char *text = g_strdup_printf("%s (port %s)", (*error)->message,
                                         ((const Port *)ports->pdata[i])->binding->port);
            g_free((*error)->message);
            (*error)->message = text;
        }
        return NULL;
    }
    return add_rows(change, datapath, error) ? g_steal_pointer(&change) : NULL;
}

/* What was found bound when the daemon began has names by now, if it is what it should be. A new
 * binding begins at nothing. */
static void read_counts(Step *step, Datapath *datapath, Counts *counts)
{
    Port *port = step->port;

    if (port->state != FILTERD_FILTERED && port->state != FILTERD_LEARNING)
        return;
    if (!port->shape && datapath_recognize(datapath, port->ifindex, step->rules.shape))
        port->shape = shape_ref(step->rules.shape);
    step->frames = counts_read(counts, port);
}

static void step_done(Step *step)
{
    Port *port = step->port;

    g_clear_pointer(&port->shape, shape_unref);
    port->shape = g_steal_pointer(&step->rules.shape);
    port->frames = step->frames;
    port_set_problem(port, NULL);
    port->learning = step->learning;
    port->is_behind = FALSE;
    if ((port->state == FILTERD_FILTERED || port->state == FILTERD_LEARNING) &&
        port->state != port_judged_state(port))
        port_set_state(port, port_judged_state(port));
}

static void read_all_counts(Change *change)
{
    g_auto(Counts) counts;

    counts_init(&counts, change->datapath, change->steps->len);
    for (guint i = 0; i < change->steps->len; i++)
        read_counts(&g_array_index(change->steps, Step, i), change->datapath, &counts);
}

gboolean change_commit(Change *change, GError **error)
{
    gboolean good;

    read_all_counts(change);
    good = datapath_commit(g_steal_pointer(&change->rows), error);
    for (guint i = 0; good && i < change->steps->len; i++)
        step_done(&g_array_index(change->steps, Step, i));
    change_abandon(change);
    return good;
}
