/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/ruleset.h"

#include <string.h>

#include "decide/pass.h"
#include "nwfilter/resolve.h"

#define SHAPES_MAX 64 /* kept for the next port, of one filter */

struct Ruleset {
    Catalogue *catalogue;
    GHashTable *filters;  /* name -> Resolved */
    GHashTable *learning; /* likewise, of learning_filter(); shared */
};

/* A filter resolved, and what it was compiled to by the lengths of the lists. */
typedef struct {
    Plan *plan;
    GHashTable *shapes; /* GBytes -> Shape */
} Resolved;

static Resolved *resolved_new(Plan *plan)
{
    Resolved *resolved = g_rc_box_new(Resolved);

    resolved->plan = plan;
    resolved->shapes = g_hash_table_new_full(
        g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, (GDestroyNotify)shape_unref);
    return resolved;
}

static void resolved_clear(gpointer data)
{
    Resolved *resolved = data;

    plan_unref(resolved->plan);
    g_hash_table_unref(resolved->shapes);
}

static void resolved_unref(gpointer resolved)
{
    g_rc_box_release_full(resolved, resolved_clear);
}

Ruleset *ruleset_new(Catalogue *catalogue)
{
    Ruleset *ruleset = g_new0(Ruleset, 1);

    ruleset->catalogue = catalogue;
    ruleset->filters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, resolved_unref);
    ruleset->learning = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, resolved_unref);
    return ruleset;
}

void ruleset_free(Ruleset *ruleset)
{
    g_hash_table_unref(ruleset->filters);
    g_hash_table_unref(ruleset->learning);
    catalogue_free(ruleset->catalogue);
    g_free(ruleset);
}

/* A filter that includes a changed one, before the change or after it, is not known any more. */
static void forget_dependents(GHashTable *filters, const Catalogue *catalogue, const char *changed)
{
    g_autofree const char **dependents = catalogue_dependents(catalogue, changed);

    g_hash_table_remove(filters, changed);
    for (const char **name = dependents; *name; name++)
        g_hash_table_remove(filters, *name);
}

Ruleset *ruleset_next(const Ruleset *before, Catalogue *catalogue, const char *const *changed)
{
    Ruleset *ruleset = ruleset_new(catalogue);
    GHashTableIter iterator;
    gpointer name, resolved;

    g_hash_table_unref(ruleset->learning);
    ruleset->learning = g_hash_table_ref(before->learning);
    g_hash_table_iter_init(&iterator, before->filters);
    while (g_hash_table_iter_next(&iterator, &name, &resolved))
        g_hash_table_insert(ruleset->filters, g_strdup(name), g_rc_box_acquire(resolved));
    for (; *changed; changed++) {
        forget_dependents(ruleset->filters, before->catalogue, *changed);
        forget_dependents(ruleset->filters, catalogue, *changed);
    }
    return ruleset;
}

const Catalogue *ruleset_catalogue(const Ruleset *ruleset)
{
    return ruleset->catalogue;
}

static Resolved *resolve(Ruleset *ruleset, const char *filter, GError **error)
{
    Resolved *resolved = g_hash_table_lookup(ruleset->filters, filter);
    Plan *plan = resolved ? NULL : catalogue_resolve(ruleset->catalogue, filter, error);

    if (!plan)
        return resolved;
    resolved = resolved_new(plan);
    g_hash_table_insert(ruleset->filters, g_strdup(filter), resolved);
    return resolved;
}

/* Our own text, so that what is wrong with it is our bug. */
static Plan *learning_plan(const char *text)
{
    g_autoptr(GError) error = NULL;
    Filter *filter = filter_parse(text, strlen(text), NULL, NULL, &error);
    Plan *plan;

    g_assert_no_error(error);
    plan = plan_resolve(filter, NULL, NULL, &error);
    g_assert_no_error(error);
    filter_unref(filter);
    return plan;
}

static Resolved *resolve_learning(Ruleset *ruleset, Learning learning, gboolean has_servers)
{
    g_autofree char *text = learning_filter(learning, has_servers);
    Resolved *resolved = g_hash_table_lookup(ruleset->learning, text);

    if (resolved)
        return resolved;
    resolved = resolved_new(learning_plan(text));
    g_hash_table_insert(ruleset->learning, g_steal_pointer(&text), resolved);
    return resolved;
}

GPtrArray *ruleset_missing(Ruleset *ruleset, const char *filter, const Variables *variables,
                           GError **error)
{
    const Resolved *resolved = resolve(ruleset, filter, error);

    return resolved ? plan_missing(resolved->plan, variables) : NULL;
}

/* ---- shapes ---- */

/* What the instructions depend on, beside the plan. */
static GBytes *shape_key(const Plan *plan, const PlanValues *values, const RulesetPort *port)
{
    g_autofree guint *lengths = g_new0(guint, plan->n_slots + 2);

    for (guint slot = 0; slot < plan->n_slots; slot++)
        (void)plan_values_get(values, slot, &lengths[slot]);
    lengths[plan->n_slots] = port->encapsulation;
    lengths[plan->n_slots + 1] = (guint)port->tells;
    return g_bytes_new(lengths, (plan->n_slots + 2) * sizeof *lengths);
}

static Shape *shape_of(Resolved *resolved, const PlanValues *values, const RulesetPort *port,
                       GError **error)
{
    g_autoptr(GBytes) key = shape_key(resolved->plan, values, port);
    Shape *shape = g_hash_table_lookup(resolved->shapes, key);
    g_autoptr(IrProgram) out = NULL, in = NULL;

    if (shape)
        return shape;
    if (!(out = ir_build_optimized(resolved->plan, PLAN_FROM_VM, values, error)) ||
        !(in = ir_build_optimized(resolved->plan, PLAN_TO_VM, values, error)) ||
        !(shape =
              (port->tells ? shape_new_telling : shape_new)(out, in, port->encapsulation, error)))
        return NULL;
    if (g_hash_table_size(resolved->shapes) >= SHAPES_MAX)
        g_hash_table_remove_all(resolved->shapes); /* ports have those that they use */
    g_hash_table_insert(resolved->shapes, g_steal_pointer(&key), shape);
    return shape;
}

/* ---- ports ---- */

static gboolean prepare(Resolved *resolved, const RulesetPort *port, PortRules *rules,
                        GError **error)
{
    g_autoptr(PlanValues) values = plan_bind(resolved->plan, port->variables, error);
    Shape *shape = values ? shape_of(resolved, values, port, error) : NULL;
    g_auto(PortRules) made = {0};

    if (!shape)
        return FALSE;
    made.shape = shape_ref(shape);
    for (guint way = 0; way < PLAN_N_TREES; way++) {
        made.bindings[way] = ir_bind(shape_program(shape, way), values, error);
        if (!made.bindings[way])
            return FALSE;
    }
    *rules = made;
    made = (PortRules){0};
    return TRUE;
}

gboolean ruleset_prepare(Ruleset *ruleset, const RulesetPort *port, PortRules *rules,
                         GError **error)
{
    Resolved *resolved = resolve(ruleset, port->filter, error);

    return resolved && prepare(resolved, port, rules, error);
}

/* Rules with the comment that says so stand one after the other. */
static void find_told(const IrProgram *program, guint told[2])
{
    for (guint i = 0; i < program->origins->len; i++) {
        const char *comment = g_array_index(program->origins, IrOrigin, i).comment;

        if (g_strcmp0(comment, LEARNING_COMMENT) != 0)
            continue;
        told[0] = told[1] > 0 ? told[0] : i;
        told[1] = i;
    }
}

gboolean ruleset_prepare_learning(Ruleset *ruleset, const RulesetPort *port, Learning learning,
                                  gboolean has_servers, PortRules *rules, GError **error)
{
    Resolved *resolved = resolve_learning(ruleset, learning, has_servers);

    if (!prepare(resolved, port, rules, error))
        return FALSE;
    find_told(shape_program(rules->shape, PLAN_FROM_VM), rules->told);
    return TRUE;
}

void port_rules_clear(PortRules *rules)
{
    g_clear_pointer(&rules->shape, shape_unref);
    g_clear_pointer(&rules->bindings[PLAN_FROM_VM], ir_binding_free);
    g_clear_pointer(&rules->bindings[PLAN_TO_VM], ir_binding_free);
}
