/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/asm.h"

/* Code as text. One line an instruction, in the kernel verifier's notation; L1, L2 ... are the
 * places that are jumped to, in their order. */

static const char *size_word(guint code)
{
    switch (code & 0x18) {
    case BPF_B:
        return "u8";
    case BPF_H:
        return "u16";
    case BPF_W:
        return "u32";
    default:
        return "u64";
    }
}

static const char *const alu_signs[16] = {
    [BPF_ADD >> 4] = "+=",  [BPF_SUB >> 4] = "-=", [BPF_MUL >> 4] = "*=",
    [BPF_OR >> 4] = "|=",   [BPF_AND >> 4] = "&=", [BPF_LSH >> 4] = "<<=",
    [BPF_RSH >> 4] = ">>=", [BPF_XOR >> 4] = "^=", [BPF_MOV >> 4] = "=",
};

static const char *const jump_signs[16] = {
    [BPF_JEQ >> 4] = "==", [BPF_JGT >> 4] = ">", [BPF_JGE >> 4] = ">=", [BPF_JSET >> 4] = "&",
    [BPF_JNE >> 4] = "!=", [BPF_JLT >> 4] = "<", [BPF_JLE >> 4] = "<=",
};

static const char *helper_word(int helper)
{
    switch (helper) {
    case BPF_FUNC_map_lookup_elem:
        return "map_lookup_elem";
    case BPF_FUNC_tail_call:
        return "tail_call";
    default:
        return "helper";
    }
}

static void format_operand(GString *text, const struct bpf_insn *at)
{
    if (at->code & BPF_X)
        g_string_append_printf(text, "r%u", at->src_reg);
    else
        g_string_append_printf(text, "%d", at->imm);
}

static void format_alu(GString *text, const struct bpf_insn *at)
{
    if (BPF_OP(at->code) == BPF_END) {
        g_string_append_printf(text, "r%u = be64 r%u", at->dst_reg, at->dst_reg);
        return;
    }
    g_string_append_printf(text, "r%u %s ", at->dst_reg, alu_signs[BPF_OP(at->code) >> 4]);
    format_operand(text, at);
}

static void format_jump(GString *text, const struct bpf_insn *at, guint label)
{
    if (BPF_OP(at->code) == BPF_CALL) {
        g_string_append_printf(text, "call %s", helper_word(at->imm));
        return;
    }
    if (BPF_OP(at->code) == BPF_EXIT) {
        g_string_append(text, "exit");
        return;
    }
    if (BPF_OP(at->code) != BPF_JA) {
        g_string_append_printf(text, "if r%u %s ", at->dst_reg, jump_signs[BPF_OP(at->code) >> 4]);
        format_operand(text, at);
        g_string_append_c(text, ' ');
    }
    g_string_append_printf(text, "goto L%u", label);
}

static void format_memory(GString *text, const struct bpf_insn *at)
{
    const guint class = BPF_CLASS(at->code);

    if (class == BPF_LDX) {
        g_string_append_printf(text, "r%u = *(%s *)(r%u %+d)", at->dst_reg, size_word(at->code),
                               at->src_reg, at->off);
        return;
    }
    g_string_append_printf(text, "*(%s *)(r%u %+d) = ", size_word(at->code), at->dst_reg, at->off);
    if (class == BPF_STX)
        g_string_append_printf(text, "r%u", at->src_reg);
    else
        g_string_append_printf(text, "%d", at->imm);
}

static void format_wide(GString *text, const Code *code, guint i)
{
    const struct bpf_insn *at = &g_array_index(code->instructions, struct bpf_insn, i);

    if (at->src_reg != BPF_PSEUDO_MAP_FD) {
        g_string_append_printf(text, "r%u = 0x%" G_GINT64_MODIFIER "x", at->dst_reg,
                               (guint64)(guint32)at->imm | (guint64)(guint32)at[1].imm << 32);
        return;
    }
    for (guint r = 0; r < code->references->len; r++) {
        const CodeReference *reference = &g_array_index(code->references, CodeReference, r);

        if (reference->at == i)
            g_string_append_printf(text, "r%u = map %s", at->dst_reg,
                                   code_map_name(reference->map));
    }
}

static gboolean is_jump(const struct bpf_insn *at)
{
    return BPF_CLASS(at->code) == BPF_JMP && BPF_OP(at->code) != BPF_CALL &&
           BPF_OP(at->code) != BPF_EXIT;
}

/* The label of every instruction, 0 for most. One more: a jump may go behind the last. */
static guint *number_labels(const Code *code)
{
    const guint n = code->instructions->len;
    guint *labels = g_new0(guint, n + 1);
    guint count = 0;

    for (guint i = 0; i < n; i++) {
        const struct bpf_insn *at = &g_array_index(code->instructions, struct bpf_insn, i);

        if (is_jump(at))
            labels[i + 1 + (guint)at->off] = 1;
    }
    for (guint i = 0; i <= n; i++)
        if (labels[i])
            labels[i] = ++count;
    return labels;
}

static void format_one(GString *text, const Code *code, guint i, const guint *labels)
{
    const struct bpf_insn *at = &g_array_index(code->instructions, struct bpf_insn, i);

    switch (BPF_CLASS(at->code)) {
    case BPF_LD:
        format_wide(text, code, i);
        break;
    case BPF_JMP:
        format_jump(text, at, labels[i + 1 + (guint)at->off]);
        break;
    case BPF_ALU:
    case BPF_ALU64:
        format_alu(text, at);
        break;
    default:
        format_memory(text, at);
    }
}

char *code_format(const Code *code)
{
    g_autofree guint *labels = number_labels(code);
    GString *text = g_string_new(NULL);
    guint note = 0;

    for (guint i = 0; i < code->instructions->len; i++) {
        const struct bpf_insn *at = &g_array_index(code->instructions, struct bpf_insn, i);

        if (labels[i])
            g_string_append_printf(text, "L%u:\n", labels[i]);
        for (; note < code->notes->len; note++) {
            const CodeNote *row = &g_array_index(code->notes, CodeNote, note);
            if (row->at > i)
                break;
            g_string_append_printf(text, "    ; %s\n", row->text);
        }
        g_string_append(text, "    ");
        format_one(text, code, i, labels);
        g_string_append_c(text, '\n');
        i += at->code == (BPF_LD | BPF_IMM | BPF_DW) ? 1 : 0;
    }
    return g_string_free(text, FALSE);
}
