/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/binding.h"
#include "decide/build-private.h"

/* Conditions of a plan -> tests. Conditions that share an iterator, directly or through others,
 * make one set; all others are tests by themselves. */

typedef struct {
    IrField field, swapped;
} Orientation;

/* TCP_OPTION has no field: it is a test of its own kind. */
static const Orientation orientations[N_FIELDS] = {
    [FIELD_ETH_SRC] = {IR_ETH_SRC, IR_ETH_DST},
    [FIELD_ETH_DST] = {IR_ETH_DST, IR_ETH_SRC},
    [FIELD_ETH_TYPE] = {IR_ETH_TYPE, IR_ETH_TYPE},
    [FIELD_VLAN_ID] = {IR_VLAN_ID, IR_VLAN_ID},
    [FIELD_VLAN_ENCAP] = {IR_VLAN_TYPE, IR_VLAN_TYPE},
    [FIELD_STP_TYPE] = {IR_STP_TYPE, IR_STP_TYPE},
    [FIELD_STP_FLAGS] = {IR_STP_FLAGS, IR_STP_FLAGS},
    [FIELD_STP_ROOT_PRIORITY] = {IR_STP_ROOT_PRIORITY, IR_STP_ROOT_PRIORITY},
    [FIELD_STP_ROOT_ADDRESS] = {IR_STP_ROOT, IR_STP_ROOT},
    [FIELD_STP_ROOT_COST] = {IR_STP_COST, IR_STP_COST},
    [FIELD_STP_SENDER_PRIORITY] = {IR_STP_SENDER_PRIORITY, IR_STP_SENDER_PRIORITY},
    [FIELD_STP_SENDER_ADDRESS] = {IR_STP_SENDER, IR_STP_SENDER},
    [FIELD_STP_PORT] = {IR_STP_PORT, IR_STP_PORT},
    [FIELD_STP_AGE] = {IR_STP_AGE, IR_STP_AGE},
    [FIELD_STP_MAX_AGE] = {IR_STP_MAX_AGE, IR_STP_MAX_AGE},
    [FIELD_STP_HELLO_TIME] = {IR_STP_HELLO, IR_STP_HELLO},
    [FIELD_STP_FORWARD_DELAY] = {IR_STP_DELAY, IR_STP_DELAY},
    [FIELD_ARP_HWTYPE] = {IR_ARP_HW, IR_ARP_HW},
    [FIELD_ARP_PROTOCOLTYPE] = {IR_ARP_PROTO, IR_ARP_PROTO},
    [FIELD_ARP_OPCODE] = {IR_ARP_OP, IR_ARP_OP},
    [FIELD_ARP_SRC_MAC] = {IR_ARP_SHA, IR_ARP_THA},
    [FIELD_ARP_DST_MAC] = {IR_ARP_THA, IR_ARP_SHA},
    [FIELD_ARP_SRC_IP] = {IR_ARP_SPA, IR_ARP_TPA},
    [FIELD_ARP_DST_IP] = {IR_ARP_TPA, IR_ARP_SPA},
    [FIELD_ARP_GRATUITOUS] = {IR_ARP_GRATUITOUS, IR_ARP_GRATUITOUS},
    [FIELD_IP4_SRC] = {IR_IP_SRC, IR_IP_DST},
    [FIELD_IP4_DST] = {IR_IP_DST, IR_IP_SRC},
    [FIELD_IP6_SRC] = {IR_IP6_SRC, IR_IP6_DST},
    [FIELD_IP6_DST] = {IR_IP6_DST, IR_IP6_SRC},
    [FIELD_IP_PROTOCOL] = {IR_IP_PROTO, IR_IP_PROTO},
    [FIELD_IP_DSCP] = {IR_IP_DSCP, IR_IP_DSCP},
    [FIELD_PORT_SRC] = {IR_SPORT, IR_DPORT},
    [FIELD_PORT_DST] = {IR_DPORT, IR_SPORT},
    [FIELD_ICMP_TYPE] = {IR_ICMP_TYPE, IR_ICMP_TYPE},
    [FIELD_ICMP_CODE] = {IR_ICMP_CODE, IR_ICMP_CODE},
    [FIELD_TCP_FLAGS] = {IR_TCP_FLAGS, IR_TCP_FLAGS},
};

static IrField condition_field(const BuildRule *rule, const PlanCondition *condition)
{
    const Orientation *row = &orientations[condition->row->field];

    return rule->is_swapped ? row->swapped : row->field;
}

/* The bit that vouches for a field in a rule of this protocol; fields of both IP versions have a
 * bit for each. */
static guint condition_guard(const BuildRule *rule, const PlanCondition *condition)
{
    guint guard;

    if (condition->row->field == FIELD_TCP_OPTION)
        return FACTS_TCP_OPTIONS;
    guard = ir_field_info(condition_field(rule, condition))->guard;
    if (guard == (FACTS_IP4 | FACTS_IP6) || guard == (FACTS_IP4 | FACTS_IP6_PROTO))
        guard &= protocol_info(rule->rule->protocol)->family == 4 ? FACTS_IP4 : ~FACTS_IP4;
    return guard;
}

void build_test(IrStep *step, IrTest test)
{
    g_array_append_val(step->tests, test);
}

void build_has(IrStep *step, guint bits, gboolean is_need)
{
    guint had = 0;

    for (guint i = 0; i < step->tests->len; i++) {
        const IrTest *test = ir_step_test(step, i);
        had |= test->kind == TEST_HAS && !test->negated ? test->bits : 0;
    }
    if (bits & ~ir_has_implied(had))
        build_test(step, is_need ? ir_test_need(bits) : ir_test_has(bits, FALSE));
}

/* ---- operands ---- */

static gboolean operand_is_free(const Build *build, const PlanOperand *operand)
{
    return operand->kind == OPERAND_EACH && build->fixed[operand->iterator] == NOT_FIXED;
}

static IrOperand operand_scalar(Build *build, const PlanOperand *operand, guint bits,
                                gboolean is_mask)
{
    IrScalar scalar = {
        .kind = is_mask ? SCALAR_MASK : SCALAR_VALUE,
        .slot = operand->slot,
        .index = operand->kind == OPERAND_EACH ? build->fixed[operand->iterator] : operand->element,
        .bits = bits,
    };

    return (IrOperand){.is_scalar = TRUE, .scalar = ir_scalar_intern(build->program, &scalar)};
}

IrOperand build_operand(Build *build, const PlanOperand *operand, guint bits, gboolean is_mask)
{
    if (operand->kind != OPERAND_CONSTANT)
        return operand_scalar(build, operand, bits, is_mask);
    return ir_constant(is_mask ? ir_mask_of(&operand->value, bits) : ir_value_of(&operand->value));
}

/* ---- a condition by itself ---- */

static IrTest test_compare(Build *build, const PlanCondition *condition, IrField field)
{
    const guint bits = ir_field_info(field)->bits;
    IrTest test = ir_test_compare(field, 0, condition->negated);

    test.value = build_operand(build, &condition->first, bits, FALSE);
    if (condition->match != MATCH_VALUE)
        test.mask = build_operand(build, &condition->second, bits, TRUE);
    if (!test.value.is_scalar && !test.mask.is_scalar)
        test.value.value = ir_value_and(test.value.value, test.mask.value);
    return test;
}

static IrTest test_range(Build *build, const PlanCondition *condition, IrField field)
{
    const guint bits = ir_field_info(field)->bits;

    return (IrTest){.kind = TEST_RANGE,
                    .negated = condition->negated,
                    .field = field,
                    .value = build_operand(build, &condition->first, bits, FALSE),
                    .high = build_operand(build, &condition->second, bits, FALSE)};
}

/* (flags & mask) == wanted; a wanted flag outside the mask is never seen there. */
static IrTest test_flags(const PlanCondition *condition, IrField field)
{
    guint64 number = condition->first.value.number, mask = number >> 8, wanted = number & 0xff;
    IrTest test = ir_test_compare(field, wanted, condition->negated);

    if (wanted & ~mask)
        return (IrTest){.kind = TEST_RANGE,
                        .negated = condition->negated,
                        .field = field,
                        .value = ir_constant((IrValue){0, 1}),
                        .high = ir_constant((IrValue){0, 0})};
    test.mask = ir_constant((IrValue){0, mask});
    return test;
}

static IrTest test_option(Build *build, const PlanCondition *condition)
{
    return (IrTest){.kind = TEST_OPTION,
                    .negated = condition->negated,
                    .value = build_operand(build, &condition->first, 8, FALSE)};
}

static IrTest condition_test(Build *build, const BuildRule *rule, const PlanCondition *condition)
{
    if (condition->row->field == FIELD_TCP_OPTION)
        return test_option(build, condition);
    if (condition->row->type == TYPE_TCPFLAGS)
        return test_flags(condition, condition_field(rule, condition));
    if (condition->match == MATCH_RANGE)
        return test_range(build, condition, condition_field(rule, condition));
    return test_compare(build, condition, condition_field(rule, condition));
}

/* ---- conditions with iterators ---- */

static IrColumnOperand column_operand(Build *build, const PlanOperand *operand, guint bits,
                                      gboolean is_mask, guint *locals, IrSet *set)
{
    if (!operand_is_free(build, operand))
        return (IrColumnOperand){.operand = build_operand(build, operand, bits, is_mask)};
    if (locals[operand->iterator] == NOT_FIXED)
        locals[operand->iterator] = set->n_iterators++;
    return (IrColumnOperand){
        .is_each = TRUE, .slot = operand->slot, .iterator = locals[operand->iterator]};
}

static IrColumn condition_column(Build *build, const BuildRule *rule,
                                 const PlanCondition *condition, guint *locals, IrSet *set)
{
    const guint bits = ir_field_info(condition_field(rule, condition))->bits;
    IrColumn column = {.kind = COLUMN_VALUE, .negated = condition->negated, .bits = bits};

    column.first = column_operand(build, &condition->first, bits, FALSE, locals, set);
    if (condition->match == MATCH_VALUE)
        return column;
    column.kind = condition->match == MATCH_RANGE ? COLUMN_RANGE : COLUMN_PREFIX;
    column.second =
        column_operand(build, &condition->second, bits, column.kind == COLUMN_PREFIX, locals, set);
    return column;
}

/* Bits for the iterators that a condition walks. */
static guint condition_iterators(const Build *build, const PlanCondition *condition)
{
    guint iterators = 0;

    if (operand_is_free(build, &condition->first))
        iterators |= 1u << condition->first.iterator;
    if (condition->match != MATCH_VALUE && operand_is_free(build, &condition->second))
        iterators |= 1u << condition->second.iterator;
    return iterators;
}

static const PlanCondition *condition_at(const BuildRule *rule, guint i)
{
    return &g_array_index(rule->conditions, PlanCondition, i);
}

/* All iterators tied to those given, through any condition. */
static guint tied_iterators(const Build *build, const BuildRule *rule, guint iterators)
{
    guint before;

    do {
        before = iterators;
        for (guint i = 0; i < rule->conditions->len; i++) {
            guint walks = condition_iterators(build, condition_at(rule, i));

            iterators |= walks & iterators ? walks : 0;
        }
    } while (iterators != before);
    return iterators;
}

/* One set of all conditions that walk any of `iterators`. */
static void build_set(Build *build, const BuildRule *rule, guint iterators, IrStep *step)
{
    IrSet set = {0};
    IrTest test = {.kind = TEST_IN};
    guint locals[PLAN_ITERATORS_MAX];

    for (guint i = 0; i < PLAN_ITERATORS_MAX; i++)
        locals[i] = NOT_FIXED;
    for (guint i = 0; i < rule->conditions->len; i++) {
        const PlanCondition *condition = condition_at(rule, i);

        if (!(condition_iterators(build, condition) & iterators))
            continue;
        if (set.n_columns == IR_COLUMNS_MAX) {
            build_limit_error(build, rule->rule, "more lists walked in parallel than are possible");
            return;
        }
        build_has(step, condition_guard(rule, condition), FALSE);
        test.fields[set.n_columns] = condition_field(rule, condition);
        set.columns[set.n_columns] = condition_column(build, rule, condition, locals, &set);
        set.n_columns++;
    }
    test.set = ir_set_intern(build->program, &set);
    build_test(step, test);
}

static BuildPhase condition_phase(const BuildRule *rule, guint i)
{
    return rule->has_phases && build_is_transport(condition_at(rule, i)->row->field)
               ? PHASE_TRANSPORT
               : PHASE_NETWORK;
}

/* The turn of a whole set is that of its last condition. */
static BuildPhase group_phase(const Build *build, const BuildRule *rule, guint iterators)
{
    BuildPhase phase = PHASE_NETWORK;

    for (guint i = 0; i < rule->conditions->len; i++)
        if (condition_iterators(build, condition_at(rule, i)) & iterators)
            phase = MAX(phase, condition_phase(rule, i));
    return phase;
}

static void phase_plain(Build *build, const BuildRule *rule, BuildPhase phase, IrStep *step)
{
    for (guint i = 0; i < rule->conditions->len; i++) {
        const PlanCondition *condition = condition_at(rule, i);

        if (condition_iterators(build, condition) != 0 || condition_phase(rule, i) != phase)
            continue;
        build_has(step, condition_guard(rule, condition), FALSE);
        build_test(step, condition_test(build, rule, condition));
    }
}

void build_phase(Build *build, const BuildRule *rule, BuildPhase phase, IrStep *step)
{
    guint done = 0;

    phase_plain(build, rule, phase, step);
    for (guint i = 0; i < rule->conditions->len; i++) {
        guint walks = condition_iterators(build, condition_at(rule, i));

        if (walks == 0 || (walks & done))
            continue;
        walks = tied_iterators(build, rule, walks);
        done |= walks;
        if (group_phase(build, rule, walks) == phase)
            build_set(build, rule, walks, step);
    }
}

/* ---- which conditions ---- */

gboolean build_is_transport(Field field)
{
    return field == FIELD_PORT_SRC || field == FIELD_PORT_DST || field == FIELD_ICMP_TYPE ||
           field == FIELD_ICMP_CODE || field == FIELD_TCP_FLAGS || field == FIELD_TCP_OPTION;
}

gboolean build_is_split(const PlanRule *rule)
{
    for (guint i = 0; i < rule->n_conditions; i++)
        if (rule->conditions[i].with && rule->conditions[i].negated)
            return TRUE;
    return FALSE;
}

GArray *build_conditions(const PlanRule *rule, BuildVariant variant,
                         gboolean (*is_left_out)(const PlanCondition *condition))
{
    GArray *conditions = g_array_new(FALSE, FALSE, sizeof(PlanCondition));

    for (guint i = 0; i < rule->n_conditions; i++) {
        const PlanCondition *with = rule->conditions[i].with;
        PlanCondition first = rule->conditions[i];

        if (is_left_out && is_left_out(&first))
            continue;
        first.with = NULL;
        if (!with || variant != VARIANT_NOT_SECOND)
            g_array_append_val(conditions, first);
        if (with && variant != VARIANT_NOT_FIRST) {
            PlanCondition second = *with;

            second.negated = first.negated;
            g_array_append_val(conditions, second);
        }
    }
    return conditions;
}
