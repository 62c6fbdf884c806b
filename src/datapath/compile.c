/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/compile.h"

#include <linux/pkt_cls.h>

#include "datapath/compile-private.h"
#include "decide/check.h"
#include "decide/text.h"

/* ---- layout ---- */

guint verdict_words(guint bits)
{
    return bits > 64 ? 2 : 1;
}

guint verdict_scalar_word(const IrProgram *program, guint scalar)
{
    guint word = 0;

    for (guint i = 0; i < scalar; i++)
        word += verdict_words(g_array_index(program->scalars, IrScalar, i).bits);
    return word;
}

gboolean verdict_has_buckets(const IrSet *set)
{
    return ir_set_form(set) == SET_EXACT && set->n_columns == 1 && set->columns[0].bits < 64;
}

guint verdict_set_word(const IrProgram *program, guint set)
{
    guint word = verdict_scalar_word(program, program->scalars->len);

    for (guint i = 0; i < set; i++)
        word += verdict_has_buckets(&g_array_index(program->sets, IrSet, i)) ? 1 : 0;
    return word;
}

guint verdict_row_words(const IrProgram *program)
{
    return verdict_set_word(program, program->sets->len);
}

guint verdict_set_words(const IrSet *set)
{
    guint words = 0;

    for (guint i = 0; i < set->n_columns; i++)
        words += verdict_words(set->columns[i].bits);
    return words;
}

/* ---- steps ---- */

G_STATIC_ASSERT((int)N_REASONS <= (int)VERDICT_NO_ROW);
G_STATIC_ASSERT((int)REASON_DEFAULT == (int)VERDICT_DEFAULT);

static guint verdict_code(const IrStep *step)
{
    return step->reason == REASON_RULE ? LAYOUT_RULES + step->origin : (guint)step->reason;
}

/* A need that fails is a drop of its own kind; it ends the step's tests elsewhere. */
static void compile_need(Compiler *compiler, const IrTest *test)
{
    Assembler *out = compiler->assembler;
    guint truncated = assembler_label(out), good = assembler_label(out);

    compile_test(compiler, test, truncated);
    asm_jump(out, good);
    assembler_place(out, truncated);
    asm_set(out, VERDICT, REASON_TRUNCATED);
    asm_jump(out, compiler->drop);
    assembler_place(out, good);
}

static void compile_tests(Compiler *compiler, const IrStep *step, guint otherwise)
{
    for (guint i = 0; i < step->tests->len; i++) {
        const IrTest *test = ir_step_test(step, i);

        if (test->is_need)
            compile_need(compiler, test);
        else
            compile_test(compiler, test, otherwise);
    }
}

static void compile_rule(Compiler *compiler, const IrStep *step, guint on_return, guint on_accept)
{
    Assembler *out = compiler->assembler;

    if (step->action == IR_RETURN) {
        asm_jump(out, on_return);
        return;
    }
    asm_set(out, VERDICT, verdict_code(step));
    asm_jump(out, step->action == IR_ACCEPT ? on_accept : compiler->drop);
}

static void compile_steps(Compiler *compiler, const GPtrArray *steps, guint on_return,
                          guint on_accept)
{
    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);
        guint next = assembler_label(compiler->assembler);

        assembler_note(compiler->assembler, ir_step_format(compiler->program, step));
        compile_tests(compiler, step, next);
        if (step->kind == STEP_RULE)
            compile_rule(compiler, step, on_return, on_accept);
        else
            compile_steps(compiler, step->steps, step->kind == STEP_CHAIN ? next : on_return,
                          on_accept);
        assembler_place(compiler->assembler, next);
    }
}

/* A layer lets the frame through by ending, however it does. */
static void compile_layer(Compiler *compiler, const GPtrArray *steps)
{
    guint end = assembler_label(compiler->assembler);

    compile_steps(compiler, steps, end, end);
    assembler_place(compiler->assembler, end);
}

/* ---- beginning and ends ---- */

void compile_entry(Compiler *compiler, CodeMap map, int index)
{
    Assembler *out = compiler->assembler;

    asm_store(out, BPF_W, BPF_REG_10, -4, index);
    asm_map(out, BPF_REG_1, map);
    asm_move(out, BPF_REG_2, BPF_REG_10);
    asm_alu_set(out, BPF_ADD, BPF_REG_2, -4);
    asm_call(out, BPF_FUNC_map_lookup_elem);
    asm_jump_if_set(out, BPF_JEQ, BPF_REG_0, 0, compiler->broken);
}

void compile_word(Compiler *compiler, int to, guint word)
{
    const gsize words =
        compiler->has_rest ? offsetof(struct row_rest, words) : offsetof(struct row, words);

    asm_load(compiler->assembler, BPF_DW, to, ROW,
             (int)(words + 8 * (compiler->first_word + word)));
}

static void compile_begin(Compiler *compiler)
{
    Assembler *out = compiler->assembler;

    asm_move(out, FRAME, BPF_REG_1);
    asm_set(out, BPF_REG_1, 0);
    compile_entry(compiler, MAP_SCRATCHES, BPF_REG_1);
    asm_move(out, SCRATCH, BPF_REG_0);
    if (verdict_row_words(compiler->program) > 0) {
        asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offsetof(struct scratch, slot));
        compile_entry(compiler, compiler->has_rest ? MAP_ROW_RESTS : MAP_ROWS, BPF_REG_1);
        asm_move(out, ROW, BPF_REG_0);
    }
    asm_set(out, VERDICT, REASON_DEFAULT);
}

/* Leaves for another program, or falls through when that fails. */
static void compile_tail_call(Compiler *compiler, guint program)
{
    Assembler *out = compiler->assembler;

    asm_move(out, BPF_REG_1, FRAME);
    asm_map(out, BPF_REG_2, MAP_PROGRAMS);
    asm_set(out, BPF_REG_3, program);
    asm_call(out, BPF_FUNC_tail_call);
}

/* The verdict so far is the outermost view's. A wrapped frame's is not the last word. */
static void compile_inspection(Compiler *compiler)
{
    Assembler *out = compiler->assembler;
    guint second = assembler_label(out), done = assembler_label(out);

    asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offsetof(struct scratch, view));
    asm_jump_if_set(out, BPF_JNE, BPF_REG_1, 0, second);
    asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offsetof(struct scratch, facts.has));
    asm_alu_set(out, BPF_AND, BPF_REG_1, FACTS_WRAPPED);
    asm_jump_if_set(out, BPF_JEQ, BPF_REG_1, 0, done);
    asm_store(out, BPF_W, SCRATCH, offsetof(struct scratch, verdict), VERDICT);
    compile_tail_call(compiler, PROGRAM_UNWRAP);
    asm_jump(out, compiler->broken);
    assembler_place(out, second);
    asm_load(out, BPF_W, VERDICT, SCRATCH, offsetof(struct scratch, verdict));
    assembler_place(out, done);
}

static void compile_verdict_out(Compiler *compiler)
{
    asm_store(compiler->assembler, BPF_W, FRAME, offsetof(struct __sk_buff, cb), VERDICT);
}

/* r0 = the chunk of counters that has number r9, r9 = where in its blocks that is. */
static void compile_count_chunk(Compiler *compiler)
{
    Assembler *out = compiler->assembler;

    asm_move(out, BPF_REG_1, VERDICT);
    asm_alu_set(out, BPF_RSH, BPF_REG_1, COUNTERS_CHUNK_BITS);
    asm_store(out, BPF_W, BPF_REG_10, -4, BPF_REG_1);
    asm_map(out, BPF_REG_1, MAP_COUNTERS);
    asm_move(out, BPF_REG_2, BPF_REG_10);
    asm_alu_set(out, BPF_ADD, BPF_REG_2, -4);
    asm_call(out, BPF_FUNC_map_lookup_elem);
    asm_alu_set(out, BPF_AND, VERDICT, COUNTERS_CHUNK - 1);
}

/* The verdict's register is of no more use behind this. */
static void compile_count(Compiler *compiler)
{
    Assembler *out = compiler->assembler;
    guint uncounted = assembler_label(out);

    asm_load(out, BPF_W, BPF_REG_1, SCRATCH, offsetof(struct scratch, counters));
    asm_alu(out, BPF_ADD, VERDICT, BPF_REG_1);
    compile_count_chunk(compiler);
    asm_jump_if_set(out, BPF_JEQ, BPF_REG_0, 0, uncounted);
    asm_move(out, BPF_REG_1, VERDICT);
    asm_alu_set(out, BPF_RSH, BPF_REG_1, COUNTERS_BLOCK_BITS);
    asm_store(out, BPF_W, BPF_REG_10, -4, BPF_REG_1);
    asm_move(out, BPF_REG_1, BPF_REG_0);
    asm_move(out, BPF_REG_2, BPF_REG_10);
    asm_alu_set(out, BPF_ADD, BPF_REG_2, -4);
    asm_call(out, BPF_FUNC_map_lookup_elem);
    asm_jump_if_set(out, BPF_JEQ, BPF_REG_0, 0, uncounted);
    asm_alu_set(out, BPF_AND, VERDICT, COUNTERS_BLOCK - 1);
    asm_alu_set(out, BPF_LSH, VERDICT, 3); /* octets */
    asm_alu(out, BPF_ADD, BPF_REG_0, VERDICT);
    asm_load(out, BPF_DW, BPF_REG_1, BPF_REG_0, 0);
    asm_alu_set(out, BPF_ADD, BPF_REG_1, 1);
    asm_store(out, BPF_DW, BPF_REG_0, 0, BPF_REG_1);
    assembler_place(out, uncounted);
}

/* There may be something left to do, after all tests. */
static void compile_pass(Compiler *compiler, gboolean has_more)
{
    Assembler *out = compiler->assembler;

    assembler_note(out, g_strdup("pass"));
    if (compiler->encapsulation == ENCAPSULATION_INSPECT && ir_program_size(compiler->program) > 0)
        compile_inspection(compiler);
    compile_verdict_out(compiler);
    if (has_more) {
        asm_store(out, BPF_W, SCRATCH, offsetof(struct scratch, verdict), VERDICT);
        compile_tail_call(compiler, PROGRAM_PASSED);
        asm_jump(out, compiler->broken);
        return;
    }
    compile_count(compiler);
    asm_set(out, BPF_REG_0, (guint64)(gint64)TC_ACT_UNSPEC);
    asm_exit(out);
}

static void compile_drop(Compiler *compiler)
{
    Assembler *out = compiler->assembler;

    assembler_place(out, compiler->drop);
    assembler_note(out, g_strdup("drop"));
    compile_verdict_out(compiler);
    asm_store(out, BPF_W, SCRATCH, offsetof(struct scratch, verdict), VERDICT);
    compile_tail_call(compiler, PROGRAM_DROPPED);
    assembler_place(out, compiler->broken);
    asm_set(out, BPF_REG_0, TC_ACT_SHOT);
    asm_exit(out);
}

/* ---- the whole ---- */

static gboolean steps_ask_for_beginning(const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const IrStep *step = g_ptr_array_index(steps, i);

        for (guint t = 0; t < step->tests->len; t++)
            if (ir_step_test(step, t)->kind == TEST_HAS &&
                (ir_step_test(step, t)->bits & FACTS_KNOWN))
                return TRUE;
        if (step->steps && steps_ask_for_beginning(step->steps))
            return TRUE;
    }
    return FALSE;
}

static Code *compile(const IrProgram *program, Encapsulation encapsulation, const Verdict *verdict,
                     GError **error)
{
    g_autoptr(Assembler) out = assembler_new();
    Compiler compiler = {
        program,
        encapsulation,
        verdict->has_rest,
        verdict->first_word,
        out,
        .drop = assembler_label(out),
        .broken = assembler_label(out),
    };

    compile_begin(&compiler);
    compile_layer(&compiler, program->l2);
    compile_layer(&compiler, program->inet);
    compile_pass(&compiler, verdict->has_flows || verdict->tells);
    compile_drop(&compiler);
    return assembler_finish(out, error);
}

gboolean verdict_asks_for_flows(const IrProgram *program)
{
    return ir_program_has_flows(program) || steps_ask_for_beginning(program->inet);
}

static gboolean check_limits(const IrProgram *program, const Verdict *verdict, GError **error)
{
    if (verdict->first_word + verdict->n_words > ROW_REST_WORDS) {
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "filter %s needs %u numbers of each port; a port's row holds %u", program->name,
                    verdict->first_word + verdict->n_words, ROW_REST_WORDS);
        return FALSE;
    }
    if (program->limits->len <= LIMITS_MAX)
        return TRUE;
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                "filter %s has %u rules with connlimit-above for one direction; %u are possible",
                program->name, program->limits->len, LIMITS_MAX);
    return FALSE;
}

Verdict *verdict_compile(const IrProgram *program, Encapsulation encapsulation,
                         const VerdictPlace *place, GError **error)
{
    g_autoptr(Verdict) verdict = g_new0(Verdict, 1);

    verdict->way = program->way;
    verdict->want = ir_program_wants(program);
    verdict->has_flows = place->has_flows;
    verdict->tells = place->tells;
    verdict->has_rest = place->has_rest;
    verdict->passes_all = !place->has_flows && !place->tells && ir_program_size(program) == 0;
    if (place->has_flows || place->tells)
        verdict->want |= FACTS_WANT_IP | FACTS_WANT_L4;
    verdict->first_word = place->first_word;
    verdict->n_words = verdict_row_words(program);
    verdict->n_counters = LAYOUT_RULES + program->origins->len;
    if (!check_limits(program, verdict, error))
        return NULL;
    verdict->code = compile(program, encapsulation, verdict, error);
    if (!verdict->code) {
        g_prefix_error(error, "filter %s: ", program->name);
        return NULL;
    }
    return g_steal_pointer(&verdict);
}

void verdict_free(Verdict *verdict)
{
    if (!verdict)
        return;
    code_free(verdict->code);
    g_free(verdict);
}
