/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/known.h"

static KnownAnswer answer(gboolean holds, gboolean negated)
{
    return !holds == !negated ? KNOWN_FALSE : KNOWN_TRUE;
}

/* The frame type that a bit of `has` comes with; 0: more than one. */
static guint has_type(guint bits)
{
    bits = ir_has_implied(bits);
    if (bits & FACTS_IP4)
        return FACTS_ETH_IP4;
    if (bits & FACTS_IP6)
        return FACTS_ETH_IP6;
    return 0;
}

/* Bits that a frame of this type cannot have. */
static guint type_excludes(guint64 type)
{
    guint excluded = 0;

    if (type != FACTS_ETH_ARP && type != FACTS_ETH_RARP)
        excluded |= FACTS_ARP;
    if (type != FACTS_ETH_IP4)
        excluded |= FACTS_IP4;
    if (type != FACTS_ETH_IP6)
        excluded |= FACTS_IP6;
    return excluded;
}

static gboolean is_exact(const IrTest *test, IrField field)
{
    const IrOperand whole = ir_constant(ir_field_max(field));

    return test->kind == TEST_COMPARE && !test->negated && test->field == field &&
           ir_operand_equal(&test->mask, &whole) && !test->value.is_scalar;
}

/* The field is known to have exactly this constant. */
static KnownAnswer ask_exact(IrValue value, const IrTest *test)
{
    if (test->kind == TEST_COMPARE && !test->value.is_scalar && !test->mask.is_scalar)
        return answer(ir_value_is_zero(
                          ir_value_and(ir_value_xor(value, test->value.value), test->mask.value)),
                      test->negated);
    if (test->kind == TEST_RANGE && !test->value.is_scalar && !test->high.is_scalar)
        return answer(ir_value_compare(test->value.value, value) <= 0 &&
                          ir_value_compare(value, test->high.value) <= 0,
                      test->negated);
    return KNOWN_MAYBE;
}

/* These bits are known to be set. */
static KnownAnswer ask_has(guint bits, const IrTest *test)
{
    if (test->kind == TEST_HAS) {
        if (test->bits & ir_has_excluded(bits))
            return answer(FALSE, test->negated);
        if ((test->bits & ~ir_has_implied(bits)) == 0)
            return answer(TRUE, test->negated);
        return KNOWN_MAYBE;
    }
    if (test->kind == TEST_COMPARE && test->field == IR_ETH_TYPE && has_type(bits))
        return ask_exact((IrValue){0, has_type(bits)}, test);
    return KNOWN_MAYBE;
}

/* At least one of these bits is known not to be set. */
static KnownAnswer ask_has_not(guint bits, const IrTest *test)
{
    if (test->kind == TEST_HAS && (bits & ~ir_has_implied(test->bits)) == 0)
        return answer(FALSE, test->negated);
    return KNOWN_MAYBE;
}

static KnownAnswer ask_type(guint64 type, const IrTest *test)
{
    if (test->kind == TEST_HAS && (ir_has_implied(test->bits) & type_excludes(type)))
        return answer(FALSE, test->negated);
    return KNOWN_MAYBE;
}

/* Equal but for their signs, and whether they are needs. */
static gboolean is_same(const IrTest *a, const IrTest *b)
{
    IrTest bare;

    if (a->kind != b->kind || a->field != b->field || a->bits != b->bits)
        return FALSE; /* mostly; the copy is for the rest */
    bare = *a;
    bare.negated = b->negated;
    bare.is_need = b->is_need;
    return ir_test_equal(&bare, b);
}

/* What one test that holds says about another. */
static KnownAnswer ask_one(const IrTest *holds, const IrTest *test)
{
    KnownAnswer result = KNOWN_MAYBE;

    if (is_same(holds, test))
        return answer(!holds->negated, test->negated);
    if (holds->kind == TEST_HAS)
        return holds->negated ? ask_has_not(holds->bits, test) : ask_has(holds->bits, test);
    if (is_exact(holds, IR_ETH_TYPE))
        result = ask_type(holds->value.value.low, test);
    if (result == KNOWN_MAYBE && is_exact(holds, holds->field) && test->field == holds->field)
        result = ask_exact(holds->value.value, test);
    return result;
}

KnownAnswer known_ask(const Known *known, const IrTest *test, gboolean only_around)
{
    for (; known; known = known->outer) {
        KnownAnswer result = KNOWN_MAYBE;

        if (known->is_around || !only_around)
            result = ask_one(&known->test, test);
        if (result != KNOWN_MAYBE)
            return result;
    }
    return KNOWN_MAYBE;
}

gboolean known_has(const Known *known, guint bits)
{
    guint had = 0;

    for (; known; known = known->outer)
        if (known->is_around && known->test.kind == TEST_HAS && !known->test.negated)
            had |= known->test.bits;
    return (bits & ~ir_has_implied(had)) == 0;
}
