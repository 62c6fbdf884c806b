/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/resolve.h"

#include <string.h>

#include "nwfilter/plan-private.h"

/*
 * Three steps: collect walks the includes and turns each rule into a PlanRule, with its variables
 * as slots; order builds the two trees and the inet list; then the owner is handed out.
 */

typedef struct {
    PlanOwner *owner;
    FilterLookup lookup;
    gpointer data;
    GPtrArray *path;    /* of Filter: the includes around the present filter, outermost first */
    GPtrArray *scopes;  /* of Variables: parameters of those filterrefs, outermost first */
    GArray *rules;      /* of PlanRule */
    GPtrArray *origins; /* of Filter, one for each rule */
    GArray *slots;      /* of PlanSlot */
    guint n_includes;
} Resolver;

static GError *limit(const Filter *filter, guint line, const char *what, guint most)
{
    GError *error = nwfilter_error_new(
        NWFILTER_ERROR_LIMIT, 1, "filter '%s' %s: expected at most %u", filter->name, what, most);

    nwfilter_error_set_place(error, filter->name, line);
    return error;
}

/* ---- slots ---- */

/* The values that the outermost filterref gives the name; NULL when none does. */
static const char *const *scope_lookup(const Resolver *resolver, const char *name)
{
    for (guint i = 0; i < resolver->scopes->len; i++) {
        const char *const *values = variables_lookup(resolver->scopes->pdata[i], name);

        if (values)
            return values;
    }
    return NULL;
}

static gboolean lists_equal(const char *const *a, const char *const *b)
{
    return a == b || (a && b && g_strv_equal(a, b));
}

/* TRUE when a text means the same, and is as legal, for both rows. */
static gboolean rows_agree(const FieldRow *a, const FieldRow *b)
{
    return a->type == b->type && a->min == b->min && a->max == b->max && a->names == b->names;
}

static guint slot_find(Resolver *resolver, const char *name, const FieldRow *row,
                       const Filter *filter, guint line)
{
    const char *const *defaults = scope_lookup(resolver, name);
    PlanSlot slot = {name, row, defaults, filter->name, line};

    for (guint i = 0; i < resolver->slots->len; i++) {
        const PlanSlot *known = &g_array_index(resolver->slots, PlanSlot, i);

        if (strcmp(known->name, name) == 0 && rows_agree(known->row, row) &&
            lists_equal(known->defaults, defaults))
            return i;
    }
    g_array_append_val(resolver->slots, slot);
    return resolver->slots->len - 1;
}

/* ---- iterators ---- */

/* Numbers the iterators of a rule in libvirt's order: @0 first wherever it stands, the others as
 * its elements, and in each the table's rows, use them. FALSE when there are too many. */
static gboolean iterators_collect(const Rule *rule, PlanRule *planned)
{
    guint n_elements = 0;
    gboolean has_zero = FALSE;

    for (guint i = 0; i < rule->items->len; i++) {
        const RuleItem *item = &g_array_index(rule->items, RuleItem, i);

        n_elements = MAX(n_elements, item->element + 1);
        has_zero |= item->is_variable && item->access.each && item->access.number == 0;
    }
    planned->n_iterators = has_zero;
    for (guint element = 0; element < n_elements; element++) {
        for (guint i = 0; i < rule->items->len; i++) {
            const RuleItem *item = &g_array_index(rule->items, RuleItem, i);
            guint at = 0;

            if (item->element != element || !item->is_variable || !item->access.each)
                continue;
            while (at < planned->n_iterators && planned->iterator_names[at] != item->access.number)
                at++;
            if (at == PLAN_ITERATORS_MAX)
                return FALSE;
            planned->iterator_names[at] = (guint16)item->access.number;
            planned->n_iterators = MAX(planned->n_iterators, at + 1);
        }
    }
    return TRUE;
}

static PlanOperand operand_of(Resolver *resolver, const PlanRule *planned, const RuleItem *item)
{
    PlanOperand operand = {OPERAND_CONSTANT};

    if (!item->is_variable) {
        operand.value = item->value; /* its text is the filter's, which the plan keeps */
        return operand;
    }
    operand.kind = item->access.each ? OPERAND_EACH : OPERAND_ELEMENT;
    operand.slot = slot_find(resolver, item->access.name, item->row,
                             resolver->path->pdata[resolver->path->len - 1], item->line);
    if (!item->access.each) {
        operand.element = item->access.number;
        return operand;
    }
    while (planned->iterator_names[operand.iterator] != item->access.number)
        operand.iterator++;
    return operand;
}

/* ---- conditions ---- */

static const RuleItem *part_of(const Rule *rule, const RuleItem *base)
{
    for (guint i = 0; i < rule->items->len; i++) {
        const RuleItem *item = &g_array_index(rule->items, RuleItem, i);

        if ((item->row->role == ROLE_MASK || item->row->role == ROLE_END) &&
            field_row_base(rule->protocol, item->row) == base->row)
            return item;
    }
    return NULL;
}

static PlanMatch match_of(const RuleItem *part)
{
    if (!part)
        return MATCH_VALUE;
    if (part->row->role == ROLE_END)
        return MATCH_RANGE;
    return part->row->type == TYPE_MACMASK ? MATCH_MASK : MATCH_PREFIX;
}

static PlanCondition condition_of(Resolver *resolver, const Rule *rule, const PlanRule *planned,
                                  const RuleItem *base)
{
    const RuleItem *part = part_of(rule, base);
    PlanCondition condition = {.row = base->row, .match = match_of(part), .negated = base->negated};

    condition.first = operand_of(resolver, planned, base);
    if (part)
        condition.second = operand_of(resolver, planned, part);
    return condition;
}

/* gratuitous='false' asks for nothing: the attribute says whether to check. */
static gboolean is_condition(const RuleItem *item)
{
    return item->row->role == ROLE_VALUE &&
           (item->row->type != TYPE_BOOLEAN || item->value.number != 0);
}

static gpointer block_new(Resolver *resolver, gsize count, gsize size)
{
    gpointer block = g_malloc0_n(MAX(count, 1), size);

    g_ptr_array_add(resolver->owner->blocks, block);
    return block;
}

/* The code is looked at together with its type, under one sign. */
static void conditions_add(Resolver *resolver, const Rule *rule, PlanRule *planned)
{
    PlanCondition *type = NULL;

    planned->conditions = block_new(resolver, rule->items->len, sizeof(PlanCondition));
    for (guint i = 0; i < rule->items->len; i++) {
        const RuleItem *item = &g_array_index(rule->items, RuleItem, i);
        PlanCondition *condition = &planned->conditions[planned->n_conditions];

        if (!is_condition(item))
            continue;
        if (item->row->field == FIELD_ICMP_CODE && type) {
            condition = block_new(resolver, 1, sizeof(PlanCondition));
            type->with = condition;
        } else {
            planned->n_conditions++;
        }
        *condition = condition_of(resolver, rule, planned, item);
        if (item->row->field == FIELD_ICMP_TYPE)
            type = condition;
    }
}

static void attributes_add(Resolver *resolver, const Rule *rule, PlanRule *planned)
{
    const RuleItem *state = rule_item_lookup(rule, FIELD_NONE, ROLE_STATE);
    const RuleItem *connlimit = rule_item_lookup(rule, FIELD_NONE, ROLE_CONNLIMIT);
    const RuleItem *comment = rule_item_lookup(rule, FIELD_NONE, ROLE_COMMENT);

    planned->states = state ? (guint)state->value.number : 0;
    planned->comment = comment ? comment->value.text : NULL;
    planned->has_connlimit = connlimit != NULL;
    if (connlimit) {
        planned->connlimit = operand_of(resolver, planned, connlimit);
        planned->connlimit_negated = connlimit->negated;
    }
}

/* ---- collect ---- */

static gboolean rule_collect(Resolver *resolver, const Rule *rule, GError **error)
{
    Filter *filter = resolver->path->pdata[resolver->path->len - 1];
    PlanRule planned = {.action = rule->action,
                        .direction = rule->direction,
                        .priority = rule->priority,
                        .protocol = rule->protocol,
                        .statematch = rule->statematch,
                        .filter = filter->name,
                        .line = rule->line,
                        .chain = filter->chain,
                        .index = resolver->rules->len};

    if (!iterators_collect(rule, &planned)) {
        g_propagate_error(error, limit(filter, rule->line, "has a rule with too many iterators",
                                       PLAN_ITERATORS_MAX));
        return FALSE;
    }
    conditions_add(resolver, rule, &planned);
    attributes_add(resolver, rule, &planned);
    g_array_append_val(resolver->rules, planned);
    g_ptr_array_add(resolver->origins, filter);
    if (resolver->rules->len > PLAN_RULES_MAX) {
        g_propagate_error(error, limit(filter, rule->line,
                                       "with all it includes has too many rules", PLAN_RULES_MAX));
        return FALSE;
    }
    if (resolver->slots->len > PLAN_SLOTS_MAX) {
        g_propagate_error(error,
                          limit(filter, rule->line, "with all it includes has too many variables",
                                PLAN_SLOTS_MAX));
        return FALSE;
    }
    return TRUE;
}

static gboolean filter_collect(Resolver *resolver, Filter *filter, GError **error);

/* The filter that is included; NULL with the reason why it cannot be. */
static Filter *include_target(Resolver *resolver, const Include *include, GError **error)
{
    const Filter *around = resolver->path->pdata[resolver->path->len - 1];
    Filter *target = resolver->lookup(resolver->data, include->filter);
    GError *problem = NULL;

    if (!target)
        problem = nwfilter_error_new(NWFILTER_ERROR_REFERENCE, 1,
                                     "referenced filter '%s' is missing", include->filter);
    else if (g_ptr_array_find(resolver->path, target, NULL))
        problem = nwfilter_error_new(NWFILTER_ERROR_LOOP, 9, "filter would introduce a loop");
    else if (resolver->path->len > INCLUDE_DEPTH_MAX)
        problem = limit(around, include->line, "is included too deep", INCLUDE_DEPTH_MAX);
    else if (++resolver->n_includes > PLAN_RULES_MAX)
        problem = limit(around, include->line, "with all it includes has too many filterrefs",
                        PLAN_RULES_MAX);
    if (!problem)
        return target;
    nwfilter_error_set_place(problem, around->name, include->line);
    g_propagate_error(error, problem);
    return NULL;
}

static gboolean include_collect(Resolver *resolver, const Include *include, GError **error)
{
    Filter *target = include_target(resolver, include, error);
    gboolean done;

    if (!target)
        return FALSE;
    g_ptr_array_add(resolver->scopes, include->parameters);
    done = filter_collect(resolver, target, error);
    g_ptr_array_set_size(resolver->scopes, (gint)resolver->scopes->len - 1);
    return done;
}

static gboolean filter_collect(Resolver *resolver, Filter *filter, GError **error)
{
    gboolean done = TRUE;

    if (!g_ptr_array_find(resolver->owner->filters, filter, NULL))
        g_ptr_array_add(resolver->owner->filters, filter_ref(filter));
    g_ptr_array_add(resolver->path, filter);
    for (guint i = 0; done && i < filter->entries->len; i++) {
        const FilterEntry *entry = filter->entries->pdata[i];

        done = entry->rule ? rule_collect(resolver, entry->rule, error)
                           : include_collect(resolver, entry->include, error);
    }
    g_ptr_array_set_size(resolver->path, (gint)resolver->path->len - 1);
    return done;
}

/* ---- order ---- */

static int compare_priorities(const void *a, const void *b)
{
    const PlanRule *first = *(const PlanRule *const *)a, *second = *(const PlanRule *const *)b;

    if (first->priority != second->priority)
        return first->priority < second->priority ? -1 : 1;
    return first->index < second->index ? -1 : first->index > second->index;
}

static int compare_inet(const void *a, const void *b)
{
    const PlanRule *first = *(const PlanRule *const *)a, *second = *(const PlanRule *const *)b;
    gboolean first_is_root = g_str_equal(first->chain, "root");
    gboolean second_is_root = g_str_equal(second->chain, "root");

    if (first_is_root != second_is_root)
        return first_is_root ? -1 : 1;
    return compare_priorities(a, b);
}

static gboolean speaks_about(const PlanRule *rule, guint way)
{
    return rule->direction == DIRECTION_INOUT ||
           rule->direction == (way == PLAN_FROM_VM ? DIRECTION_OUT : DIRECTION_IN);
}

/* Rules of one half and, for L2, one way and one chain, in order of appearance. */
static const PlanRule **rules_select(Resolver *resolver, Half half, guint way, const char *chain,
                                     guint *n_selected)
{
    const Plan *plan = &resolver->owner->plan;
    const PlanRule **selected = block_new(resolver, plan->n_rules, sizeof(*selected));

    *n_selected = 0;
    for (guint i = 0; i < plan->n_rules; i++) {
        const PlanRule *rule = &plan->rules[i];

        if (protocol_info(rule->protocol)->half == half &&
            (!chain || g_str_equal(rule->chain, chain)) &&
            (half == HALF_INET || speaks_about(rule, way)))
            selected[(*n_selected)++] = rule;
    }
    return selected;
}

static PlanChain chain_of(Resolver *resolver, guint way, const Filter *origin)
{
    PlanChain chain = {.name = origin->chain, .kind = origin->kind};
    const PlanRule *last;

    chain.rules = rules_select(resolver, HALF_L2, way, chain.name, &chain.n_rules);
    qsort(chain.rules, chain.n_rules, sizeof(*chain.rules), compare_priorities);
    last = chain.rules[chain.n_rules - 1];
    chain.priority = ((const Filter *)resolver->origins->pdata[last->index])->priority;
    return chain;
}

static gboolean chain_is_known(const PlanTree *tree, const char *name)
{
    for (guint i = 0; i < tree->n_chains; i++) {
        if (g_str_equal(tree->chains[i].name, name))
            return TRUE;
    }
    return FALSE;
}

/* By priority, after those of equal priority that are there. */
static void chain_insert(PlanTree *tree, const PlanChain *chain)
{
    guint at = tree->n_chains++;

    for (; at > 0 && tree->chains[at - 1].priority > chain->priority; at--)
        tree->chains[at] = tree->chains[at - 1];
    tree->chains[at] = *chain;
}

static void chains_order(Resolver *resolver, guint way)
{
    const Plan *plan = &resolver->owner->plan;
    PlanTree *tree = &resolver->owner->plan.tree[way];

    tree->chains = block_new(resolver, plan->n_rules, sizeof(PlanChain));
    for (guint i = 0; i < plan->n_rules; i++) {
        const Filter *origin = resolver->origins->pdata[i];

        if (protocol_info(plan->rules[i].protocol)->half != HALF_L2 || origin->kind == CHAIN_ROOT ||
            !speaks_about(&plan->rules[i], way) || chain_is_known(tree, origin->chain))
            continue;
        PlanChain chain = chain_of(resolver, way, origin);
        chain_insert(tree, &chain);
    }
}

/* Jumps and rules of the root by priority, a jump before a rule of the same. */
static void root_order(Resolver *resolver, guint way)
{
    PlanTree *tree = &resolver->owner->plan.tree[way];
    guint n_rules, chain = 0;
    const PlanRule **rules = rules_select(resolver, HALF_L2, way, "root", &n_rules);

    qsort(rules, n_rules, sizeof(*rules), compare_priorities);
    tree->root = block_new(resolver, tree->n_chains + n_rules, sizeof(PlanEntry));
    for (guint i = 0; i <= n_rules; i++) {
        for (; chain < tree->n_chains &&
               (i == n_rules || tree->chains[chain].priority <= rules[i]->priority);
             chain++)
            tree->root[tree->n_root++].chain = &tree->chains[chain];
        if (i < n_rules)
            tree->root[tree->n_root++].rule = rules[i];
    }
}

static void order(Resolver *resolver)
{
    Plan *plan = &resolver->owner->plan;

    for (guint way = 0; way < PLAN_N_TREES; way++) {
        chains_order(resolver, way);
        root_order(resolver, way);
    }
    plan->inet = rules_select(resolver, HALF_INET, 0, NULL, &plan->n_inet);
    qsort(plan->inet, plan->n_inet, sizeof(*plan->inet), compare_inet);
}

/* ---- the public side ---- */

static void lists_hand_over(Resolver *resolver, const Filter *filter)
{
    Plan *plan = &resolver->owner->plan;

    plan->name = filter->name;
    plan->n_rules = resolver->rules->len;
    plan->rules = (PlanRule *)(void *)resolver->rules->data;
    plan->n_slots = resolver->slots->len;
    plan->slots = (PlanSlot *)(void *)resolver->slots->data;
    g_ptr_array_add(resolver->owner->blocks, g_array_free(resolver->rules, FALSE));
    g_ptr_array_add(resolver->owner->blocks, g_array_free(resolver->slots, FALSE));
}

Plan *plan_resolve(Filter *filter, FilterLookup lookup, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    g_autoptr(GPtrArray) scopes = g_ptr_array_new();
    g_autoptr(GPtrArray) origins = g_ptr_array_new();
    Resolver resolver = {.owner = plan_owner_new(),
                         .lookup = lookup,
                         .data = data,
                         .path = path,
                         .scopes = scopes,
                         .origins = origins,
                         .rules = g_array_new(FALSE, FALSE, sizeof(PlanRule)),
                         .slots = g_array_new(FALSE, FALSE, sizeof(PlanSlot))};
    gboolean done = filter_collect(&resolver, filter, error);

    lists_hand_over(&resolver, filter);
    if (!done) {
        plan_unref(&resolver.owner->plan);
        return NULL;
    }
    order(&resolver);
    return &resolver.owner->plan;
}
