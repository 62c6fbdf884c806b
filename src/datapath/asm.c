/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/asm.h"

#define NOWHERE G_MAXUINT

typedef struct {
    guint at;    /* NOWHERE until it is placed */
    guint jumps; /* to it, so far */
} Label;

typedef struct {
    guint at, label;
} Jump;

struct Assembler {
    Code *code;
    GArray *labels; /* Label */
    GArray *jumps;  /* Jump */
    guint branches;
    gboolean is_dead; /* behind an unconditional end: nothing can get here */
    GError *error;
};

/* ---- code ---- */

static void note_clear(gpointer note)
{
    g_free(((CodeNote *)note)->text);
}

static Code *code_new(void)
{
    Code *code = g_new0(Code, 1);

    code->instructions = g_array_new(FALSE, TRUE, sizeof(struct bpf_insn));
    code->references = g_array_new(FALSE, TRUE, sizeof(CodeReference));
    code->notes = g_array_new(FALSE, TRUE, sizeof(CodeNote));
    g_array_set_clear_func(code->notes, note_clear);
    return code;
}

void code_free(Code *code)
{
    if (!code)
        return;
    g_array_unref(code->instructions);
    g_array_unref(code->references);
    g_array_unref(code->notes);
    g_free(code);
}

const char *code_map_name(CodeMap map)
{
    static const char *const names[N_CODE_MAPS] = {
        [MAP_ROWS] = "rows",           [MAP_ROW_RESTS] = "row_rests",
        [MAP_BUCKETS] = "buckets",     [MAP_COUNTERS] = "counters",
        [MAP_SCRATCHES] = "scratches", [MAP_PROGRAMS] = "programs",
        [MAP_SETS] = "sets",           [MAP_LARGE_SETS] = "large_sets",
        [MAP_PREFIXES] = "prefixes",   [MAP_LARGE_PREFIXES] = "large_prefixes",
    };

    return names[map];
}

/* ---- the assembler ---- */

Assembler *assembler_new(void)
{
    Assembler *assembler = g_new0(Assembler, 1);

    assembler->code = code_new();
    assembler->labels = g_array_new(FALSE, TRUE, sizeof(Label));
    assembler->jumps = g_array_new(FALSE, TRUE, sizeof(Jump));
    return assembler;
}

void assembler_free(Assembler *assembler)
{
    if (!assembler)
        return;
    code_free(assembler->code);
    g_array_unref(assembler->labels);
    g_array_unref(assembler->jumps);
    g_clear_error(&assembler->error);
    g_free(assembler);
}

static guint here(const Assembler *assembler)
{
    return assembler->code->instructions->len;
}

static Label *label_get(Assembler *assembler, guint label)
{
    g_assert(label < assembler->labels->len);
    return &g_array_index(assembler->labels, Label, label);
}

static void resolve(Assembler *assembler)
{
    for (guint i = 0; i < assembler->jumps->len; i++) {
        const Jump *jump = &g_array_index(assembler->jumps, Jump, i);
        const Label *label = label_get(assembler, jump->label);

        g_assert(label->at != NOWHERE && label->at > jump->at);
        g_array_index(assembler->code->instructions, struct bpf_insn, jump->at).off =
            (__s16)(label->at - jump->at - 1);
    }
}

Code *assembler_finish(Assembler *assembler, GError **error)
{
    if (assembler->error) {
        g_propagate_error(error, g_steal_pointer(&assembler->error));
        return NULL;
    }
    g_assert(assembler->is_dead); /* it may not run off its end */
    resolve(assembler);
    return g_steal_pointer(&assembler->code);
}

guint assembler_label(Assembler *assembler)
{
    const Label label = {NOWHERE, 0};

    g_array_append_val(assembler->labels, label);
    return assembler->labels->len - 1;
}

void assembler_place(Assembler *assembler, guint label)
{
    Label *place = label_get(assembler, label);

    g_assert(place->at == NOWHERE);
    place->at = here(assembler);
    if (place->jumps > 0)
        assembler->is_dead = FALSE;
}

void assembler_note(Assembler *assembler, char *text)
{
    const CodeNote note = {here(assembler), text};

    if (assembler->is_dead)
        g_free(text);
    else
        g_array_append_val(assembler->code->notes, note);
}

static gboolean is_branch(const struct bpf_insn *instruction)
{
    const guint kind = BPF_CLASS(instruction->code), way = BPF_OP(instruction->code);

    return (kind == BPF_JMP || kind == BPF_JMP32) && way != BPF_JA && way != BPF_CALL &&
           way != BPF_EXIT;
}

static void emit(Assembler *assembler, struct bpf_insn instruction)
{
    if (assembler->is_dead || assembler->error)
        return;
    g_array_append_val(assembler->code->instructions, instruction);
    if (is_branch(&instruction) && ++assembler->branches > CODE_BRANCHES_MAX)
        g_set_error(&assembler->error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "its program has more than %d branches", CODE_BRANCHES_MAX);
    else if (here(assembler) > CODE_INSTRUCTIONS_MAX)
        g_set_error(&assembler->error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "its program has more than %d instructions", CODE_INSTRUCTIONS_MAX);
}

/* ---- instructions ---- */

void asm_move(Assembler *assembler, int to, int from)
{
    emit(assembler, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
                                      .dst_reg = to & 15,
                                      .src_reg = from & 15});
}

static void emit_wide(Assembler *assembler, int to, int kind, guint64 value)
{
    emit(assembler, (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW,
                                      .dst_reg = to & 15,
                                      .src_reg = kind & 15,
                                      .imm = (__s32)value});
    emit(assembler, (struct bpf_insn){.imm = (__s32)(value >> 32)});
}

void asm_set(Assembler *assembler, int to, guint64 value)
{
    if (value == (guint64)(gint64)(gint32)value)
        emit(assembler, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K,
                                          .dst_reg = to & 15,
                                          .imm = (__s32)value});
    else
        emit_wide(assembler, to, 0, value);
}

void asm_map(Assembler *assembler, int to, CodeMap map)
{
    const CodeReference reference = {here(assembler), map};

    if (!assembler->is_dead)
        g_array_append_val(assembler->code->references, reference);
    emit_wide(assembler, to, BPF_PSEUDO_MAP_FD, 0);
}

void asm_alu(Assembler *assembler, int operation, int to, int from)
{
    emit(assembler, (struct bpf_insn){.code = (__u8)(BPF_ALU64 | operation | BPF_X),
                                      .dst_reg = to & 15,
                                      .src_reg = from & 15});
}

void asm_alu_set(Assembler *assembler, int operation, int to, gint32 value)
{
    emit(assembler, (struct bpf_insn){.code = (__u8)(BPF_ALU64 | operation | BPF_K),
                                      .dst_reg = to & 15,
                                      .imm = value});
}

void asm_network_order(Assembler *assembler, int to)
{
    emit(assembler,
         (struct bpf_insn){.code = BPF_ALU | BPF_END | BPF_TO_BE, .dst_reg = to & 15, .imm = 64});
}

void asm_load(Assembler *assembler, int size, int to, int from, int offset)
{
    emit(assembler, (struct bpf_insn){.code = (__u8)(BPF_LDX | BPF_MEM | size),
                                      .dst_reg = to & 15,
                                      .src_reg = from & 15,
                                      .off = (__s16)offset});
}

void asm_store(Assembler *assembler, int size, int to, int offset, int from)
{
    emit(assembler, (struct bpf_insn){.code = (__u8)(BPF_STX | BPF_MEM | size),
                                      .dst_reg = to & 15,
                                      .src_reg = from & 15,
                                      .off = (__s16)offset});
}

void asm_store_set(Assembler *assembler, int size, int to, int offset, gint32 value)
{
    emit(assembler, (struct bpf_insn){.code = (__u8)(BPF_ST | BPF_MEM | size),
                                      .dst_reg = to & 15,
                                      .off = (__s16)offset,
                                      .imm = value});
}

static void emit_jump(Assembler *assembler, struct bpf_insn instruction, guint label)
{
    const Jump jump = {here(assembler), label};

    if (assembler->is_dead || assembler->error)
        return;
    label_get(assembler, label)->jumps++;
    g_array_append_val(assembler->jumps, jump);
    emit(assembler, instruction);
}

void asm_jump(Assembler *assembler, guint label)
{
    emit_jump(assembler, (struct bpf_insn){.code = BPF_JMP | BPF_JA}, label);
    assembler->is_dead = TRUE;
}

void asm_jump_if(Assembler *assembler, int operation, int left, int right, guint label)
{
    emit_jump(assembler,
              (struct bpf_insn){.code = (__u8)(BPF_JMP | operation | BPF_X),
                                .dst_reg = left & 15,
                                .src_reg = right & 15},
              label);
}

void asm_jump_if_set(Assembler *assembler, int operation, int left, gint32 right, guint label)
{
    emit_jump(assembler,
              (struct bpf_insn){
                  .code = (__u8)(BPF_JMP | operation | BPF_K), .dst_reg = left & 15, .imm = right},
              label);
}

void asm_call(Assembler *assembler, int helper)
{
    emit(assembler, (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = helper});
}

void asm_exit(Assembler *assembler)
{
    emit(assembler, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
    assembler->is_dead = TRUE;
}
