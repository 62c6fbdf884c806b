/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/shape.h"

#include "datapath/shape-private.h"
#include "decide/pass.h"
#include "decide/text.h"

/* Over instructions and over the program's text, which has the rules' names: ports whose filters
 * differ in these alone are told apart, so that a verdict's code names one rule. */
static void shape_seal(Shape *shape)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length = sizeof shape->digest;

    for (guint way = 0; way < N_WAYS; way++) {
        g_autofree char *text = ir_program_format(shape->programs[way]);
        g_autofree char *listing = code_format(shape->verdicts[way]->code);

        g_checksum_update(sum, (const guchar *)text, -1);
        g_checksum_update(sum, (const guchar *)listing, -1);
    }
    shape->digest_text = g_strdup(g_checksum_get_string(sum));
    g_checksum_get_digest(sum, shape->digest, &length);
    g_checksum_free(sum);
}

static Shape *shape_make(const IrProgram *out, const IrProgram *in, Encapsulation encapsulation,
                         gboolean tells, GError **error)
{
    const IrProgram *const programs[N_WAYS] = {out, in};
    g_autoptr(Shape) shape = g_new0(Shape, 1);
    VerdictPlace place = {
        .tells = tells,
        .has_flows = verdict_asks_for_flows(out) || verdict_asks_for_flows(in),
        .has_rest = verdict_row_words(out) + verdict_row_words(in) > ROW_WORDS,
    };

    g_atomic_ref_count_init(&shape->references);
    for (guint way = 0; way < N_WAYS; way++) {
        shape->programs[way] = ir_program_copy(programs[way]);
        shape->verdicts[way] = verdict_compile(programs[way], encapsulation, &place, error);
        if (!shape->verdicts[way])
            return NULL;
        place.first_word += shape->verdicts[way]->n_words;
    }
    shape_seal(shape);
    return g_steal_pointer(&shape);
}

Shape *shape_new(const IrProgram *out, const IrProgram *in, Encapsulation encapsulation,
                 GError **error)
{
    return shape_make(out, in, encapsulation, FALSE, error);
}

Shape *shape_new_telling(const IrProgram *out, const IrProgram *in, Encapsulation encapsulation,
                         GError **error)
{
    return shape_make(out, in, encapsulation, TRUE, error);
}

static Shape *shape_sketch(const Plan *plan, guint length, GError **error)
{
    g_autoptr(IrProgram) out = ir_build_sketch(plan, PLAN_FROM_VM, length, error);
    g_autoptr(IrProgram) in = out ? ir_build_sketch(plan, PLAN_TO_VM, length, error) : NULL;

    return in ? shape_new(out, in, ENCAPSULATION_INSPECT, error) : NULL;
}

gboolean shape_check(const Plan *plan, GError **error)
{
    g_autoptr(Shape) single = shape_sketch(plan, 1, error), lists = NULL;
    g_autoptr(GError) problem = NULL;

    if (!single)
        return FALSE;
    lists = shape_sketch(plan, 2, &problem);
    /* Lists that are walked combination by combination depend on the port. */
    if (lists || problem->domain != DATAPATH_ERROR)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

Shape *shape_ref(Shape *shape)
{
    g_atomic_ref_count_inc(&shape->references);
    return shape;
}

void shape_unref(Shape *shape)
{
    if (!shape || !g_atomic_ref_count_dec(&shape->references))
        return;
    for (guint way = 0; way < N_WAYS; way++) {
        ir_program_free(shape->programs[way]);
        verdict_free(shape->verdicts[way]);
    }
    g_free(shape->digest_text);
    g_free(shape);
}

const IrProgram *shape_program(const Shape *shape, guint way)
{
    g_assert(way < N_WAYS);
    return shape->programs[way];
}

const char *shape_digest(const Shape *shape)
{
    return shape->digest_text;
}

char *shape_format(const Shape *shape)
{
    static const char *const words[N_WAYS] = {"out", "in"};
    GString *text = g_string_new(NULL);

    for (guint way = 0; way < N_WAYS; way++) {
        g_autofree char *listing = code_format(shape->verdicts[way]->code);

        g_string_append_printf(text, "verdict %s %s\n%s", shape->programs[way]->name, words[way],
                               listing);
    }
    return g_string_free(text, FALSE);
}
