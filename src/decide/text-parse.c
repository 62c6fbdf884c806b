/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/check.h"
#include "decide/text-reader.h"
#include "decide/text.h"

#include <string.h>

/* ---- operands ---- */

static guint slot_lookup(Reader *reader, const char *name, gboolean by_number, guint number)
{
    for (guint i = 0; i < reader->program->slots->len; i++) {
        const IrSlot *slot = &g_array_index(reader->program->slots, IrSlot, i);

        if (strcmp(slot->name, name) == 0 && (!by_number || slot->index == number))
            return i;
    }
    (void)reader_fail(reader, "the name of a slot");
    return 0;
}

/* $NAME or $NAME#3 */
static guint take_slot(Reader *reader)
{
    g_autofree char *name = NULL;
    gboolean by_number;

    (void)reader_expect(reader, "$");
    name = reader_run(reader, ALNUM "_", "the name of a slot");
    by_number = name && reader_take(reader, "#");
    return name ? slot_lookup(reader, name, by_number,
                              by_number ? (guint)reader_number(reader, G_MAXUINT) : 0)
                : 0;
}

static IrOperand intern(Reader *reader, const IrScalar *scalar)
{
    IrOperand operand = {.is_scalar = TRUE};

    if (!reader->error)
        operand.scalar = ir_scalar_intern(reader->program, scalar);
    return operand;
}

static IrOperand take_element(Reader *reader, IrScalarKind kind, guint bits)
{
    IrScalar scalar = {.kind = kind, .bits = bits, .slot = take_slot(reader)};

    (void)reader_expect(reader, "[");
    scalar.index = (guint)reader_number(reader, G_MAXUINT);
    (void)reader_expect(reader, "]");
    if (kind == SCALAR_MASK)
        (void)reader_expect(reader, ")");
    return intern(reader, &scalar);
}

static guint take_set(Reader *reader)
{
    guint set = (guint)reader_number(reader, G_MAXUINT);

    if (!reader->error && set >= reader->program->sets->len)
        (void)reader_fail(reader, "the number of a set");
    return set;
}

static IrOperand take_common(Reader *reader, IrScalarKind kind, guint bits)
{
    IrScalar scalar = {.kind = kind, .bits = bits, .set = take_set(reader)};

    (void)reader_expect(reader, ")");
    return intern(reader, &scalar);
}

static IrOperand take_operand(Reader *reader, guint bits)
{
    if (*reader->at == '$')
        return take_element(reader, SCALAR_VALUE, bits);
    if (reader_take(reader, "mask("))
        return take_element(reader, SCALAR_MASK, bits);
    if (reader_take(reader, "low("))
        return take_common(reader, SCALAR_LOW, bits);
    if (reader_take(reader, "high("))
        return take_common(reader, SCALAR_HIGH, bits);
    return ir_constant(reader_value(reader, bits));
}

/* ---- tables ---- */

static void read_slot(Reader *reader)
{
    g_autofree char *name = NULL, *type = NULL;
    IrSlot slot = {.index = (guint)reader_number(reader, G_MAXUINT)};

    (void)reader_expect(reader, " ");
    name = reader_run(reader, ALNUM "_", "a name");
    (void)reader_expect(reader, " ");
    type = reader_run(reader, ALNUM, "a type");
    if (reader->error || !ir_type_parse(type, &slot.type)) {
        (void)reader_fail(reader, "a type");
        return;
    }
    slot.name = g_steal_pointer(&name);
    g_array_append_val(reader->program->slots, slot);
}

static IrColumnOperand take_column_operand(Reader *reader, guint bits, IrSet *set)
{
    IrColumnOperand operand = {0};
    const char *begin = reader->at;

    if (*reader->at == '$') {
        operand.slot = take_slot(reader);
        operand.is_each = reader_take(reader, "[@");
    }
    if (!operand.is_each) {
        reader->at = begin;
        operand = (IrColumnOperand){.operand = take_operand(reader, bits)};
        return operand;
    }
    operand.iterator = (guint)reader_number(reader, PLAN_ITERATORS_MAX - 1);
    set->n_iterators = MAX(set->n_iterators, operand.iterator + 1);
    (void)reader_expect(reader, "]");
    return operand;
}

static void take_column(Reader *reader, IrSet *set)
{
    IrColumn column = {.negated = reader_take(reader, "not ")};

    column.bits = (guint)reader_number(reader, 128);
    (void)reader_expect(reader, ": ");
    column.first = take_column_operand(reader, column.bits, set);
    if (reader_take(reader, " & "))
        column.kind = COLUMN_PREFIX;
    else if (reader_take(reader, " .. "))
        column.kind = COLUMN_RANGE;
    if (column.kind != COLUMN_VALUE)
        column.second = take_column_operand(reader, column.bits, set);
    if (set->n_columns == IR_COLUMNS_MAX)
        (void)reader_fail(reader, "fewer columns");
    else
        set->columns[set->n_columns++] = column;
}

static void read_set(Reader *reader)
{
    IrSet set = {0};

    if (reader_number(reader, G_MAXUINT) != reader->program->sets->len && !reader->error)
        (void)reader_fail(reader, "sets in order");
    (void)reader_expect(reader, " = ");
    do
        take_column(reader, &set);
    while (reader_take(reader, ", "));
    if (!reader->error)
        g_array_append_val(reader->program->sets, set);
}

static void read_limit(Reader *reader)
{
    IrLimit limit = {0};

    if (reader_number(reader, G_MAXUINT) != reader->program->limits->len && !reader->error)
        (void)reader_fail(reader, "limits in order");
    (void)reader_expect(reader, " above ");
    limit.above = take_operand(reader, 16);
    (void)reader_expect(reader, " ");
    limit.key = reader_quoted(reader);
    if (reader->error)
        g_free(limit.key);
    else
        g_array_append_val(reader->program->limits, limit);
}

/* The row of this filter and line, made when there is none. */
static guint origin_intern(Reader *reader, char *filter, guint line)
{
    GArray *origins = reader->program->origins;
    IrOrigin fresh = {filter, line, NULL, 0};

    for (guint i = 0; i < origins->len; i++) {
        const IrOrigin *origin = &g_array_index(origins, IrOrigin, i);

        if (origin->line == line && strcmp(origin->filter, filter) == 0) {
            g_free(filter);
            return i;
        }
    }
    g_array_append_val(origins, fresh);
    return origins->len - 1;
}

static guint take_origin(Reader *reader)
{
    g_autofree char *filter = reader_name(reader);
    guint line;

    (void)reader_expect(reader, ":");
    line = (guint)reader_number(reader, G_MAXUINT);
    return reader->error ? 0 : origin_intern(reader, g_steal_pointer(&filter), line);
}

static void read_origin(Reader *reader)
{
    guint origin = take_origin(reader);
    g_autofree char *comment = NULL;

    (void)reader_expect(reader, " ");
    comment = reader_quoted(reader);
    if (reader->error)
        return;
    g_free(g_array_index(reader->program->origins, IrOrigin, origin).comment);
    g_array_index(reader->program->origins, IrOrigin, origin).comment = g_steal_pointer(&comment);
}

/* ---- tests ---- */

static guint bit_lookup(Reader *reader, const char *word)
{
    static const struct {
        const char *name;
        guint bit;
    } rows[] = {
#define HAS(id, name, implies, excludes) {name, FACTS_##id},
#include "decide/facts.def"
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].name, word) == 0)
            return rows[i].bit;
    (void)reader_fail(reader, "a word for a fact");
    return 0;
}

static guint state_lookup(Reader *reader, const char *word)
{
    static const struct {
        const char *name;
        guint bit;
    } rows[] = {
        {"NEW", STATE_NEW},
        {"ESTABLISHED", STATE_ESTABLISHED},
        {"RELATED", STATE_RELATED},
        {"INVALID", STATE_INVALID},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].name, word) == 0)
            return rows[i].bit;
    (void)reader_fail(reader, "the word for a state");
    return 0;
}

static guint take_bits(Reader *reader, guint (*lookup)(Reader *, const char *))
{
    guint bits = 0;

    do {
        g_autofree char *word = reader_run(reader, ALNUM "-", "a word");
        bits |= word ? lookup(reader, word) : 0;
    } while (reader_take(reader, "+"));
    return bits;
}

static IrField take_field(Reader *reader)
{
    g_autofree char *name = reader_run(reader, ALNUM ".-", "a field");
    IrField field = 0;

    if (name && !ir_field_parse(name, &field))
        (void)reader_fail(reader, "a field");
    return field;
}

static void take_compare(Reader *reader, IrTest *test)
{
    const guint bits = ir_field_info(test->field)->bits;

    test->kind = TEST_COMPARE;
    test->mask = ir_constant(ir_field_max(test->field));
    if (reader_take(reader, " & "))
        test->mask = take_operand(reader, bits);
    test->negated = reader_take(reader, " != ");
    if (!test->negated)
        (void)reader_expect(reader, " == ");
    test->value = take_operand(reader, bits);
}

static void take_in(Reader *reader, IrTest *test)
{
    test->negated = reader_take(reader, " not");
    (void)reader_expect(reader, " in ");
    if (!reader_take(reader, "set ")) {
        const guint bits = ir_field_info(test->field)->bits;

        test->kind = TEST_RANGE;
        test->value = take_operand(reader, bits);
        (void)reader_expect(reader, " .. ");
        test->high = take_operand(reader, bits);
        return;
    }
    test->kind = TEST_IN;
    test->set = take_set(reader);
}

static void take_field_test(Reader *reader, IrTest *test)
{
    guint n_fields = 1;

    test->field = take_field(reader);
    if (g_str_has_prefix(reader->at, " &") || g_str_has_prefix(reader->at, " =") ||
        g_str_has_prefix(reader->at, " !")) {
        take_compare(reader, test);
        return;
    }
    test->fields[0] = test->field;
    while (reader_take(reader, ",")) {
        if (n_fields == IR_COLUMNS_MAX) {
            (void)reader_fail(reader, "fewer fields");
            return;
        }
        test->fields[n_fields++] = take_field(reader);
    }
    take_in(reader, test);
    if (test->kind == TEST_IN)
        test->field = 0;
    else
        memset(test->fields, 0, sizeof test->fields);
    if (!reader->error && n_fields > 1 && test->kind != TEST_IN)
        (void)reader_fail(reader, "a set");
    if (!reader->error && test->kind == TEST_IN &&
        g_array_index(reader->program->sets, IrSet, test->set).n_columns != n_fields)
        (void)reader_fail(reader, "as many fields as the set has columns");
}

static IrTest take_test(Reader *reader)
{
    IrTest test = {0};

    if (reader_take(reader, "need ")) {
        test.is_need = TRUE;
        test.bits = take_bits(reader, bit_lookup);
        return test;
    }
    test.negated = reader_take(reader, "not ");
    if (reader_take(reader, "has ")) {
        test.bits = take_bits(reader, bit_lookup);
    } else if (reader_take(reader, "option ")) {
        test.kind = TEST_OPTION;
        test.value = take_operand(reader, 8);
    } else if (reader_take(reader, "state ")) {
        test.kind = TEST_STATE;
        test.bits = take_bits(reader, state_lookup);
    } else if (reader_take(reader, "reply")) {
        test.kind = TEST_REPLY;
    } else if (reader_take(reader, "over ")) {
        test.kind = TEST_OVER;
        test.limit = (guint)reader_number(reader, IR_LIMITS_MAX - 1);
    } else if (test.negated) {
        (void)reader_fail(reader, "has, option, state, reply or over");
    } else {
        take_field_test(reader, &test);
    }
    return test;
}

static void take_tests(Reader *reader, IrStep *step)
{
    if (!reader_take(reader, " if "))
        return;
    do {
        IrTest test = take_test(reader);
        g_array_append_val(step->tests, test);
    } while (reader_take(reader, " and "));
}

/* ---- steps ---- */

static IrReason take_reason(Reader *reader)
{
    g_autofree char *word = reader_run(reader, ALNUM, "a reason");

    for (IrReason reason = REASON_DEFAULT; word && reason < N_REASONS; reason++)
        if (strcmp(ir_reason_format(reason), word) == 0)
            return reason;
    (void)reader_fail(reader, "a reason");
    return REASON_DEFAULT;
}

static IrStep *take_rule(Reader *reader, IrAction action)
{
    IrStep *step = ir_step_new(STEP_RULE);

    step->action = action;
    if (reader_take(reader, "!"))
        step->reason = take_reason(reader);
    else
        step->origin = take_origin(reader);
    return step;
}

static IrStep *take_step(Reader *reader)
{
    IrStep *step;

    if (reader_take(reader, "accept ")) {
        step = take_rule(reader, IR_ACCEPT);
    } else if (reader_take(reader, "drop ")) {
        step = take_rule(reader, IR_DROP);
    } else if (reader_take(reader, "return ")) {
        step = take_rule(reader, IR_RETURN);
    } else if (reader_take(reader, "chain ")) {
        step = ir_step_new(STEP_CHAIN);
        step->chain = reader_run(reader, ALNUM "_.:-", "a chain's name");
    } else if (reader_take(reader, "group")) {
        step = ir_step_new(STEP_GROUP);
    } else {
        (void)reader_fail(reader, "accept, drop, return, chain or group");
        return NULL;
    }
    take_tests(reader, step);
    return step;
}

/* Where steps of each depth go; lists[1] is the layer. */
typedef struct {
    GPtrArray *lists[IR_DEPTH_MAX + 2];
    guint deepest;
    guint n_steps;
} Nest;

static void read_step(Reader *reader, Nest *nest)
{
    gsize spaces = strspn(reader->at, " ");
    guint depth = (guint)MIN(spaces, 2 * IR_DEPTH_MAX + 2) / 2;
    IrStep *step;

    if (spaces % 2 != 0 || depth == 0 || depth > nest->deepest || depth > IR_DEPTH_MAX) {
        (void)reader_fail(reader, "a step of fitting indent");
        return;
    }
    if (++nest->n_steps > IR_STEPS_MAX) {
        (void)reader_fail(reader, "fewer steps");
        return;
    }
    reader->at += spaces;
    step = take_step(reader);
    if (!step)
        return;
    g_ptr_array_add(nest->lists[depth], step);
    nest->lists[depth + 1] = step->steps;
    nest->deepest = step->steps ? depth + 1 : depth;
}

/* ---- the whole ---- */

static void read_program(Reader *reader)
{
    (void)reader_expect(reader, "program ");
    g_free(reader->program->name);
    reader->program->name = reader_name(reader);
    if (reader_take(reader, " in"))
        reader->program->way = PLAN_TO_VM;
    else
        (void)reader_expect(reader, " out");
}

static void read_line(Reader *reader, Nest *nest)
{
    if (reader->line == 1) {
        read_program(reader);
    } else if (reader_take(reader, "l2")) {
        nest->lists[1] = reader->program->l2;
        nest->deepest = 1;
    } else if (nest->deepest > 0 && reader_take(reader, "inet")) {
        nest->lists[1] = reader->program->inet;
        nest->deepest = 1;
    } else if (nest->deepest > 0) {
        read_step(reader, nest);
    } else if (reader_take(reader, "slot ")) {
        read_slot(reader);
    } else if (reader_take(reader, "set ")) {
        read_set(reader);
    } else if (reader_take(reader, "limit ")) {
        read_limit(reader);
    } else if (reader_take(reader, "origin ")) {
        read_origin(reader);
    } else {
        (void)reader_fail(reader, "slot, set, limit, origin or l2");
    }
    if (!reader->error && *reader->at != '\0')
        (void)reader_fail(reader, "the end of the line");
}

static void read_text(Reader *reader, const char *text)
{
    Nest nest = {0};

    while (*text != '\0' && !reader->error) {
        gsize length = strcspn(text, "\n");
        g_autofree char *line = g_strndup(text, length);

        reader->line++;
        reader->at = line;
        read_line(reader, &nest);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    if (!reader->error && nest.deepest == 0) {
        reader->at = "";
        (void)reader_fail(reader, "l2");
    }
    reader->at = NULL;
}

IrProgram *ir_program_parse(const char *text, GError **error)
{
    g_autoptr(IrProgram) program = ir_program_new("", PLAN_FROM_VM);
    Reader reader = {.program = program};
    g_autofree char *broken = NULL;

    if (strnlen(text, IR_TEXT_MAX + 1) > IR_TEXT_MAX) {
        g_set_error(error, DECIDE_ERROR, DECIDE_ERROR_LIMIT, "the text is longer than %d bytes",
                    IR_TEXT_MAX);
        return NULL;
    }
    read_text(&reader, text);
    if (!reader.error && (broken = ir_check(program)) != NULL)
        reader.error = g_error_new(DECIDE_ERROR, DECIDE_ERROR_TEXT, "%s", broken);
    if (reader.error) {
        g_propagate_error(error, reader.error);
        return NULL;
    }
    return g_steal_pointer(&program);
}
