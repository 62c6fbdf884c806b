/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/eval.h"

typedef struct {
    const IrProgram *program;
    const IrBinding *binding;
    const struct facts *facts;
    const IrFlow *flow;
    IrTrace trace;
    gpointer data;
    IrVerdict verdict; /* as it stands: pass by default, or by the last rule that accepted */
} Eval;

/* What running a list of steps came to. */
typedef enum { RAN_ON, RAN_RETURN, RAN_ACCEPT, RAN_DROP } Ran;

static gboolean eval_compare(const Eval *eval, const IrTest *test)
{
    IrValue field = ir_field_get(test->field, eval->facts);
    IrValue differs = ir_value_xor(field, ir_operand_get(&test->value, eval->binding));

    return ir_value_is_zero(ir_value_and(differs, ir_operand_get(&test->mask, eval->binding)));
}

static gboolean eval_range(const Eval *eval, const IrTest *test)
{
    IrValue field = ir_field_get(test->field, eval->facts);

    return ir_value_compare(ir_operand_get(&test->value, eval->binding), field) <= 0 &&
           ir_value_compare(field, ir_operand_get(&test->high, eval->binding)) <= 0;
}

static gboolean eval_in(const Eval *eval, const IrTest *test)
{
    const IrSet *set = &g_array_index(eval->program->sets, IrSet, test->set);
    IrValue tuple[IR_COLUMNS_MAX];

    for (guint i = 0; i < set->n_columns; i++)
        tuple[i] = ir_field_get(test->fields[i], eval->facts);
    return ir_set_contains(set, &eval->binding->sets[test->set], tuple);
}

static gboolean eval_option(const Eval *eval, const IrTest *test)
{
    guint64 kind = ir_operand_get(&test->value, eval->binding).low;

    return kind < 256 && (eval->facts->tcp_options[kind >> 6] >> (kind & 63) & 1);
}

static gboolean eval_test(const Eval *eval, const IrTest *test)
{
    switch (test->kind) {
    case TEST_HAS:
        return (eval->facts->has & test->bits) == test->bits;
    case TEST_COMPARE:
        return eval_compare(eval, test);
    case TEST_RANGE:
        return eval_range(eval, test);
    case TEST_IN:
        return eval_in(eval, test);
    case TEST_OPTION:
        return eval_option(eval, test);
    case TEST_STATE:
        return (eval->flow->state & test->bits) != 0;
    case TEST_REPLY:
        return eval->flow->reply;
    case TEST_OVER:
        return eval->flow->over >> test->limit & 1;
    }
    g_assert_not_reached();
}

/* The first test that does not hold, or their number. */
static guint eval_tests(const Eval *eval, const IrStep *step)
{
    guint i;

    for (i = 0; i < step->tests->len; i++)
        if (!!eval_test(eval, ir_step_test(step, i)) == ir_step_test(step, i)->negated)
            break;
    if (eval->trace)
        eval->trace(step, i, eval->data);
    return i;
}

static Ran eval_rule(Eval *eval, const IrStep *step)
{
    if (step->action == IR_RETURN)
        return RAN_RETURN;
    eval->verdict.pass = step->action == IR_ACCEPT;
    eval->verdict.reason = step->reason;
    eval->verdict.origin = step->origin;
    return step->action == IR_ACCEPT ? RAN_ACCEPT : RAN_DROP;
}

static Ran eval_steps(Eval *eval, const GPtrArray *steps);

static Ran eval_step(Eval *eval, const IrStep *step)
{
    guint failed = eval_tests(eval, step);
    Ran ran;

    if (failed < step->tests->len) {
        if (!ir_step_test(step, failed)->is_need)
            return RAN_ON;
        eval->verdict = (IrVerdict){.reason = REASON_TRUNCATED};
        return RAN_DROP;
    }
    if (step->kind == STEP_RULE)
        return eval_rule(eval, step);
    ran = eval_steps(eval, step->steps);
    return ran == RAN_RETURN && step->kind == STEP_CHAIN ? RAN_ON : ran;
}

static Ran eval_steps(Eval *eval, const GPtrArray *steps)
{
    Ran ran = RAN_ON;

    for (guint i = 0; i < steps->len && ran == RAN_ON; i++)
        ran = eval_step(eval, g_ptr_array_index(steps, i));
    return ran;
}

IrVerdict ir_eval(const IrProgram *program, const IrBinding *binding, const struct facts *facts,
                  const IrFlow *flow, IrTrace trace, gpointer data)
{
    Eval eval = {program, binding, facts, flow, trace, data, {TRUE, REASON_DEFAULT, 0, FALSE}};

    if (eval_steps(&eval, program->l2) != RAN_DROP)
        (void)eval_steps(&eval, program->inet); /* the verdict is in eval */
    return eval.verdict;
}

IrVerdict ir_decide(const IrProgram *program, const IrBinding *binding, const Frame *frame,
                    Encapsulation encapsulation, const IrFlow *flow, const IrFlow *unwrapped,
                    IrTrace trace, gpointer data)
{
    guint wants = ir_program_wants(program);
    struct facts outside, inside;
    IrVerdict verdict, second;

    frame_parse(frame, wants, &outside);
    if (flow->known && (outside.has & FACTS_LATER))
        outside.has |= FACTS_KNOWN;
    verdict = ir_eval(program, binding, &outside, flow, trace, data);
    if (!verdict.pass || encapsulation == ENCAPSULATION_OPAQUE || !(outside.has & FACTS_WRAPPED))
        return verdict;
    frame_unwrap(frame, wants, &inside);
    if (unwrapped->known && (inside.has & FACTS_LATER))
        inside.has |= FACTS_KNOWN;
    second = ir_eval(program, binding, &inside, unwrapped, trace, data);
    second.is_unwrapped = TRUE;
    return second.pass ? verdict : second;
}
