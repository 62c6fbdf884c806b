/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/bpf/layout.h"
#include "datapath/compile.h"
#include "datapath/kernel.h"
#include "datapath/shape.h"

struct Shape {
    gatomicrefcount references;
    IrProgram *programs[N_WAYS];
    Verdict *verdicts[N_WAYS];
    guint8 digest[32];
    char *digest_text;
};

/* The words and limits of a row from what a port is bound to; the rest of it is the caller's. */
void shape_fill_rest(const Shape *shape, const IrBinding *const bindings[N_WAYS], struct row *row);

/* enum layout_flags of a way. */
guint verdict_flags(const Verdict *verdict);

/* One entry of a set, ready to be written. */
typedef struct {
    KernelMap map;
    union {
        struct set_key set;
        struct prefix_key prefix;
    } key;
} SetEntry;

/* All entries of a port's sets that a program looks up, in slot `slot`. The caller unrefs. */
GArray *shape_entries(const Shape *shape, const IrBinding *const bindings[N_WAYS], guint slot);
