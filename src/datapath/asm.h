/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <linux/bpf.h>

#include "datapath/error.h"

/*
 * Purpose: BPF instructions one after the other, with labels and named maps; what a program is
 * made of before the kernel has seen it.
 * Owner: assembler_free; the result of assembler_finish belongs to the caller: code_free.
 * Invariants: errors stick and are told once, by assembler_finish; a label is placed once; jumps go
 * forward. What cannot be reached is left out, as the kernel's verifier demands.
 * Does not: know filters, or the kernel's file descriptors.
 */

/* ---- what comes out ---- */

/* Maps that code can name, by the names of bpf/maps.h. */
typedef enum {
    MAP_ROWS,
    MAP_ROW_RESTS,
    MAP_BUCKETS,
    MAP_COUNTERS,
    MAP_SCRATCHES,
    MAP_PROGRAMS,
    MAP_SETS,
    MAP_LARGE_SETS,
    MAP_PREFIXES,
    MAP_LARGE_PREFIXES,
    N_CODE_MAPS
} CodeMap;

const char *code_map_name(CodeMap map);

/* A map's descriptor belongs into the instruction at `at` (and the one behind it). */
typedef struct {
    guint at;
    CodeMap map;
} CodeReference;

/* A remark for the listing, before the instruction at `at`. */
typedef struct {
    guint at;
    char *text;
} CodeNote;

typedef struct {
    GArray *instructions; /* struct bpf_insn */
    GArray *references;   /* CodeReference */
    GArray *notes;        /* CodeNote */
} Code;

void code_free(Code *code);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Code, code_free)

/* The code as text: the same for the same code, with labels instead of offsets. The caller frees.
 */
char *code_format(const Code *code);

#define CODE_INSTRUCTIONS_MAX 32767 /* what a jump's 16 bits can span */

/* Conditional jumps. The kernel's verifier goes one way and keeps the other for later, up to
 * BPF_COMPLEXITY_LIMIT_JMP_SEQ of them (kernel/bpf/verifier.c). */
#define CODE_BRANCHES_MAX 8192

/* ---- how it is made ---- */

typedef struct Assembler Assembler;

Assembler *assembler_new(void);
void assembler_free(Assembler *assembler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Assembler, assembler_free)

/* The code, or the first error: DATAPATH_ERROR_LIMIT when it is too long. */
Code *assembler_finish(Assembler *assembler, GError **error);

/* A place to jump to; put it behind all jumps to it. */
guint assembler_label(Assembler *assembler);
void assembler_place(Assembler *assembler, guint label);

/* The next instruction's remark; takes text. */
void assembler_note(Assembler *assembler, char *text);

/* Registers are BPF_REG_0 to BPF_REG_10; `operation` is BPF_ADD ... for alu, BPF_JEQ ... for jumps;
 * `size` is BPF_B, BPF_H, BPF_W or BPF_DW. Jumps and arithmetic are of 64 bits. */
void asm_move(Assembler *assembler, int to, int from);
void asm_set(Assembler *assembler, int to, guint64 value);
void asm_map(Assembler *assembler, int to, CodeMap map);
void asm_alu(Assembler *assembler, int operation, int to, int from);
void asm_alu_set(Assembler *assembler, int operation, int to, gint32 value);
void asm_network_order(Assembler *assembler, int to); /* of 64 bits */
void asm_load(Assembler *assembler, int size, int to, int from, int offset);
void asm_store(Assembler *assembler, int size, int to, int offset, int from);
void asm_store_set(Assembler *assembler, int size, int to, int offset, gint32 value);
void asm_jump(Assembler *assembler, guint label);
void asm_jump_if(Assembler *assembler, int operation, int left, int right, guint label);
void asm_jump_if_set(Assembler *assembler, int operation, int left, gint32 right, guint label);
void asm_call(Assembler *assembler, int helper); /* BPF_FUNC_ */
void asm_exit(Assembler *assembler);
