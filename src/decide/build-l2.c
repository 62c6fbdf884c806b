/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/build-private.h"

/*
 * The L2 half: the tree's rules, as ebtables matches them. Written for frames towards the VM, an
 * inout rule has source and destination changed in the other tree.
 */

/* What holds of every frame of a chain, or of a protocol's rules. */
typedef struct {
    guint type; /* the frame's type; 0: any */
    gboolean is_stp;
} Kind;

static const Kind chain_kinds[] = {
    [CHAIN_ROOT] = {0, FALSE},
    [CHAIN_MAC] = {0, FALSE},
    [CHAIN_VLAN] = {FACTS_ETH_VLAN, FALSE},
    [CHAIN_STP] = {0, TRUE},
    [CHAIN_ARP] = {FACTS_ETH_ARP, FALSE},
    [CHAIN_RARP] = {FACTS_ETH_RARP, FALSE},
    [CHAIN_IPV4] = {FACTS_ETH_IP4, FALSE},
    [CHAIN_IPV6] = {FACTS_ETH_IP6, FALSE},
};

static const Kind protocol_kinds[] = {
    [PROTOCOL_NONE] = {0, FALSE},
    [PROTOCOL_MAC] = {0, FALSE},
    [PROTOCOL_VLAN] = {FACTS_ETH_VLAN, FALSE},
    [PROTOCOL_STP] = {0, TRUE},
    [PROTOCOL_ARP] = {FACTS_ETH_ARP, FALSE},
    [PROTOCOL_RARP] = {FACTS_ETH_RARP, FALSE},
    [PROTOCOL_IP] = {FACTS_ETH_IP4, FALSE},
    [PROTOCOL_IPV6] = {FACTS_ETH_IP6, FALSE},
};

static void build_kind(IrStep *step, const Kind *kind)
{
    if (kind->type)
        build_test(step, ir_test_compare(IR_ETH_TYPE, kind->type, FALSE));
    if (kind->is_stp)
        build_test(step, ir_test_compare(IR_ETH_DST, FACTS_STP_GROUP, FALSE));
}

/* ---- one rule of the plan, one or two of the program ---- */

static gboolean is_config_condition(const PlanCondition *condition)
{
    const Field field = condition->row->field;

    return field >= FIELD_STP_FLAGS && field <= FIELD_STP_FORWARD_DELAY;
}

static gboolean has_config(const PlanRule *rule)
{
    for (guint i = 0; i < rule->n_conditions; i++)
        if (is_config_condition(&rule->conditions[i]))
            return TRUE;
    return FALSE;
}

static IrAction action_of(RuleAction action)
{
    return action == ACTION_ACCEPT ? IR_ACCEPT : action == ACTION_RETURN ? IR_RETURN : IR_DROP;
}

static void build_variant(Build *build, const PlanRule *rule, BuildVariant variant,
                          GPtrArray *steps)
{
    g_autoptr(GArray) conditions =
        build_conditions(rule, variant, variant == VARIANT_STP_OTHER ? is_config_condition : NULL);
    BuildRule row = {rule, conditions, FALSE, FALSE};
    IrStep *step = build_step(build, rule, action_of(rule->action));

    row.is_swapped = rule->direction == DIRECTION_INOUT && build->program->way == PLAN_FROM_VM;
    build_kind(step, &protocol_kinds[rule->protocol]);
    if (variant == VARIANT_STP_OTHER || variant == VARIANT_STP_CONFIG) {
        build_has(step, FACTS_STP, FALSE);
        build_test(step, ir_test_compare(IR_STP_TYPE, 0, variant == VARIANT_STP_OTHER));
    }
    build_phase(build, &row, PHASE_NETWORK, step);
    g_ptr_array_add(steps, step);
}

/* `continue` says nothing: the next rule's turn comes anyway. */
static void build_rule(Build *build, const PlanRule *rule, GPtrArray *steps)
{
    for (guint i = 0; i < PLAN_ITERATORS_MAX; i++)
        build->fixed[i] = NOT_FIXED;
    if (rule->action == ACTION_CONTINUE)
        return;
    if (has_config(rule)) {
        build_variant(build, rule, VARIANT_STP_OTHER, steps);
        build_variant(build, rule, VARIANT_STP_CONFIG, steps);
    } else if (build_is_split(rule)) {
        build_variant(build, rule, VARIANT_NOT_FIRST, steps);
        build_variant(build, rule, VARIANT_NOT_SECOND, steps);
    } else {
        build_variant(build, rule, VARIANT_PLAIN, steps);
    }
}

/* Who comes to the end of a chain is accepted and does not go on behind it: so ebtables ends the
 * chains that libvirt makes. Only RETURN goes back. */
static void build_chain_end(GPtrArray *steps)
{
    IrStep *step = ir_step_new(STEP_RULE);

    step->action = IR_ACCEPT;
    step->reason = REASON_DEFAULT;
    g_ptr_array_add(steps, step);
}

static void build_chain(Build *build, const PlanChain *chain, GPtrArray *steps)
{
    g_autoptr(IrStep) step = ir_step_new(STEP_CHAIN);

    step->chain = g_strdup(chain->name);
    build_kind(step, &chain_kinds[chain->kind]);
    for (guint i = 0; i < chain->n_rules; i++)
        build_rule(build, chain->rules[i], step->steps);
    build_chain_end(step->steps);
    g_ptr_array_add(steps, g_steal_pointer(&step));
}

void build_l2(Build *build, const PlanTree *tree)
{
    for (guint i = 0; i < tree->n_root; i++) {
        if (tree->root[i].rule)
            build_rule(build, tree->root[i].rule, build->program->l2);
        else
            build_chain(build, tree->root[i].chain, build->program->l2);
    }
}
