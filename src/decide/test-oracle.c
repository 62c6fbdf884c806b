/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every program of the small world, before and after each pass, over every frame and flow of it:
 * the verdicts, with the rule or reason they name, are the same, the forms are what the passes
 * promise, and the text form gives the same program back. The sizes are printed.
 */
#include <string.h>

#include "decide/build.h"
#include "decide/check.h"
#include "decide/pass.h"
#include "decide/test-world.h"
#include "decide/text.h"

typedef struct {
    GPtrArray *frames;
    struct facts (*facts)[2]; /* of each frame: outermost, unwrapped */
    guint n_flows;            /* of the program at hand */
    guint64 n_plans, n_programs, n_verdicts;
} Oracle;

static void oracle_init(Oracle *oracle)
{
    memset(oracle, 0, sizeof *oracle);
    oracle->frames = world_frames();
    oracle->facts = g_malloc0_n(oracle->frames->len, sizeof *oracle->facts);
    for (guint i = 0; i < oracle->frames->len; i++) {
        const WorldFrame *row = g_ptr_array_index(oracle->frames, i);
        const Frame frame = {row->octets, row->length, {0, 0}};

        frame_parse(&frame, FACTS_WANT_ALL, &oracle->facts[i][0]);
        frame_unwrap(&frame, FACTS_WANT_ALL, &oracle->facts[i][1]);
    }
}

static void oracle_clear(Oracle *oracle)
{
    g_test_message("%" G_GUINT64_FORMAT " filters, %" G_GUINT64_FORMAT " programs, %u frames, "
                   "%" G_GUINT64_FORMAT " verdicts compared",
                   oracle->n_plans, oracle->n_programs, oracle->frames->len, oracle->n_verdicts);
    g_ptr_array_unref(oracle->frames);
    g_free(oracle->facts);
}

static void assert_holds(char *broken)
{
    g_assert_cmpstr(broken, ==, NULL);
    g_free(broken);
}

/* A verdict with what it names as one number: tables may be reordered, a rule stays its filter (by
 * its one letter) and line. */
static guint32 verdict_code(const IrProgram *program, IrVerdict verdict)
{
    guint32 code = (guint32)verdict.pass | (guint32)verdict.reason << 1;
    const IrOrigin *origin;

    if (verdict.reason != REASON_RULE)
        return code;
    origin = &g_array_index(program->origins, IrOrigin, verdict.origin);
    return code | (guint32)origin->line << 8 | (guint32)(guchar)origin->filter[0] << 24;
}

/* Of every frame in both views and every flow. */
static GArray *verdicts(Oracle *oracle, const IrProgram *program, const PlanValues *values)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GError) error = NULL;
    g_autoptr(IrBinding) binding = ir_bind(program, values, &error);
    guint n_flows;
    const IrFlow *flows = world_flows(&n_flows);

    g_assert_no_error(error);
    g_assert_cmpuint(oracle->n_flows, <=, n_flows);
    for (guint frame = 0; frame < 2 * oracle->frames->len; frame++)
        for (guint flow = 0; flow < oracle->n_flows; flow++) {
            struct facts facts = oracle->facts[frame / 2][frame % 2];
            guint32 code;

            facts.has |= flows[flow].known && (facts.has & FACTS_LATER) ? FACTS_KNOWN : 0;
            code =
                verdict_code(program, ir_eval(program, binding, &facts, &flows[flow], NULL, NULL));
            g_array_append_val(all, code);
        }
    return all;
}

/* Facts that the program does not ask for change nothing: the parser may leave them out. */
static void assert_wants(Oracle *oracle, const IrProgram *program, const IrBinding *binding,
                         const GArray *expected)
{
    guint n_flows, at = 0;
    const IrFlow *flows = world_flows(&n_flows);

    for (guint view = 0; view < 2 * oracle->frames->len; view++)
        for (guint flow = 0; flow < oracle->n_flows; flow++, at++) {
            const WorldFrame *row = g_ptr_array_index(oracle->frames, view / 2);
            const Frame frame = {row->octets, row->length, {0, 0}};
            struct facts facts;
            IrVerdict verdict;

            (view % 2 ? frame_unwrap : frame_parse)(&frame, ir_program_wants(program), &facts);
            facts.has |= flows[flow].known && (facts.has & FACTS_LATER) ? FACTS_KNOWN : 0;
            verdict = ir_eval(program, binding, &facts, &flows[flow], NULL, NULL);
            g_assert_cmphex(verdict_code(program, verdict), ==,
                            g_array_index(expected, guint32, at));
        }
}

/* ---- stages ---- */

/* The program's verdicts must be the expected ones; on the way its text form is read back. */
static void assert_verdicts(Oracle *oracle, const char *stage, const char *before,
                            const IrProgram *program, const PlanValues *values, GArray *expected)
{
    g_autoptr(GArray) found = NULL;
    guint i = 0;

    assert_holds(ir_check(program));
    found = verdicts(oracle, program, values);
    g_assert_cmpuint(found->len, ==, expected->len);
    oracle->n_verdicts += found->len;
    while (i < found->len &&
           g_array_index(found, guint32, i) == g_array_index(expected, guint32, i))
        i++;
    if (i == found->len)
        return;
    g_autofree char *after = ir_program_format(program);
    const guint per_frame = found->len / oracle->frames->len;
    const WorldFrame *frame = g_ptr_array_index(oracle->frames, i / per_frame);
    g_error("%s changes a verdict (%x to %x) of frame '%s', case %u:\n%s\nbecame\n%s", stage,
            g_array_index(expected, guint32, i), g_array_index(found, guint32, i), frame->name,
            i % per_frame, before, after);
}

static IrProgram *read_back(const IrProgram *program)
{
    g_autofree char *text = ir_program_format(program), *again = NULL;
    g_autoptr(GError) error = NULL;
    IrProgram *read = ir_program_parse(text, &error);

    g_assert_no_error(error);
    again = ir_program_format(read);
    g_assert_cmpstr(again, ==, text);
    return read;
}

/* Passes that need nothing but the program. */
static const struct {
    const char *name;
    void (*pass)(IrProgram *program);
    char *(*check)(const IrProgram *program);
} passes[] = {
    {"fold", ir_fold, ir_check_folded},   {"prune", ir_prune, ir_check_pruned},
    {"share", ir_share, ir_check_shared}, {"prune again", ir_prune, ir_check_pruned},
    {"tidy", ir_tidy, ir_check_tidy},
};

/* Each pass alone on the program as it was built, and all of them one after the other. */
static void try_passes(Oracle *oracle, const IrProgram *built, const PlanValues *values,
                       GArray *expected)
{
    g_autofree char *text = ir_program_format(built);
    g_autofree guint *lengths = ir_lengths(built, values);
    g_autoptr(IrProgram) program = ir_program_copy(built), read = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(passes); i++) {
        g_autoptr(IrProgram) alone = ir_program_copy(built);

        passes[i].pass(alone);
        assert_verdicts(oracle, passes[i].name, text, alone, values, expected);
    }
    g_assert_true(ir_settle_sets(program, lengths, NULL));
    assert_holds(ir_check_settled(program));
    assert_verdicts(oracle, "settle", text, program, values, expected);
    for (gsize i = 0; i < G_N_ELEMENTS(passes); i++) {
        passes[i].pass(program);
        assert_holds(passes[i].check(program));
        assert_verdicts(oracle, passes[i].name, text, program, values, expected);
    }
    read = read_back(program);
    assert_verdicts(oracle, "text", text, read, values, expected);
}

static void try_way(Oracle *oracle, const Plan *plan, guint way, guint port)
{
    g_autoptr(PlanValues) values = world_values(plan, port);
    g_autoptr(GError) error = NULL;
    g_autoptr(IrProgram) program = ir_build(plan, way, values, &error);
    g_autoptr(GArray) expected = NULL;
    g_autoptr(IrBinding) binding = NULL;

    g_assert_no_error(error);
    oracle->n_programs++;
    (void)world_flows(&oracle->n_flows);
    if (!ir_program_has_flows(program))
        oracle->n_flows = 1;
    expected = verdicts(oracle, program, values);
    binding = ir_bind(program, values, &error);
    assert_wants(oracle, program, binding, expected);
    try_passes(oracle, program, values, expected);
}

static void try_plan(Oracle *oracle, const char *const *texts, guint n_texts)
{
    g_autoptr(Plan) plan = world_plan(texts, n_texts);

    oracle->n_plans++;
    for (guint port = 0; port < WORLD_PORTS; port++) {
        try_way(oracle, plan, PLAN_FROM_VM, port);
        try_way(oracle, plan, PLAN_TO_VM, port);
    }
}

/* ---- the worlds ---- */

static void test_one_rule(void)
{
    Oracle oracle;

    oracle_init(&oracle);
    for (guint rule = 0; rule < world_n_rules(); rule++) {
        g_autofree char *text = world_rule(rule, "a");

        try_plan(&oracle, (const char *const *)&text, 1);
    }
    oracle_clear(&oracle);
}

/* Every rule before and behind every `step`th one. */
static void test_two_rules(gconstpointer data)
{
    const guint step = GPOINTER_TO_UINT(data);
    guint count = 0;
    Oracle oracle;

    oracle_init(&oracle);
    for (guint first = 0; first < world_n_rules(); first++)
        for (guint second = first % step; second < world_n_rules(); second += step, count++) {
            g_autofree char *a = world_rule(first, "a"), *b = world_rule(second, "b");
            const char *texts[] = {a, b};

            try_plan(&oracle, texts, 2);
        }
    g_assert_cmpuint(count, >=, world_n_rules());
    oracle_clear(&oracle);
}

int main(int argc, char **argv)
{
    /* How many pairs are left out; 1 tries all of them. */
    guint step = argc > 1 ? (guint)g_ascii_strtoull(argv[1], NULL, 10) : 37;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpuint(step, >, 0);
    g_test_add_func("/decide/oracle/one-rule", test_one_rule);
    g_test_add_data_func("/decide/oracle/two-rules", GUINT_TO_POINTER(step), test_two_rules);
    return g_test_run();
}
