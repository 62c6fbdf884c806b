/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/bpf/layout.h"
#include "datapath/compile.h"

/* What the files of the compiler share; see compile.h for the registers. */

enum { FRAME = BPF_REG_6, SCRATCH = BPF_REG_7, ROW = BPF_REG_8, VERDICT = BPF_REG_9 };

typedef struct {
    const IrProgram *program;
    Encapsulation encapsulation;
    gboolean has_rest;
    guint first_word;
    Assembler *assembler;
    guint drop, broken; /* labels of the ends */
} Compiler;

/* Goes on behind itself when the test holds, its sign included, else to `otherwise`. */
void compile_test(Compiler *compiler, const IrTest *test, guint otherwise);

/* TEST_IN, which is never negated. */
void compile_in(Compiler *compiler, const IrTest *test, guint otherwise);

/* A word of the port's row into a register, by its place among this way's. */
void compile_word(Compiler *compiler, int to, guint word);

/* r0 = the entry of `map` at the index that is in the register `index`; none is a broken state. */
void compile_entry(Compiler *compiler, CodeMap map, int index);

/* Half of a number into a register: the low one, or the high one of 128 bits. */
void compile_field(Compiler *compiler, int to, IrField field, gboolean is_high);
void compile_operand(Compiler *compiler, int to, const IrOperand *operand, gboolean is_high);
