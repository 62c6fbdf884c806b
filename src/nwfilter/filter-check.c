/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/filter-private.h"

/*
 * The checks of a rule as a table: a function and what it says. docs/semantics.md lists each with
 * what libvirt 9.0.0 does instead.
 */

#define IP_PROTOCOL_ICMPV6 58

static GError *problem(NwfilterError code, guint line, const char *text)
{
    GError *error =
        nwfilter_error_new(code, code == NWFILTER_ERROR_UNSUPPORTED ? 67 : 1, "%s", text);

    nwfilter_error_set_place(error, NULL, line);
    return error;
}

static const RuleItem *item_at(const Rule *rule, guint i)
{
    return &g_array_index(rule->items, RuleItem, i);
}

static const RuleItem *base_of(const Rule *rule, const RuleItem *item)
{
    const FieldRow *base = field_row_base(rule->protocol, item->row);

    for (guint i = 0; i < rule->items->len; i++) {
        if (item_at(rule, i)->row == base)
            return item_at(rule, i);
    }
    return NULL;
}

/* ---- each attribute by itself ---- */

static char *check_part_alone(const Rule *rule, const RuleItem *item)
{
    const FieldRow *base;

    if (item->row->role != ROLE_MASK && item->row->role != ROLE_END)
        return NULL;
    base = field_row_base(rule->protocol, item->row);
    if (!base_of(rule, item))
        return g_strdup_printf("%s has no effect without %s", item->row->attribute,
                               base->attribute);
    if (base_of(rule, item)->negated != item->negated)
        return g_strdup_printf("%s and %s have different match signs", base->attribute,
                               item->row->attribute);
    return NULL;
}

static char *check_range(const Rule *rule, const RuleItem *item)
{
    const RuleItem *base;

    if (item->row->role != ROLE_END || !(base = base_of(rule, item)) || item->is_variable ||
        base->is_variable || value_compare(&base->value, &item->value) <= 0)
        return NULL;
    return g_strdup_printf("%s is below %s: no value lies between them", item->row->attribute,
                           base->row->attribute);
}

static char *check_state_sign(const Rule *rule, const RuleItem *item)
{
    if (item->row->role != ROLE_STATE || !item->negated)
        return NULL;
    return g_strdup("match='no' has no effect on state: put state into an element of its own");
}

static char *check_state_off(const Rule *rule, const RuleItem *item)
{
    if (item->row->role != ROLE_STATE || rule->statematch)
        return NULL;
    return g_strdup("state has no effect with statematch='false'");
}

static char *check_variable(const Rule *rule, const RuleItem *item)
{
    gboolean is_constant_only = item->row->role == ROLE_STATE || item->row->type == TYPE_TCPFLAGS ||
                                item->row->type == TYPE_BOOLEAN;

    if (!item->is_variable || !is_constant_only)
        return NULL;
    return g_strdup_printf("%s cannot be a variable: its value would have no effect",
                           item->row->attribute);
}

static char *check_code(const Rule *rule, const RuleItem *item)
{
    const RuleItem *type = rule_item_lookup(rule, FIELD_ICMP_TYPE, ROLE_VALUE);

    if (item->row->field != FIELD_ICMP_CODE || item->row->role != ROLE_VALUE)
        return NULL;
    if (!type)
        return g_strdup("code has no effect without type");
    if (type->negated != item->negated)
        return g_strdup("type and code have different match signs");
    return NULL;
}

static char *(*const item_checks[])(const Rule *, const RuleItem *) = {
    check_part_alone, check_range, check_state_sign, check_state_off, check_variable, check_code,
};

static void check_item(const Rule *rule, const RuleItem *item, GPtrArray *problems)
{
    for (gsize i = 0; i < G_N_ELEMENTS(item_checks); i++) {
        g_autofree char *text = item_checks[i](rule, item);

        if (text)
            g_ptr_array_add(problems, problem(NWFILTER_ERROR_WITHOUT_EFFECT, item->line, text));
    }
    if (item->row->role == ROLE_IPSET || item->row->role == ROLE_IPSETFLAGS) {
        g_autofree char *text =
            g_strdup_printf("%s is not supported: sets of the kernel cannot be looked up from the "
                            "data path; give the addresses as a list variable",
                            item->row->attribute);
        g_ptr_array_add(problems, problem(NWFILTER_ERROR_UNSUPPORTED, item->line, text));
    }
}

/* ---- the rule as a whole ---- */

static gboolean has_ports(const Rule *rule)
{
    return rule_item_lookup(rule, FIELD_PORT_SRC, ROLE_VALUE) ||
           rule_item_lookup(rule, FIELD_PORT_DST, ROLE_VALUE) ||
           rule_item_lookup(rule, FIELD_PORT_SRC, ROLE_END) ||
           rule_item_lookup(rule, FIELD_PORT_DST, ROLE_END);
}

/* Protocols with ports as <ip> and <ipv6> know them: TCP, UDP, DCCP, SCTP. */
static gboolean is_port_protocol(const RuleItem *protocol)
{
    guint64 number = protocol->value.number;

    return !protocol->is_variable && !protocol->negated &&
           (number == 6 || number == 17 || number == 33 || number == 132);
}

static void check_ports(const Rule *rule, GPtrArray *problems)
{
    const RuleItem *protocol = rule_item_lookup(rule, FIELD_IP_PROTOCOL, ROLE_VALUE);
    g_autofree char *text = NULL;

    if ((rule->protocol != PROTOCOL_IP && rule->protocol != PROTOCOL_IPV6) || !has_ports(rule) ||
        (protocol && is_port_protocol(protocol)))
        return;
    text = g_strdup_printf("%s rule with port specification requires protocol specification with "
                           "protocol to be either one of tcp(6), udp(17), dccp(33), or sctp(132)",
                           rule->protocol == PROTOCOL_IP ? "IP" : "IPv6");
    g_ptr_array_add(problems, problem(NWFILTER_ERROR_INVALID, rule->line, text));
}

static void check_icmpv6(const Rule *rule, GPtrArray *problems)
{
    const RuleItem *protocol = rule_item_lookup(rule, FIELD_IP_PROTOCOL, ROLE_VALUE);

    if (rule->protocol != PROTOCOL_IPV6 || !rule_item_lookup(rule, FIELD_ICMP_TYPE, ROLE_VALUE))
        return;
    if (protocol && !protocol->is_variable && !protocol->negated &&
        protocol->value.number == IP_PROTOCOL_ICMPV6)
        return;
    g_ptr_array_add(problems, problem(NWFILTER_ERROR_INVALID, rule->line,
                                      "IPv6 rule with type or code requires protocol='icmpv6'"));
}

static void check_continue(const Rule *rule, GPtrArray *problems)
{
    g_autofree char *text = NULL;

    if (rule->action != ACTION_CONTINUE || protocol_info(rule->protocol)->half != HALF_INET)
        return;
    text = g_strdup_printf("action 'continue' is not possible with <%s>: expected drop, accept, "
                           "reject or return",
                           protocol_info(rule->protocol)->element);
    g_ptr_array_add(problems, problem(NWFILTER_ERROR_UNSUPPORTED, rule->line, text));
}

static void check_stp(const Rule *rule, GPtrArray *problems)
{
    if (rule->protocol != PROTOCOL_STP || rule->direction != DIRECTION_INOUT ||
        !rule_item_lookup(rule, FIELD_ETH_SRC, ROLE_VALUE))
        return;
    g_ptr_array_add(problems, problem(NWFILTER_ERROR_INVALID, rule->line,
                                      "STP filtering in inout direction with source MAC address "
                                      "set is not supported"));
}

static void (*const rule_checks[])(const Rule *, GPtrArray *) = {
    check_ports,
    check_icmpv6,
    check_continue,
    check_stp,
};

void rule_check(const Rule *rule, GPtrArray *problems)
{
    for (guint i = 0; i < rule->items->len; i++)
        check_item(rule, item_at(rule, i), problems);
    for (gsize i = 0; i < G_N_ELEMENTS(rule_checks); i++)
        rule_checks[i](rule, problems);
}
