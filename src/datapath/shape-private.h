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

/* What a port supplies to its row. */
typedef struct {
    guint64 words[ROW_REST_WORDS];
    guint32 lists;   /* bit i: word i is a list's; it counts from the port's first bucket */
    GArray *buckets; /* struct bucket: of all lists, one after the other */
} PortWords;

/* Errors: LIMIT, for a list that does not fit into buckets. */
gboolean port_words_init(PortWords *words, const Shape *shape,
                         const IrBinding *const bindings[N_WAYS], GError **error);
void port_words_clear(PortWords *words);

/* Into the row, or its rest when the shape has one, with the port's buckets from row->buckets on.
 * Limits go into the rest. */
void shape_fill_row(const Shape *shape, const IrBinding *const bindings[N_WAYS],
                    const PortWords *words, struct row *row, struct row_rest *rest);

gboolean shape_has_rest(const Shape *shape);

/* enum layout_flags of a way. */
guint shape_flags(const Shape *shape, guint way);

/* One entry of a set, ready to be written. */
typedef struct {
    KernelMap map;
    union {
        struct set_key set;
        struct prefix_key prefix;
    } key;
} SetEntry;

/* All entries of a port's sets that a program looks up in maps, in slot `slot`. The caller unrefs.
 */
GArray *shape_entries(const Shape *shape, const IrBinding *const bindings[N_WAYS], guint slot);
