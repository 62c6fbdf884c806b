/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/ruleset.h"

#include "decide/pass.h"

#define SHAPES_MAX 64 /* kept for the next port, of one filter */

struct Ruleset {
    Catalogue *catalogue;
    GHashTable *filters; /* name -> Resolved */
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
    return ruleset;
}

void ruleset_free(Ruleset *ruleset)
{
    g_hash_table_unref(ruleset->filters);
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

/* ---- shapes ---- */

/* What the instructions depend on, beside the plan. */
static GBytes *shape_key(const Plan *plan, const PlanValues *values, Encapsulation encapsulation)
{
    g_autofree guint *lengths = g_new0(guint, plan->n_slots + 1);

    for (guint slot = 0; slot < plan->n_slots; slot++)
        (void)plan_values_get(values, slot, &lengths[slot]);
    lengths[plan->n_slots] = encapsulation;
    return g_bytes_new(lengths, (plan->n_slots + 1) * sizeof *lengths);
}

static Shape *shape_of(Resolved *resolved, const PlanValues *values, Encapsulation encapsulation,
                       GError **error)
{
    g_autoptr(GBytes) key = shape_key(resolved->plan, values, encapsulation);
    Shape *shape = g_hash_table_lookup(resolved->shapes, key);
    g_autoptr(IrProgram) out = NULL, in = NULL;

    if (shape)
        return shape;
    if (!(out = ir_build_optimized(resolved->plan, PLAN_FROM_VM, values, error)) ||
        !(in = ir_build_optimized(resolved->plan, PLAN_TO_VM, values, error)) ||
        !(shape = shape_new(out, in, encapsulation, error)))
        return NULL;
    if (g_hash_table_size(resolved->shapes) >= SHAPES_MAX)
        g_hash_table_remove_all(resolved->shapes); /* ports have those that they use */
    g_hash_table_insert(resolved->shapes, g_steal_pointer(&key), shape);
    return shape;
}

gboolean ruleset_prepare(Ruleset *ruleset, const char *filter, const Variables *variables,
                         Encapsulation encapsulation, PortRules *rules, GError **error)
{
    Resolved *resolved = resolve(ruleset, filter, error);
    g_autoptr(PlanValues) values = resolved ? plan_bind(resolved->plan, variables, error) : NULL;
    Shape *shape = values ? shape_of(resolved, values, encapsulation, error) : NULL;
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

void port_rules_clear(PortRules *rules)
{
    g_clear_pointer(&rules->shape, shape_unref);
    g_clear_pointer(&rules->bindings[PLAN_FROM_VM], ir_binding_free);
    g_clear_pointer(&rules->bindings[PLAN_TO_VM], ir_binding_free);
}
