/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/compile-private.h"

/*
 * The look-up of a tuple: of a single number in buckets (bpf/layout.h), of others in maps. Its key
 * is built at the bottom of the stack in the layout of struct set_key or struct prefix_key, columns
 * in their order, but a prefix comes last, its words in network order. Tuples of up to
 * SET_SMALL_WORDS words are in the small maps.
 */

typedef struct {
    gboolean is_prefix;
    guint words; /* of the map's keys */
    int base;    /* of the key on the stack, from r10 */
    int at;      /* of the next word */
} Key;

/* The key begins at a multiple of eight; a prefix key's words are only aligned to four, so that
 * its length goes in front of that. */
static Key key_of(const IrSet *set)
{
    const guint words =
        verdict_set_words(set) <= SET_SMALL_WORDS ? SET_SMALL_WORDS : SET_LARGE_WORDS;
    const int start = -(int)SET_KEY_SIZE(words);

    return (Key){
        .is_prefix = ir_set_form(set) == SET_PREFIX,
        .words = words,
        .base = ir_set_form(set) == SET_PREFIX ? start - 4 : start,
        .at = start + 8,
    };
}

static void key_head(Compiler *compiler, const Key *key, guint set)
{
    Assembler *out = compiler->assembler;
    const int start = -(int)SET_KEY_SIZE(key->words);

    if (key->is_prefix)
        asm_store_set(out, BPF_W, BPF_REG_10, key->base, (gint32)(64 + 64 * key->words));
    asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offsetof(struct scratch, slot));
    asm_store(out, BPF_W, BPF_REG_10, start, BPF_REG_1);
    asm_store_set(out, BPF_W, BPF_REG_10, start + 4, (gint32)(compiler->program->way << 16 | set));
}

static void key_word(Compiler *compiler, Key *key, IrField field, gboolean is_high,
                     gboolean in_order)
{
    compile_field(compiler, BPF_REG_1, field, is_high);
    if (in_order)
        asm_network_order(compiler->assembler, BPF_REG_1);
    asm_store(compiler->assembler, BPF_DW, BPF_REG_10, key->at, BPF_REG_1);
    key->at += 8;
}

static void key_columns(Compiler *compiler, Key *key, const IrTest *test, gboolean wide)
{
    const IrSet *set = &g_array_index(compiler->program->sets, IrSet, test->set);

    for (guint i = 0; i < set->n_columns; i++) {
        if ((set->columns[i].kind != COLUMN_VALUE) != wide)
            continue;
        if (verdict_words(set->columns[i].bits) == 2)
            key_word(compiler, key, test->fields[i], TRUE, wide);
        key_word(compiler, key, test->fields[i], FALSE, wide);
    }
}

static CodeMap key_map(const Key *key)
{
    if (key->words == SET_SMALL_WORDS)
        return key->is_prefix ? MAP_PREFIXES : MAP_SETS;
    return key->is_prefix ? MAP_LARGE_PREFIXES : MAP_LARGE_SETS;
}

/* ---- numbers in buckets ---- */

/* Goes to `found` when the number is in the bucket that the 24 bits of its hash behind the first
 * `skipped` name. */
static void compile_bucket(Compiler *compiler, const IrTest *test, gint skipped, guint found)
{
    Assembler *out = compiler->assembler;

    compile_field(compiler, BPF_REG_3, test->fields[0], FALSE);
    asm_set(out, BPF_REG_1, BUCKET_FACTOR);
    asm_alu(out, BPF_MUL, BPF_REG_1, BPF_REG_3);
    if (skipped > 0)
        asm_alu_set(out, BPF_LSH, BPF_REG_1, skipped);
    asm_alu_set(out, BPF_RSH, BPF_REG_1, 64 - 24);
    compile_word(compiler, BPF_REG_2, verdict_set_word(compiler->program, test->set));
    asm_alu(out, BPF_AND, BPF_REG_1, BPF_REG_2);
    asm_alu_set(out, BPF_RSH, BPF_REG_2, 32);
    asm_alu(out, BPF_ADD, BPF_REG_1, BPF_REG_2);
    compile_entry(compiler, MAP_BUCKETS, BPF_REG_1);
    compile_field(compiler, BPF_REG_3, test->fields[0], FALSE);
    for (gint i = 0; i < BUCKET_CELLS; i++) {
        asm_load(out, BPF_DW, BPF_REG_1, BPF_REG_0, 8 * i);
        asm_jump_if(out, BPF_JEQ, BPF_REG_1, BPF_REG_3, found);
    }
}

static void compile_in_buckets(Compiler *compiler, const IrTest *test, guint otherwise)
{
    guint found = assembler_label(compiler->assembler);

    compile_bucket(compiler, test, 0, found);
    compile_bucket(compiler, test, 24, found);
    asm_jump(compiler->assembler, otherwise);
    assembler_place(compiler->assembler, found);
}

/* ---- either ---- */

static void compile_in_map(Compiler *compiler, const IrTest *test, guint otherwise)
{
    Assembler *out = compiler->assembler;
    Key key = key_of(&g_array_index(compiler->program->sets, IrSet, test->set));

    key_head(compiler, &key, test->set);
    key_columns(compiler, &key, test, FALSE);
    key_columns(compiler, &key, test, TRUE);
    while (key.at < 0) {
        asm_store_set(out, BPF_DW, BPF_REG_10, key.at, 0);
        key.at += 8;
    }
    asm_map(out, BPF_REG_1, key_map(&key));
    asm_move(out, BPF_REG_2, BPF_REG_10);
    asm_alu_set(out, BPF_ADD, BPF_REG_2, key.base);
    asm_call(out, BPF_FUNC_map_lookup_elem);
    asm_jump_if_set(out, BPF_JEQ, BPF_REG_0, 0, otherwise);
}

void compile_in(Compiler *compiler, const IrTest *test, guint otherwise)
{
    if (verdict_has_buckets(&g_array_index(compiler->program->sets, IrSet, test->set)))
        compile_in_buckets(compiler, test, otherwise);
    else
        compile_in_map(compiler, test, otherwise);
}
