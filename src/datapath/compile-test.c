/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/compile-private.h"

/* ---- numbers ---- */

static gboolean is_wide(IrField field)
{
    return ir_field_info(field)->bits > 64;
}

void compile_field(Compiler *compiler, int to, IrField field, gboolean is_high)
{
    const IrFieldInfo *info = ir_field_info(field);
    const int offset = (int)(offsetof(struct scratch, facts) + info->offset);
    static const int sizes[] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};

    if (info->size == 16)
        asm_load(compiler->assembler, BPF_DW, to, SCRATCH, offset + (is_high ? 0 : 8));
    else
        asm_load(compiler->assembler, sizes[info->size], to, SCRATCH, offset);
}

void compile_operand(Compiler *compiler, int to, const IrOperand *operand, gboolean is_high)
{
    const IrScalar *scalar;
    guint word;

    if (!operand->is_scalar) {
        asm_set(compiler->assembler, to, is_high ? operand->value.high : operand->value.low);
        return;
    }
    scalar = &g_array_index(compiler->program->scalars, IrScalar, operand->scalar);
    if (verdict_words(scalar->bits) == 1 && is_high) {
        asm_set(compiler->assembler, to, 0);
        return;
    }
    word = verdict_scalar_word(compiler->program, operand->scalar);
    word += verdict_words(scalar->bits) == 2 && !is_high ? 1 : 0;
    compile_word(compiler, to, word);
}

/* ---- HAS ---- */

static void compile_has(Compiler *compiler, const IrTest *test, guint otherwise)
{
    Assembler *out = compiler->assembler;

    asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offsetof(struct scratch, facts.has));
    asm_alu_set(out, BPF_AND, BPF_REG_1, (gint32)test->bits);
    asm_jump_if_set(out, test->negated ? BPF_JEQ : BPF_JNE, BPF_REG_1, (gint32)test->bits,
                    otherwise);
}

/* ---- COMPARE ---- */

static guint64 half(IrValue value, gboolean is_high)
{
    return is_high ? value.high : value.low;
}

static gboolean is_full(const IrTest *test, gboolean is_high)
{
    return !test->mask.is_scalar &&
           half(test->mask.value, is_high) == half(ir_field_max(test->field), is_high);
}

static gboolean is_nothing(const IrTest *test, gboolean is_high)
{
    return !test->mask.is_scalar && half(test->mask.value, is_high) == 0;
}

static gboolean is_short(const IrTest *test, gboolean is_high)
{
    return !test->value.is_scalar && half(test->value.value, is_high) <= G_MAXINT32;
}

/* Jumps when this half of the field is (`equal`), or is not, as the test says. */
static void compare_half(Compiler *compiler, const IrTest *test, gboolean is_high, gboolean equal,
                         guint label)
{
    Assembler *out = compiler->assembler;
    const int jump = equal ? BPF_JEQ : BPF_JNE;

    compile_field(compiler, BPF_REG_1, test->field, is_high);
    if (is_full(test, is_high) && is_short(test, is_high)) {
        asm_jump_if_set(out, jump, BPF_REG_1, (gint32)half(test->value.value, is_high), label);
        return;
    }
    compile_operand(compiler, BPF_REG_2, &test->value, is_high);
    if (is_full(test, is_high)) {
        asm_jump_if(out, jump, BPF_REG_1, BPF_REG_2, label);
        return;
    }
    asm_alu(out, BPF_XOR, BPF_REG_1, BPF_REG_2);
    compile_operand(compiler, BPF_REG_2, &test->mask, is_high);
    asm_alu(out, BPF_AND, BPF_REG_1, BPF_REG_2);
    asm_jump_if_set(out, jump, BPF_REG_1, 0, label);
}

static void compile_compare(Compiler *compiler, const IrTest *test, guint otherwise)
{
    const gboolean high = is_wide(test->field) && !is_nothing(test, TRUE);
    guint differs;

    if (!high || !test->negated) {
        if (high)
            compare_half(compiler, test, TRUE, FALSE, otherwise);
        compare_half(compiler, test, FALSE, test->negated, otherwise);
        return;
    }
    differs = assembler_label(compiler->assembler);
    compare_half(compiler, test, TRUE, FALSE, differs);
    compare_half(compiler, test, FALSE, TRUE, otherwise);
    assembler_place(compiler->assembler, differs);
}

/* ---- RANGE ---- */

/* Jumps to `outside` when the field is below (or above) the operand. */
static void range_end(Compiler *compiler, IrField field, const IrOperand *operand, gboolean is_high,
                      guint outside)
{
    Assembler *out = compiler->assembler;
    const int beyond = is_high ? BPF_JGT : BPF_JLT;
    guint inside = assembler_label(out);

    if (is_wide(field)) {
        compile_field(compiler, BPF_REG_1, field, TRUE);
        compile_operand(compiler, BPF_REG_2, operand, TRUE);
        asm_jump_if(out, beyond, BPF_REG_1, BPF_REG_2, outside);
        asm_jump_if(out, BPF_JNE, BPF_REG_1, BPF_REG_2, inside);
    }
    compile_field(compiler, BPF_REG_1, field, FALSE);
    compile_operand(compiler, BPF_REG_2, operand, FALSE);
    asm_jump_if(out, beyond, BPF_REG_1, BPF_REG_2, outside);
    assembler_place(out, inside);
}

static void compile_range(Compiler *compiler, const IrTest *test, guint otherwise)
{
    Assembler *out = compiler->assembler;
    guint outside;

    if (!test->negated) {
        range_end(compiler, test->field, &test->value, FALSE, otherwise);
        range_end(compiler, test->field, &test->high, TRUE, otherwise);
        return;
    }
    outside = assembler_label(out);
    range_end(compiler, test->field, &test->value, FALSE, outside);
    range_end(compiler, test->field, &test->high, TRUE, outside);
    asm_jump(out, otherwise);
    assembler_place(out, outside);
}

/* ---- OPTION ---- */

/* Bit `kind` of the options into r2; a kind above 255 is none. */
static void compile_option(Compiler *compiler, const IrTest *test, guint otherwise)
{
    Assembler *out = compiler->assembler;
    guint absent = assembler_label(out);

    compile_operand(compiler, BPF_REG_1, &test->value, FALSE);
    asm_set(out, BPF_REG_2, 0);
    asm_jump_if_set(out, BPF_JGT, BPF_REG_1, 255, absent);
    asm_move(out, BPF_REG_3, BPF_REG_1);
    asm_alu_set(out, BPF_RSH, BPF_REG_3, 6);
    asm_alu_set(out, BPF_LSH, BPF_REG_3, 3);
    asm_move(out, BPF_REG_2, SCRATCH);
    asm_alu(out, BPF_ADD, BPF_REG_2, BPF_REG_3);
    asm_load(out, BPF_DW, BPF_REG_2, BPF_REG_2, offsetof(struct scratch, facts.tcp_options));
    asm_alu_set(out, BPF_AND, BPF_REG_1, 63);
    asm_alu(out, BPF_RSH, BPF_REG_2, BPF_REG_1);
    asm_alu_set(out, BPF_AND, BPF_REG_2, 1);
    assembler_place(out, absent);
    asm_jump_if_set(out, test->negated ? BPF_JNE : BPF_JEQ, BPF_REG_2, 0, otherwise);
}

/* ---- the flow ---- */

/* Some of `bits` are set in a word of the scratch area. */
static void compile_any(Compiler *compiler, const IrTest *test, int offset, guint bits,
                        guint otherwise)
{
    Assembler *out = compiler->assembler;

    asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offset);
    asm_alu_set(out, BPF_AND, BPF_REG_1, (gint32)bits);
    asm_jump_if_set(out, test->negated ? BPF_JNE : BPF_JEQ, BPF_REG_1, 0, otherwise);
}

static void compile_over(Compiler *compiler, const IrTest *test, guint otherwise)
{
    Assembler *out = compiler->assembler;

    asm_load(out, BPF_DW, BPF_REG_1, SCRATCH, offsetof(struct scratch, touched));
    asm_alu_set(out, BPF_OR, BPF_REG_1, 1 << test->limit);
    asm_store(out, BPF_DW, SCRATCH, offsetof(struct scratch, touched), BPF_REG_1);
    asm_load(out, BPF_DW, BPF_REG_1, SCRATCH, offsetof(struct scratch, over));
    asm_alu_set(out, BPF_RSH, BPF_REG_1, (gint32)test->limit);
    asm_alu_set(out, BPF_AND, BPF_REG_1, 1);
    asm_jump_if_set(out, test->negated ? BPF_JNE : BPF_JEQ, BPF_REG_1, 0, otherwise);
}

void compile_test(Compiler *compiler, const IrTest *test, guint otherwise)
{
    switch (test->kind) {
    case TEST_HAS:
        compile_has(compiler, test, otherwise);
        return;
    case TEST_COMPARE:
        compile_compare(compiler, test, otherwise);
        return;
    case TEST_RANGE:
        compile_range(compiler, test, otherwise);
        return;
    case TEST_IN:
        compile_in(compiler, test, otherwise);
        return;
    case TEST_OPTION:
        compile_option(compiler, test, otherwise);
        return;
    case TEST_STATE:
        compile_any(compiler, test, offsetof(struct scratch, state), test->bits, otherwise);
        return;
    case TEST_REPLY:
        compile_any(compiler, test, offsetof(struct scratch, reply), 1, otherwise);
        return;
    case TEST_OVER:
        compile_over(compiler, test, otherwise);
        return;
    }
    g_assert_not_reached();
}
