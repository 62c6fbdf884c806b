/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/build-private.h"
#include "decide/text.h"

/*
 * The inet half. libvirt makes of one rule what its direction, action and state attributes say: a
 * rule for either way, the one as it is written and the other with source and destination changed,
 * each with the state of connection that lets answers in. inet_mirror() is that table; the rest
 * is what iptables' matches look at.
 *
 * Two of libvirt's omissions are not made here: an icmp rule with a type and direction inout, which
 * libvirt drops without a word, is a rule in both directions.
 */

/* One rule of the way at hand. */
typedef struct {
    gboolean exists;
    gboolean is_swapped;
    guint states; /* STATE_ bits; 0: any */
    int reply;    /* 0 original, 1 reply, -1 either */
} Mirror;

static gboolean has_role(const PlanRule *rule, Field field)
{
    for (guint i = 0; i < rule->n_conditions; i++)
        if (rule->conditions[i].row->field == field)
            return TRUE;
    return FALSE;
}

/* An attribute beyond the sender's MAC, by which a rule of the other orientation is about
 * anything. Limits and states do not count. */
static gboolean is_about_more_than_mac(const PlanRule *rule)
{
    for (guint i = 0; i < rule->n_conditions; i++)
        if (rule->conditions[i].row->field != FIELD_ETH_SRC)
            return TRUE;
    return FALSE;
}

static gboolean is_icmp_type(const PlanRule *rule)
{
    return has_role(rule, FIELD_ICMP_TYPE);
}

/* The orientation that does not count a rule out: some speak about one way only. */
static gboolean mirror_exists(const PlanRule *rule, gboolean is_swapped)
{
    const gboolean is_both = rule->direction == DIRECTION_INOUT;

    if (!is_swapped)
        return TRUE;
    if (rule->has_connlimit)
        return FALSE;
    if (rule->statematch && rule->states != 0 && !is_both)
        return FALSE;
    if (is_icmp_type(rule) && !is_both)
        return FALSE;
    return !has_role(rule, FIELD_ETH_SRC) || is_about_more_than_mac(rule);
}

static Mirror inet_mirror(const PlanRule *rule, guint way)
{
    const gboolean is_out = rule->direction == DIRECTION_OUT;
    Mirror mirror = {.is_swapped = is_out ? way == PLAN_TO_VM : way == PLAN_FROM_VM, .reply = -1};

    mirror.exists = mirror_exists(rule, mirror.is_swapped);
    if (!rule->statematch || rule->has_connlimit)
        return mirror;
    if (rule->states != 0) {
        mirror.states = rule->states & ~(guint)STATE_NONE;
        return mirror;
    }
    if (rule->action != ACTION_ACCEPT || rule->direction == DIRECTION_INOUT)
        return mirror;
    mirror.states = mirror.is_swapped ? STATE_ESTABLISHED : STATE_NEW | STATE_ESTABLISHED;
    mirror.reply = is_icmp_type(rule) ? -1 : mirror.is_swapped;
    return mirror;
}

/* ---- the tests of a rule ---- */

/* Only the sender's own rule knows its MAC. */
static gboolean is_source_mac(const PlanCondition *condition)
{
    return condition->row->field == FIELD_ETH_SRC;
}

static gboolean has_transport(const PlanRule *rule)
{
    for (guint i = 0; i < rule->n_conditions; i++)
        if (build_is_transport(rule->conditions[i].row->field))
            return TRUE;
    return FALSE;
}

/* iptables drops a packet whose transport header a rule must read and cannot; a later fragment has
 * none and just does not match. */
static void build_transport(Build *build, const BuildRule *rule, IrStep *step)
{
    if (!has_transport(rule->rule))
        return;
    build_test(step, ir_test_has(FACTS_LATER, TRUE));
    build_has(step, FACTS_INET_L4, TRUE);
    if (has_role(rule->rule, FIELD_TCP_FLAGS))
        build_has(step, FACTS_TCP, TRUE);
    if (has_role(rule->rule, FIELD_TCP_OPTION))
        build_has(step, FACTS_TCP_OPTIONS, TRUE);
    build_phase(build, rule, PHASE_TRANSPORT, step);
}

static void build_flow(const Mirror *mirror, IrStep *step)
{
    if (mirror->states)
        build_test(step, (IrTest){.kind = TEST_STATE, .bits = mirror->states});
    if (mirror->reply >= 0)
        build_test(step, (IrTest){.kind = TEST_REPLY, .negated = !mirror->reply});
}

static void build_limit(Build *build, const PlanRule *rule, IrStep *step)
{
    IrLimit limit = {.above = build_operand(build, &rule->connlimit, 16, FALSE)};
    IrTest test = {.kind = TEST_OVER, .negated = rule->connlimit_negated};

    if (build->program->limits->len == IR_LIMITS_MAX) {
        build_limit_error(build, rule, "more rules with connlimit-above than are possible");
        return;
    }
    limit.key = ir_step_format_key(build->program, step);
    test.limit = build->program->limits->len;
    g_array_append_val(build->program->limits, limit);
    build_test(step, test);
}

static void build_variant(Build *build, const PlanRule *rule, const Mirror *mirror,
                          BuildVariant variant)
{
    const ProtocolInfo *protocol = protocol_info(rule->protocol);
    g_autoptr(GArray) conditions =
        build_conditions(rule, variant, mirror->is_swapped ? is_source_mac : NULL);
    const BuildRule row = {rule, conditions, mirror->is_swapped, TRUE};
    IrStep *step = build_step(build, rule,
                              rule->action == ACTION_ACCEPT   ? IR_ACCEPT
                              : rule->action == ACTION_RETURN ? IR_RETURN
                                                              : IR_DROP);

    build_has(step, protocol->family == 4 ? FACTS_INET4 : FACTS_INET6, FALSE);
    build_phase(build, &row, PHASE_NETWORK, step);
    if (protocol->ip_protocol >= 0) {
        build_has(step, FACTS_INET_PROTO, TRUE);
        build_test(step, ir_test_compare(IR_INET_PROTO, (guint)protocol->ip_protocol, FALSE));
    }
    build_transport(build, &row, step);
    build_flow(mirror, step);
    if (rule->has_connlimit)
        build_limit(build, rule, step);
    g_ptr_array_add(build->program->inet, step);
}

static void build_one(Build *build, const PlanRule *rule, const Mirror *mirror)
{
    if (!build_is_split(rule)) {
        build_variant(build, rule, mirror, VARIANT_PLAIN);
        return;
    }
    build_variant(build, rule, mirror, VARIANT_NOT_FIRST);
    build_variant(build, rule, mirror, VARIANT_NOT_SECOND);
}

/* ---- lists that no set can hold ---- */

#define TAKEN_APART_MAX 64

static guint operand_length(const Build *build, const PlanOperand *operand)
{
    guint length = 1;

    if (build->values)
        (void)plan_values_get(build->values, operand->slot, &length);
    return length;
}

/* The iterator of an option or a limit, its length to *length; NOT_FIXED when there is none left
 * to fix. */
static guint odd_iterator(const Build *build, const PlanRule *rule, guint *length)
{
    const PlanOperand *odd = rule->has_connlimit ? &rule->connlimit : NULL;

    for (guint i = 0; i <= rule->n_conditions; i++) {
        if (odd && odd->kind == OPERAND_EACH && build->fixed[odd->iterator] == NOT_FIXED) {
            *length = operand_length(build, odd);
            return odd->iterator;
        }
        if (i < rule->n_conditions)
            odd = rule->conditions[i].row->field == FIELD_TCP_OPTION ? &rule->conditions[i].first
                                                                     : NULL;
    }
    return NOT_FIXED;
}

static void build_apart(Build *build, const PlanRule *rule, const Mirror *mirror)
{
    guint length = 0, iterator = odd_iterator(build, rule, &length);

    if (iterator == NOT_FIXED) {
        build_one(build, rule, mirror);
        return;
    }
    if (length > TAKEN_APART_MAX) {
        build_limit_error(build, rule,
                          "option and connlimit-above take lists of at most 64 values");
        return;
    }
    for (guint i = 0; i < length; i++) {
        build->fixed[iterator] = i;
        build_apart(build, rule, mirror);
    }
    build->fixed[iterator] = NOT_FIXED;
}

/* ---- the list ---- */

static gboolean looks_beyond_addresses(const PlanRule *rule, const Mirror *mirror)
{
    return has_transport(rule) || mirror->states || mirror->reply >= 0;
}

/* What libvirt's host does with IP before any rule of ours: validation by the bridge, and, once a
 * rule needs to look into them, reassembly of datagrams. Ours judges the first fragment and lets
 * the others follow it. */
static void build_before(IrProgram *program, gboolean is_reassembled)
{
    GPtrArray *inet = program->inet;

    if (inet->len == 0)
        return;
    if (is_reassembled) {
        g_ptr_array_insert(inet, 0, build_reason(IR_DROP, REASON_FRAGMENT, FACTS_LATER));
        g_ptr_array_insert(inet, 0, build_reason(IR_ACCEPT, REASON_FRAGMENT, FACTS_KNOWN));
    }
    g_ptr_array_insert(inet, 0, build_reason(IR_DROP, REASON_MALFORMED, FACTS_MALFORMED));
}

static gboolean asks_for_flows(const PlanRule *rule, guint way)
{
    const Mirror mirror = inet_mirror(rule, way);

    return mirror.exists && (mirror.states || mirror.reply >= 0 || rule->has_connlimit);
}

/* A connection that one way asks for is noted by the frames of both. */
static guint flow_wants(const Plan *plan)
{
    for (guint i = 0; i < plan->n_inet; i++)
        if (asks_for_flows(plan->inet[i], PLAN_FROM_VM) ||
            asks_for_flows(plan->inet[i], PLAN_TO_VM))
            return FACTS_WANT_IP | FACTS_WANT_L4;
    return 0;
}

void build_inet(Build *build)
{
    gboolean is_reassembled = FALSE;

    for (guint i = 0; i < build->plan->n_inet; i++) {
        const PlanRule *rule = build->plan->inet[i];
        const Mirror mirror = inet_mirror(rule, build->program->way);

        for (guint n = 0; n < PLAN_ITERATORS_MAX; n++)
            build->fixed[n] = NOT_FIXED;
        if (!mirror.exists || rule->action == ACTION_CONTINUE)
            continue;
        build_apart(build, rule, &mirror);
        is_reassembled |= looks_beyond_addresses(rule, &mirror);
    }
    build_before(build->program, is_reassembled);
    build->program->also_wants = flow_wants(build->plan);
}
