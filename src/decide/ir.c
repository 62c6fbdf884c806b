/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/ir.h"
#include <string.h>

/* ---- tests ---- */

IrTest ir_test_has(guint bits, gboolean negated)
{
    return (IrTest){.kind = TEST_HAS, .bits = bits, .negated = negated};
}

IrTest ir_test_need(guint bits)
{
    return (IrTest){.kind = TEST_HAS, .bits = bits, .is_need = TRUE};
}

IrTest ir_test_compare(IrField field, guint64 value, gboolean negated)
{
    return (IrTest){.kind = TEST_COMPARE,
                    .negated = negated,
                    .field = field,
                    .value = ir_constant((IrValue){0, value}),
                    .mask = ir_constant(ir_field_max(field))};
}

IrOperand ir_constant(IrValue value)
{
    return (IrOperand){.value = value};
}

gboolean ir_operand_equal(const IrOperand *a, const IrOperand *b)
{
    if (a->is_scalar || b->is_scalar)
        return a->is_scalar == b->is_scalar && a->scalar == b->scalar;
    return ir_value_compare(a->value, b->value) == 0;
}

/* Tests are made from zero by the constructors and builders alone, so unused members are equal. */
gboolean ir_test_equal(const IrTest *a, const IrTest *b)
{
    return a->kind == b->kind && a->negated == b->negated && a->is_need == b->is_need &&
           a->bits == b->bits && a->field == b->field && ir_operand_equal(&a->value, &b->value) &&
           ir_operand_equal(&a->mask, &b->mask) && ir_operand_equal(&a->high, &b->high) &&
           a->set == b->set && a->limit == b->limit &&
           memcmp(a->fields, b->fields, sizeof a->fields) == 0;
}

/* ---- steps ---- */

IrStep *ir_step_new(IrStepKind kind)
{
    IrStep *step = g_new0(IrStep, 1);

    step->kind = kind;
    step->tests = g_array_new(FALSE, TRUE, sizeof(IrTest));
    if (kind != STEP_RULE)
        step->steps = ir_steps_new();
    return step;
}

static GPtrArray *steps_copy(const GPtrArray *steps)
{
    GPtrArray *copy = ir_steps_new();

    for (guint i = 0; i < steps->len; i++)
        g_ptr_array_add(copy, ir_step_copy(g_ptr_array_index(steps, i)));
    return copy;
}

IrStep *ir_step_copy(const IrStep *step)
{
    IrStep *copy = g_new(IrStep, 1);

    *copy = *step;
    copy->tests = g_array_copy(step->tests);
    copy->chain = g_strdup(step->chain);
    copy->steps = step->steps ? steps_copy(step->steps) : NULL;
    return copy;
}

void ir_step_free(IrStep *step)
{
    if (!step)
        return;
    g_array_unref(step->tests);
    g_free(step->chain);
    g_clear_pointer(&step->steps, g_ptr_array_unref);
    g_free(step);
}

GPtrArray *ir_steps_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)ir_step_free);
}

const IrTest *ir_step_test(const IrStep *step, guint i)
{
    return &g_array_index(step->tests, IrTest, i);
}

/* ---- programs ---- */

static void slot_clear(gpointer slot)
{
    g_free(((IrSlot *)slot)->name);
}

static void limit_clear(gpointer limit)
{
    g_free(((IrLimit *)limit)->key);
}

static void origin_clear(gpointer origin)
{
    g_free(((IrOrigin *)origin)->filter);
    g_free(((IrOrigin *)origin)->comment);
}

static GArray *table_new(gsize size, GDestroyNotify clear)
{
    GArray *table = g_array_new(FALSE, TRUE, (guint)size);

    g_array_set_clear_func(table, clear);
    return table;
}

static IrProgram *program_empty(const char *name, guint way)
{
    IrProgram *program = g_new0(IrProgram, 1);

    program->name = g_strdup(name);
    program->way = way;
    program->slots = table_new(sizeof(IrSlot), slot_clear);
    program->scalars = table_new(sizeof(IrScalar), NULL);
    program->sets = table_new(sizeof(IrSet), NULL);
    program->limits = table_new(sizeof(IrLimit), limit_clear);
    program->origins = table_new(sizeof(IrOrigin), origin_clear);
    return program;
}

IrProgram *ir_program_new(const char *name, guint way)
{
    IrProgram *program = program_empty(name, way);

    program->l2 = ir_steps_new();
    program->inet = ir_steps_new();
    return program;
}

static void copy_slots(IrProgram *copy, const IrProgram *program)
{
    for (guint i = 0; i < program->slots->len; i++) {
        IrSlot slot = g_array_index(program->slots, IrSlot, i);

        slot.name = g_strdup(slot.name);
        g_array_append_val(copy->slots, slot);
    }
}

static void copy_limits(IrProgram *copy, const IrProgram *program)
{
    for (guint i = 0; i < program->limits->len; i++) {
        IrLimit limit = g_array_index(program->limits, IrLimit, i);

        limit.key = g_strdup(limit.key);
        g_array_append_val(copy->limits, limit);
    }
}

static void copy_origins(IrProgram *copy, const IrProgram *program)
{
    for (guint i = 0; i < program->origins->len; i++) {
        IrOrigin origin = g_array_index(program->origins, IrOrigin, i);

        origin.filter = g_strdup(origin.filter);
        origin.comment = g_strdup(origin.comment);
        g_array_append_val(copy->origins, origin);
    }
}

IrProgram *ir_program_copy(const IrProgram *program)
{
    IrProgram *copy = program_empty(program->name, program->way);

    copy_slots(copy, program);
    copy_limits(copy, program);
    copy_origins(copy, program);
    g_array_append_vals(copy->scalars, program->scalars->data, program->scalars->len);
    g_array_append_vals(copy->sets, program->sets->data, program->sets->len);
    copy->l2 = steps_copy(program->l2);
    copy->inet = steps_copy(program->inet);
    copy->also_wants = program->also_wants;
    return copy;
}

void ir_program_free(IrProgram *program)
{
    if (!program)
        return;
    g_free(program->name);
    g_array_unref(program->slots);
    g_array_unref(program->scalars);
    g_array_unref(program->sets);
    g_array_unref(program->limits);
    g_array_unref(program->origins);
    g_ptr_array_unref(program->l2);
    g_ptr_array_unref(program->inet);
    g_free(program);
}

/* ---- tables ---- */

static gboolean scalar_equal(const IrScalar *a, const IrScalar *b)
{
    return a->kind == b->kind && a->slot == b->slot && a->index == b->index && a->bits == b->bits &&
           a->set == b->set;
}

guint ir_scalar_intern(IrProgram *program, const IrScalar *scalar)
{
    for (guint i = 0; i < program->scalars->len; i++)
        if (scalar_equal(&g_array_index(program->scalars, IrScalar, i), scalar))
            return i;
    g_array_append_vals(program->scalars, scalar, 1);
    return program->scalars->len - 1;
}

static gboolean column_operand_equal(const IrColumnOperand *a, const IrColumnOperand *b)
{
    if (a->is_each || b->is_each)
        return a->is_each == b->is_each && a->slot == b->slot && a->iterator == b->iterator;
    return ir_operand_equal(&a->operand, &b->operand);
}

static gboolean column_equal(const IrColumn *a, const IrColumn *b)
{
    return a->kind == b->kind && a->negated == b->negated && a->bits == b->bits &&
           column_operand_equal(&a->first, &b->first) &&
           column_operand_equal(&a->second, &b->second);
}

static gboolean set_equal(const IrSet *a, const IrSet *b)
{
    if (a->n_columns != b->n_columns || a->n_iterators != b->n_iterators)
        return FALSE;
    for (guint i = 0; i < a->n_columns; i++)
        if (!column_equal(&a->columns[i], &b->columns[i]))
            return FALSE;
    return TRUE;
}

guint ir_set_intern(IrProgram *program, const IrSet *set)
{
    for (guint i = 0; i < program->sets->len; i++)
        if (set_equal(&g_array_index(program->sets, IrSet, i), set))
            return i;
    g_array_append_vals(program->sets, set, 1);
    return program->sets->len - 1;
}

IrSetForm ir_set_form(const IrSet *set)
{
    guint negated = 0, wide = 0;

    for (guint i = 0; i < set->n_columns; i++) {
        negated += set->columns[i].negated ? 1 : 0;
        wide += set->columns[i].kind != COLUMN_VALUE ? 1 : 0;
    }
    if (negated)
        return set->n_columns == 1 ? SET_COMMON : SET_WALK;
    return wide == 0 ? SET_EXACT : wide == 1 ? SET_PREFIX : SET_WALK;
}

/* ---- questions about a whole program ---- */

static guint steps_size(const GPtrArray *steps)
{
    guint size = steps->len;

    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);
        size += step->steps ? steps_size(step->steps) : 0;
    }
    return size;
}

guint ir_program_size(const IrProgram *program)
{
    return steps_size(program->l2) + steps_size(program->inet);
}

static guint has_wants(guint bits)
{
    const guint ip = FACTS_IP4 | FACTS_IP6 | FACTS_INET | FACTS_MALFORMED;
    /* fragments of IPv6 are told by the extension chain */
    const guint l4 = FACTS_FRAGMENT | FACTS_LATER | FACTS_KNOWN | FACTS_IP6_PROTO | FACTS_PORTS |
                     FACTS_INET_L4 | FACTS_INET_PROTO | FACTS_TCP;
    guint wants = 0;

    if (bits & (FACTS_STP | FACTS_STP_CONFIG))
        wants |= FACTS_WANT_STP;
    if (bits & (FACTS_ARP | FACTS_ARP_IP | FACTS_ARP_SHA | FACTS_ARP_THA))
        wants |= FACTS_WANT_ARP;
    if (bits & ip)
        wants |= FACTS_WANT_IP;
    if (bits & l4)
        wants |= FACTS_WANT_IP | FACTS_WANT_L4;
    if (bits & FACTS_TCP_OPTIONS)
        wants |= FACTS_WANT_IP | FACTS_WANT_L4 | FACTS_WANT_TCP_OPTIONS;
    return wants;
}

static guint steps_wants(const GPtrArray *steps)
{
    guint wants = 0;

    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);

        for (guint t = 0; t < step->tests->len; t++)
            if (ir_step_test(step, t)->kind == TEST_HAS)
                wants |= has_wants(ir_step_test(step, t)->bits);
        wants |= step->steps ? steps_wants(step->steps) : 0;
    }
    return wants;
}

/* By I2 a field is behind a HAS test, so these alone tell. */
guint ir_program_wants(const IrProgram *program)
{
    return steps_wants(program->l2) | steps_wants(program->inet) | program->also_wants;
}

static gboolean steps_have_flows(const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);

        for (guint t = 0; t < step->tests->len; t++)
            if (ir_step_test(step, t)->kind >= TEST_STATE)
                return TRUE;
        if (step->steps && steps_have_flows(step->steps))
            return TRUE;
    }
    return FALSE;
}

gboolean ir_program_has_flows(const IrProgram *program)
{
    return steps_have_flows(program->inet);
}

const char *ir_reason_format(IrReason reason)
{
    static const char *const words[N_REASONS] = {
        [REASON_RULE] = "rule",           [REASON_DEFAULT] = "default",
        [REASON_REFUSED] = "refused",     [REASON_MALFORMED] = "malformed",
        [REASON_TRUNCATED] = "truncated", [REASON_FRAGMENT] = "fragment",
    };

    return words[reason];
}

char *ir_origin_format(const IrProgram *program, IrReason reason, guint origin)
{
    if (reason != REASON_RULE)
        return g_strdup(ir_reason_format(reason));
    const IrOrigin *row = &g_array_index(program->origins, IrOrigin, origin);
    return g_strdup_printf("%s:%u", row->filter, row->line);
}
