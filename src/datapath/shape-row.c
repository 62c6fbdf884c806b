/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "datapath/bucket.h"
#include "datapath/shape-private.h"

/* What a port supplies, in the kernel's form: the words of its row, and the entries of its sets. */

guint shape_flags(const Shape *shape, guint way)
{
    const Verdict *verdict = shape->verdicts[way];

    return (verdict->has_flows ? ROW_FLOWS : 0) | (verdict->passes_all ? ROW_PASS : 0) |
           (shape->programs[way]->limits->len > 0 ? ROW_LIMITS : 0) |
           (verdict->tells ? ROW_TELLS : 0);
}

gboolean shape_has_rest(const Shape *shape)
{
    return shape->verdicts[WAY_OUT]->has_rest || shape->programs[WAY_OUT]->limits->len > 0 ||
           shape->programs[WAY_IN]->limits->len > 0;
}

/* ---- words ---- */

static void fill_scalars(const IrProgram *program, const IrBinding *binding, guint64 *word)
{
    for (guint i = 0; i < program->scalars->len; i++) {
        if (verdict_words(g_array_index(program->scalars, IrScalar, i).bits) == 2)
            *word++ = binding->scalars[i].high;
        *word++ = binding->scalars[i].low;
    }
}

/* A list's buckets behind those there are. Gives its word; FALSE when they are too many. */
static gboolean fill_list(const IrEntries *entries, GArray *buckets, guint64 *word)
{
    g_autofree guint64 *numbers = g_new(guint64, entries->n_entries);
    const guint first = buckets->len;
    guint n;

    for (guint i = 0; i < entries->n_entries; i++)
        numbers[i] = ir_entries_get(entries, i, 0)->first.low;
    n = buckets_append(buckets, numbers, entries->n_entries);
    *word = (guint64)first << 32 | (n - 1);
    return n > 0;
}

static gboolean fill_lists(PortWords *words, const IrProgram *program, const IrBinding *binding,
                           guint first_word, GError **error)
{
    for (guint i = 0; i < program->sets->len; i++) {
        const guint at = first_word + verdict_set_word(program, i);

        if (!verdict_has_buckets(&g_array_index(program->sets, IrSet, i)))
            continue;
        words->lists |= 1u << at;
        if (fill_list(&binding->sets[i], words->buckets, &words->words[at]))
            continue;
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "filter %s: a list of %u numbers does not fit into %u buckets", program->name,
                    binding->sets[i].n_entries, BUCKETS_MAX);
        return FALSE;
    }
    return TRUE;
}

gboolean port_words_init(PortWords *words, const Shape *shape,
                         const IrBinding *const bindings[N_WAYS], GError **error)
{
    memset(words, 0, sizeof *words);
    words->buckets = g_array_new(FALSE, FALSE, sizeof(struct bucket));
    for (guint way = 0; way < N_WAYS; way++) {
        const guint first = shape->verdicts[way]->first_word;

        fill_scalars(shape->programs[way], bindings[way], words->words + first);
        if (!fill_lists(words, shape->programs[way], bindings[way], first, error)) {
            port_words_clear(words);
            return FALSE;
        }
    }
    return TRUE;
}

void port_words_clear(PortWords *words)
{
    g_clear_pointer(&words->buckets, g_array_unref);
}

static void fill_limits(const IrProgram *program, const IrBinding *binding, guint way,
                        struct row_rest *rest)
{
    rest->n_limits[way] = program->limits->len;
    for (guint i = 0; i < program->limits->len; i++) {
        const IrLimit *limit = &g_array_index(program->limits, IrLimit, i);
        const guint64 above = ir_operand_get(&limit->above, binding).low;

        rest->limits[way][i] = (__u16)MIN(above, G_MAXUINT16);
    }
}

void shape_fill_row(const Shape *shape, const IrBinding *const bindings[N_WAYS],
                    const PortWords *words, struct row *row, struct row_rest *rest)
{
    const gboolean is_in_rest = shape->verdicts[WAY_OUT]->has_rest;
    __u64 *to = is_in_rest ? rest->words : row->words;

    for (guint i = 0; i < (is_in_rest ? ROW_REST_WORDS : ROW_WORDS); i++)
        to[i] = words->words[i] + (words->lists >> i & 1 ? (guint64)row->buckets << 32 : 0);
    for (guint way = 0; way < N_WAYS; way++)
        fill_limits(shape->programs[way], bindings[way], way, rest);
}

/* ---- sets ---- */

typedef struct {
    GArray *entries; /* SetEntry */
    const IrSet *set;
    guint slot, number; /* number: way << 16 | set */
} Filler;

static __u64 *put_value(__u64 *word, IrValue value, guint bits)
{
    if (verdict_words(bits) == 2)
        *word++ = value.high;
    *word++ = value.low;
    return word;
}

/* The columns that are values, as words. Returns how many. */
static guint exact_words(const Filler *filler, const IrEntries *entries, guint entry,
                         __u64 words[SET_LARGE_WORDS])
{
    __u64 *word = words;

    memset(words, 0, SET_LARGE_WORDS * sizeof *words);
    for (guint i = 0; i < filler->set->n_columns; i++)
        if (filler->set->columns[i].kind == COLUMN_VALUE)
            word = put_value(word, ir_entries_get(entries, entry, i)->first,
                             filler->set->columns[i].bits);
    return (guint)(word - words);
}

static gboolean is_large(const IrSet *set)
{
    return verdict_set_words(set) > SET_SMALL_WORDS;
}

static void add_exact(Filler *filler, const IrEntries *entries, guint entry)
{
    SetEntry row = {.map = is_large(filler->set) ? KERNEL_LARGE_SETS : KERNEL_SETS};

    row.key.set.slot = filler->slot;
    row.key.set.set = filler->number;
    (void)exact_words(filler, entries, entry, row.key.set.words); /* all of them */
    g_array_append_val(filler->entries, row);
}

/* ---- prefixes ---- */

static IrValue value_shift_up(IrValue value, guint bits)
{
    if (bits >= 64)
        return (IrValue){value.low << (bits - 64), 0};
    if (bits == 0)
        return value;
    return (IrValue){value.high << bits | value.low >> (64 - bits), value.low << bits};
}

/* The block of 2^bits numbers that begins at `first`: its last. */
static IrValue block_last(IrValue first, guint bits)
{
    IrValue ones = {G_MAXUINT64, G_MAXUINT64};
    IrValue above = bits >= 128 ? (IrValue){0, 0} : value_shift_up(ones, bits);

    return ir_value_xor(first, ir_value_xor(ones, above));
}

static gboolean is_aligned(IrValue value, guint bits)
{
    IrValue last = block_last((IrValue){0, 0}, bits);

    return ir_value_is_zero(ir_value_and(value, last));
}

/* The largest block that begins at `first` and ends at `last` at the latest. */
static guint block_bits(IrValue first, IrValue last, guint width)
{
    guint bits = 0;

    while (bits < width && is_aligned(first, bits + 1) &&
           ir_value_compare(block_last(first, bits + 1), last) <= 0)
        bits++;
    return bits;
}

static void put_words(struct prefix_key *key, const __u64 *words, guint n)
{
    memcpy(key->words, words, n * sizeof *words);
}

static void add_prefix(Filler *filler, __u64 words[SET_LARGE_WORDS], guint n_exact, IrValue first,
                       guint bits, guint free_bits)
{
    SetEntry row = {.map = is_large(filler->set) ? KERNEL_LARGE_PREFIXES : KERNEL_PREFIXES};
    __u64 *word = words + n_exact;

    if (verdict_words(bits) == 2)
        *word++ = GUINT64_TO_BE(first.high);
    *word++ = GUINT64_TO_BE(first.low);
    row.key.prefix.slot = filler->slot;
    row.key.prefix.set = filler->number;
    row.key.prefix.length = 64 + 64 * (guint)(word - words) - free_bits;
    put_words(&row.key.prefix, words, (guint)(word - words));
    g_array_append_val(filler->entries, row);
}

static IrValue value_next(IrValue value)
{
    value.low++;
    value.high += value.low == 0 ? 1 : 0;
    return value;
}

/* An interval as blocks of powers of two. */
static void add_interval(Filler *filler, const IrEntries *entries, guint entry, guint column)
{
    const IrInterval *interval = ir_entries_get(entries, entry, column);
    const guint bits = filler->set->columns[column].bits;
    IrValue first = interval->first;
    __u64 words[SET_LARGE_WORDS];

    while (ir_value_compare(first, interval->last) <= 0) {
        const guint n_exact = exact_words(filler, entries, entry, words);
        const guint free_bits = block_bits(first, interval->last, bits);
        const IrValue last = block_last(first, free_bits);

        add_prefix(filler, words, n_exact, first, bits, free_bits);
        if (ir_value_compare(last, interval->last) >= 0)
            return;
        first = value_next(last);
    }
}

static guint wide_column(const IrSet *set)
{
    guint column = 0;

    while (set->columns[column].kind == COLUMN_VALUE)
        column++;
    return column;
}

static void fill_set(Filler *filler, const IrEntries *entries)
{
    const gboolean is_prefix = ir_set_form(filler->set) == SET_PREFIX;

    for (guint entry = 0; entry < entries->n_entries; entry++) {
        if (is_prefix)
            add_interval(filler, entries, entry, wide_column(filler->set));
        else
            add_exact(filler, entries, entry);
    }
}

/* Sets of other forms only serve as the source of scalars. */
static gboolean is_in_map(const IrSet *set)
{
    return ir_set_form(set) == SET_PREFIX ||
           (ir_set_form(set) == SET_EXACT && !verdict_has_buckets(set));
}

GArray *shape_entries(const Shape *shape, const IrBinding *const bindings[N_WAYS], guint slot)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(SetEntry));

    for (guint way = 0; way < N_WAYS; way++)
        for (guint i = 0; i < bindings[way]->n_sets; i++) {
            Filler filler = {entries, &g_array_index(shape->programs[way]->sets, IrSet, i), slot,
                             way << 16 | i};

            if (is_in_map(filler.set))
                fill_set(&filler, &bindings[way]->sets[i]);
        }
    return entries;
}
