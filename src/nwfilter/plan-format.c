/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/plan.h"

/*
 * The text form. One line a rule (with values: one a combination), indented below its chain:
 *
 *     plan clean-traffic
 *     variable $MAC
 *     variable $IP = 10.0.0.1 10.0.0.2
 *     from the VM
 *       chain mac -800
 *         500 return out mac srcmacaddr=$MAC    no-mac-spoofing:3
 *       -650 accept out mac protocolid=ipv4     clean-traffic:11
 *     to the VM
 *     inet
 */

typedef struct {
    GString *out;
    const Plan *plan;
    const PlanValues *values; /* NULL: variables by name */
    const PlanWalk *walk;     /* set where values is */
    gboolean has_origin;
} Printer;

static void append_operand(const Printer *printer, const PlanRule *rule, const FieldRow *row,
                           const PlanOperand *operand)
{
    VariableAccess access = {.each = operand->kind == OPERAND_EACH};

    if (printer->walk || operand->kind == OPERAND_CONSTANT) {
        const Value *value =
            printer->walk ? plan_walk_value(printer->walk, operand) : &operand->value;
        g_autofree char *text = value_format(row, value);

        g_string_append(printer->out, text);
        return;
    }
    access.name = (char *)printer->plan->slots[operand->slot].name;
    access.number = access.each ? rule->iterator_names[operand->iterator] : operand->element;
    g_autofree char *name = variable_access_format(&access);
    g_string_append(printer->out, name);
    /* Two slots may have one name. */
    if (!printer->has_origin)
        g_string_append_printf(printer->out, "#%u", operand->slot);
}

/* The row of the second operand: a mask's values are printed by its own row. */
static const FieldRow *second_row(Protocol protocol, const PlanCondition *condition)
{
    guint n_rows;
    const FieldRow *rows = field_rows(&n_rows);

    for (const FieldRow *row = condition->row + 1; row < rows + n_rows; row++) {
        if (row->protocols & 1u << protocol && row->field == condition->row->field &&
            row->role != ROLE_VALUE)
            return row;
    }
    g_assert_not_reached();
}

static void append_comparison(const Printer *printer, const PlanRule *rule,
                              const PlanCondition *condition)
{
    static const char *const between[] = {
        [MATCH_MASK] = "/", [MATCH_PREFIX] = "/", [MATCH_RANGE] = "-"};

    g_string_append_printf(printer->out, "%s=", condition->row->attribute);
    append_operand(printer, rule, condition->row, &condition->first);
    if (condition->match == MATCH_VALUE)
        return;
    g_string_append(printer->out, between[condition->match]);
    append_operand(printer, rule, second_row(rule->protocol, condition), &condition->second);
}

static void append_condition(const Printer *printer, const PlanRule *rule,
                             const PlanCondition *condition)
{
    g_string_append(printer->out, condition->negated ? " !" : " ");
    append_comparison(printer, rule, condition);
    if (condition->with) {
        g_string_append_c(printer->out, '&');
        append_comparison(printer, rule, condition->with);
    }
}

static const FieldRow *row_of(Protocol protocol, const char *attribute)
{
    const FieldRow *row = field_row_lookup(protocol, attribute);

    g_assert(row);
    return row;
}

static void append_state(const Printer *printer, const PlanRule *rule)
{
    Value states = {.type = TYPE_STATES, .number = rule->states};

    if (!rule->statematch)
        g_string_append(printer->out, " statematch=false");
    if (rule->states != 0) {
        g_autofree char *text = value_format(row_of(rule->protocol, "state"), &states);
        g_string_append_printf(printer->out, " state=%s", text);
    }
    if (rule->has_connlimit) {
        g_string_append_printf(printer->out,
                               " %sconnlimit-above=", rule->connlimit_negated ? "!" : "");
        append_operand(printer, rule, row_of(rule->protocol, "connlimit-above"), &rule->connlimit);
    }
}

static void append_line(const Printer *printer, const PlanRule *rule, guint indent)
{
    g_string_append_printf(printer->out, "%*s%d %s %s", (int)indent, "", rule->priority,
                           rule_action_format(rule->action),
                           rule_direction_format(rule->direction));
    if (rule->protocol != PROTOCOL_NONE)
        g_string_append_printf(printer->out, " %s", protocol_info(rule->protocol)->element);
    for (guint i = 0; i < rule->n_conditions; i++)
        append_condition(printer, rule, &rule->conditions[i]);
    append_state(printer, rule);
    if (printer->has_origin)
        g_string_append_printf(printer->out, "    %s:%u", rule->filter, rule->line);
    if (printer->has_origin && rule->comment)
        g_string_append_printf(printer->out, " %s", rule->comment);
    g_string_append_c(printer->out, '\n');
}

static void append_rule(Printer *printer, const PlanRule *rule, guint indent)
{
    PlanWalk walk;

    if (!printer->values) {
        append_line(printer, rule, indent);
        return;
    }
    plan_walk_init(&walk, rule, printer->values);
    printer->walk = &walk;
    do
        append_line(printer, rule, indent);
    while (plan_walk_next(&walk));
    printer->walk = NULL;
}

static void append_tree(Printer *printer, const PlanTree *tree)
{
    for (guint i = 0; i < tree->n_root; i++) {
        const PlanChain *chain = tree->root[i].chain;

        if (!chain) {
            append_rule(printer, tree->root[i].rule, 2);
            continue;
        }
        g_string_append_printf(printer->out, "  chain %s %d\n", chain->name, chain->priority);
        for (guint j = 0; j < chain->n_rules; j++)
            append_rule(printer, chain->rules[j], 4);
    }
}

static void append_slot(const Printer *printer, guint index)
{
    const PlanSlot *slot = &printer->plan->slots[index];
    guint n_values;

    g_string_append_printf(printer->out, "variable $%s", slot->name);
    if (!printer->has_origin)
        g_string_append_printf(printer->out, "#%u %d %u %u %d", index, slot->row->type,
                               slot->row->min, slot->row->max, slot->row->names);
    if (printer->values || slot->defaults)
        g_string_append(printer->out, " =");
    if (printer->values) {
        const Value *list = plan_values_get(printer->values, index, &n_values);

        for (guint i = 0; i < n_values; i++) {
            g_autofree char *text = value_format(slot->row, &list[i]);
            g_string_append_printf(printer->out, " %s", text);
        }
    } else {
        for (guint i = 0; slot->defaults && slot->defaults[i]; i++)
            g_string_append_printf(printer->out, " %s", slot->defaults[i]);
    }
    g_string_append_c(printer->out, '\n');
}

static char *format(Printer *printer)
{
    const Plan *plan = printer->plan;

    for (guint i = 0; i < plan->n_slots; i++)
        append_slot(printer, i);
    g_string_append(printer->out, "from the VM\n");
    append_tree(printer, &plan->tree[PLAN_FROM_VM]);
    g_string_append(printer->out, "to the VM\n");
    append_tree(printer, &plan->tree[PLAN_TO_VM]);
    g_string_append(printer->out, "inet\n");
    for (guint i = 0; i < plan->n_inet; i++)
        append_rule(printer, plan->inet[i], 2);
    return g_string_free(printer->out, FALSE);
}

char *plan_format(const Plan *plan, const PlanValues *values)
{
    Printer printer = {g_string_new(NULL), plan, values, NULL, TRUE};

    g_string_append_printf(printer.out, "plan %s\n", plan->name);
    return format(&printer);
}

char *plan_shape(const Plan *plan)
{
    Printer printer = {g_string_new(NULL), plan, NULL, NULL, FALSE};

    return format(&printer);
}
