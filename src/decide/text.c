/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/text.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mac.h"

static const char *const type_words[] = {
    [TYPE_NUMBER] = "number",     [TYPE_DECIMAL] = "decimal",   [TYPE_MAC] = "mac",
    [TYPE_MACMASK] = "macmask",   [TYPE_IP4] = "ip4",           [TYPE_IP4MASK] = "ip4mask",
    [TYPE_IP6] = "ip6",           [TYPE_IP6MASK] = "ip6mask",   [TYPE_BOOLEAN] = "boolean",
    [TYPE_STATES] = "states",     [TYPE_TCPFLAGS] = "tcpflags", [TYPE_SETNAME] = "setname",
    [TYPE_SETFLAGS] = "setflags", [TYPE_TEXT] = "text",
};

const char *ir_type_format(ValueType type)
{
    return type_words[type];
}

gboolean ir_type_parse(const char *word, ValueType *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(type_words); i++) {
        if (strcmp(type_words[i], word) == 0) {
            *type = i;
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- values ---- */

static char *ip6_format(IrValue value)
{
    guint64 wire[2] = {GUINT64_TO_BE(value.high), GUINT64_TO_BE(value.low)};
    char text[INET6_ADDRSTRLEN];

    return g_strdup(inet_ntop(AF_INET6, wire, text, sizeof text));
}

char *ir_value_format(IrForm form, guint bits, IrValue value)
{
    const guint64 low = value.low;
    char mac[MAC_TEXT_SIZE];

    switch (form) {
    case IR_FORM_DECIMAL:
        return g_strdup_printf("%" G_GUINT64_FORMAT, low);
    case IR_FORM_HEX:
        return g_strdup_printf("0x%0*" G_GINT64_MODIFIER "x", (int)(bits + 3) / 4, low);
    case IR_FORM_MAC:
        return g_strdup(mac_format(low, mac));
    case IR_FORM_IP4:
        return g_strdup_printf("%u.%u.%u.%u", (guint)(low >> 24 & 255), (guint)(low >> 16 & 255),
                               (guint)(low >> 8 & 255), (guint)(low & 255));
    case IR_FORM_IP6:
        return ip6_format(value);
    }
    g_assert_not_reached();
}

static IrForm form_of_bits(guint bits)
{
    return bits == 128  ? IR_FORM_IP6
           : bits == 48 ? IR_FORM_MAC
           : bits == 32 ? IR_FORM_IP4
                        : IR_FORM_DECIMAL;
}

/* ---- operands ---- */

static gboolean slot_is_ambiguous(const IrProgram *program, guint slot)
{
    const char *name = g_array_index(program->slots, IrSlot, slot).name;

    for (guint i = 0; i < program->slots->len; i++)
        if (i != slot && strcmp(g_array_index(program->slots, IrSlot, i).name, name) == 0)
            return TRUE;
    return FALSE;
}

static void append_slot(GString *text, const IrProgram *program, guint slot)
{
    const IrSlot *row = &g_array_index(program->slots, IrSlot, slot);

    g_string_append_printf(text, "$%s", row->name);
    if (slot_is_ambiguous(program, slot))
        g_string_append_printf(text, "#%u", row->index);
}

static void append_scalar(GString *text, const IrProgram *program, guint scalar)
{
    const IrScalar *row = &g_array_index(program->scalars, IrScalar, scalar);

    switch (row->kind) {
    case SCALAR_VALUE:
        append_slot(text, program, row->slot);
        g_string_append_printf(text, "[%u]", row->index);
        return;
    case SCALAR_MASK:
        g_string_append(text, "mask(");
        append_slot(text, program, row->slot);
        g_string_append_printf(text, "[%u])", row->index);
        return;
    case SCALAR_LOW:
        g_string_append_printf(text, "low(%u)", row->set);
        return;
    case SCALAR_HIGH:
        g_string_append_printf(text, "high(%u)", row->set);
        return;
    }
}

static void append_operand(GString *text, const IrProgram *program, const IrOperand *operand,
                           IrForm form, guint bits)
{
    if (operand->is_scalar) {
        append_scalar(text, program, operand->scalar);
    } else {
        g_autofree char *value = ir_value_format(form, bits, operand->value);
        g_string_append(text, value);
    }
}

/* ---- tables ---- */

static void append_column_operand(GString *text, const IrProgram *program,
                                  const IrColumnOperand *operand, guint bits)
{
    if (!operand->is_each) {
        append_operand(text, program, &operand->operand, form_of_bits(bits), bits);
        return;
    }
    append_slot(text, program, operand->slot);
    g_string_append_printf(text, "[@%u]", operand->iterator);
}

static void append_column(GString *text, const IrProgram *program, const IrColumn *column)
{
    g_string_append_printf(text, "%s%u: ", column->negated ? "not " : "", column->bits);
    append_column_operand(text, program, &column->first, column->bits);
    if (column->kind == COLUMN_VALUE)
        return;
    g_string_append(text, column->kind == COLUMN_RANGE ? " .. " : " & ");
    append_column_operand(text, program, &column->second, column->bits);
}

static void append_set(GString *text, const IrProgram *program, guint index)
{
    const IrSet *set = &g_array_index(program->sets, IrSet, index);

    g_string_append_printf(text, "set %u = ", index);
    for (guint i = 0; i < set->n_columns; i++) {
        g_string_append(text, i ? ", " : "");
        append_column(text, program, &set->columns[i]);
    }
    g_string_append_c(text, '\n');
}

static void append_quoted(GString *text, const char *word)
{
    g_autofree char *escaped = g_strescape(word, NULL);

    g_string_append_printf(text, "\"%s\"", escaped);
}

/* A filter's name, in quotes when it could be taken for something else. */
static void append_name(GString *text, const char *name)
{
    const char *c = name;

    while (g_ascii_isalnum(*c) || *c == '-' || *c == '_' || *c == '.')
        c++;
    if (*c != '\0' || c == name)
        append_quoted(text, name);
    else
        g_string_append(text, name);
}

static void append_limit(GString *text, const IrProgram *program, guint index)
{
    const IrLimit *limit = &g_array_index(program->limits, IrLimit, index);

    g_string_append_printf(text, "limit %u above ", index);
    append_operand(text, program, &limit->above, IR_FORM_DECIMAL, 16);
    g_string_append_c(text, ' ');
    append_quoted(text, limit->key);
    g_string_append_c(text, '\n');
}

static void append_origin(GString *text, const IrProgram *program, guint index)
{
    const IrOrigin *origin = &g_array_index(program->origins, IrOrigin, index);

    append_name(text, origin->filter);
    g_string_append_printf(text, ":%u", origin->line);
}

static void append_comment(GString *text, const IrProgram *program, guint index)
{
    const IrOrigin *origin = &g_array_index(program->origins, IrOrigin, index);

    if (!origin->comment)
        return;
    g_string_append(text, "origin ");
    append_origin(text, program, index);
    g_string_append_c(text, ' ');
    append_quoted(text, origin->comment);
    g_string_append_c(text, '\n');
}

static void append_tables(GString *text, const IrProgram *program)
{
    for (guint i = 0; i < program->slots->len; i++) {
        const IrSlot *slot = &g_array_index(program->slots, IrSlot, i);
        g_string_append_printf(text, "slot %u %s %s\n", slot->index, slot->name,
                               ir_type_format(slot->type));
    }
    for (guint i = 0; i < program->sets->len; i++)
        append_set(text, program, i);
    for (guint i = 0; i < program->limits->len; i++)
        append_limit(text, program, i);
    for (guint i = 0; i < program->origins->len; i++)
        append_comment(text, program, i);
}

/* ---- tests ---- */

static const struct {
    guint bit;
    const char *name;
} has_names[] = {
#define HAS(id, name, implies, excludes) {FACTS_##id, name},
#include "decide/facts.def"
};

static const struct {
    guint bit;
    const char *name;
} state_names[] = {
    {STATE_NEW, "NEW"},
    {STATE_ESTABLISHED, "ESTABLISHED"},
    {STATE_RELATED, "RELATED"},
    {STATE_INVALID, "INVALID"},
};

static void append_has(GString *text, guint bits)
{
    const char *separator = "";

    for (gsize i = 0; i < G_N_ELEMENTS(has_names); i++) {
        if (!(bits & has_names[i].bit))
            continue;
        g_string_append_printf(text, "%s%s", separator, has_names[i].name);
        separator = "+";
    }
}

static void append_states(GString *text, guint bits)
{
    const char *separator = "";

    for (gsize i = 0; i < G_N_ELEMENTS(state_names); i++) {
        if (!(bits & state_names[i].bit))
            continue;
        g_string_append_printf(text, "%s%s", separator, state_names[i].name);
        separator = "+";
    }
}

static void append_compare(GString *text, const IrProgram *program, const IrTest *test)
{
    const IrFieldInfo *info = ir_field_info(test->field);
    const IrOperand whole = ir_constant(ir_field_max(test->field));

    g_string_append(text, info->name);
    if (!ir_operand_equal(&test->mask, &whole)) {
        IrForm form = info->form == IR_FORM_DECIMAL ? IR_FORM_HEX : info->form;
        g_string_append(text, " & ");
        append_operand(text, program, &test->mask, form, info->bits);
    }
    g_string_append(text, test->negated ? " != " : " == ");
    append_operand(text, program, &test->value, info->form, info->bits);
}

static void append_range(GString *text, const IrProgram *program, const IrTest *test)
{
    const IrFieldInfo *info = ir_field_info(test->field);

    g_string_append_printf(text, "%s %sin ", info->name, test->negated ? "not " : "");
    append_operand(text, program, &test->value, info->form, info->bits);
    g_string_append(text, " .. ");
    append_operand(text, program, &test->high, info->form, info->bits);
}

static void append_in(GString *text, const IrProgram *program, const IrTest *test)
{
    const IrSet *set = &g_array_index(program->sets, IrSet, test->set);

    for (guint i = 0; i < set->n_columns; i++)
        g_string_append_printf(text, "%s%s", i ? "," : "", ir_field_info(test->fields[i])->name);
    g_string_append_printf(text, " in set %u", test->set);
}

static void append_test(GString *text, const IrProgram *program, const IrTest *test)
{
    const char *not_ = test->negated ? "not " : "";

    switch (test->kind) {
    case TEST_HAS:
        g_string_append(text, test->is_need ? "need " : test->negated ? "not has " : "has ");
        append_has(text, test->bits);
        return;
    case TEST_COMPARE:
        append_compare(text, program, test);
        return;
    case TEST_RANGE:
        append_range(text, program, test);
        return;
    case TEST_IN:
        append_in(text, program, test);
        return;
    case TEST_OPTION:
        g_string_append_printf(text, "%soption ", not_);
        append_operand(text, program, &test->value, IR_FORM_DECIMAL, 8);
        return;
    case TEST_STATE:
        g_string_append_printf(text, "%sstate ", not_);
        append_states(text, test->bits);
        return;
    case TEST_REPLY:
        g_string_append_printf(text, "%sreply", not_);
        return;
    case TEST_OVER:
        g_string_append_printf(text, "%sover %u", not_, test->limit);
        return;
    }
}

static void append_tests(GString *text, const IrProgram *program, const IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++) {
        g_string_append(text, i ? " and " : "");
        append_test(text, program, ir_step_test(step, i));
    }
}

/* As append_tests, but what depends on the tables' order is spelled out. */
static void append_key(GString *text, const IrProgram *program, const IrStep *step)
{
    for (guint i = 0; i < step->tests->len; i++) {
        const IrTest *test = ir_step_test(step, i);
        const IrSet *set;

        g_string_append(text, i ? " and " : "");
        append_test(text, program, test);
        if (test->kind != TEST_IN)
            continue;
        set = &g_array_index(program->sets, IrSet, test->set);
        g_string_truncate(text, (gsize)(strrchr(text->str, ' ') - text->str));
        for (guint column = 0; column < set->n_columns; column++) {
            g_string_append(text, column ? ", " : " ");
            append_column(text, program, &set->columns[column]);
        }
    }
}

char *ir_step_format_key(const IrProgram *program, const IrStep *step)
{
    GString *text = g_string_new(NULL);

    append_key(text, program, step);
    return g_string_free(text, FALSE);
}

char *ir_test_format(const IrProgram *program, const IrTest *test)
{
    GString *text = g_string_new(NULL);

    append_test(text, program, test);
    return g_string_free(text, FALSE);
}

char *ir_step_format_tests(const IrProgram *program, const IrStep *step)
{
    GString *text = g_string_new(NULL);

    append_tests(text, program, step);
    return g_string_free(text, FALSE);
}

/* ---- steps ---- */

static void append_rule(GString *text, const IrProgram *program, const IrStep *step)
{
    static const char *const words[] = {
        [IR_ACCEPT] = "accept", [IR_DROP] = "drop", [IR_RETURN] = "return"};

    g_string_append_printf(text, "%s ", words[step->action]);
    if (step->reason == REASON_RULE)
        append_origin(text, program, step->origin);
    else
        g_string_append_printf(text, "!%s", ir_reason_format(step->reason));
}

static void append_step(GString *text, const IrProgram *program, const IrStep *step)
{
    switch (step->kind) {
    case STEP_RULE:
        append_rule(text, program, step);
        break;
    case STEP_CHAIN:
        g_string_append_printf(text, "chain %s", step->chain);
        break;
    case STEP_GROUP:
        g_string_append(text, "group");
        break;
    }
    if (step->tests->len > 0) {
        g_string_append(text, " if ");
        append_tests(text, program, step);
    }
}

char *ir_step_format(const IrProgram *program, const IrStep *step)
{
    GString *text = g_string_new(NULL);

    append_step(text, program, step);
    return g_string_free(text, FALSE);
}

static void append_steps(GString *text, const IrProgram *program, const GPtrArray *steps,
                         guint depth)
{
    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);

        g_string_append_printf(text, "%*s", (int)(2 * depth), "");
        append_step(text, program, step);
        g_string_append_c(text, '\n');
        if (step->steps)
            append_steps(text, program, step->steps, depth + 1);
    }
}

char *ir_program_format(const IrProgram *program)
{
    GString *text = g_string_new("program ");

    append_name(text, program->name);
    g_string_append(text, program->way == PLAN_FROM_VM ? " out\n" : " in\n");
    append_tables(text, program);
    g_string_append(text, "l2\n");
    append_steps(text, program, program->l2, 1);
    g_string_append(text, "inet\n");
    append_steps(text, program, program->inet, 1);
    return g_string_free(text, FALSE);
}
