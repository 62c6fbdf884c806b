/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a program. What is read honors the invariants, is printed and read again alike, keeps
 * every verdict through every pass, and passes the same frames as a set as it does one by one.
 * Input: the text; its length chooses the length of the lists.
 */
#include <string.h>

#include "decide/check.h"
#include "decide/eval.h"
#include "decide/pass.h"
#include "decide/test-world.h"
#include "decide/text.h"

#define STEPS 200 /* larger programs are read, but not run on every frame */

static void assert_holds(char *broken)
{
    g_assert_cmpstr(broken, ==, NULL);
    g_free(broken);
}

static void check_text(const IrProgram *program)
{
    g_autofree char *text = ir_program_format(program), *again = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(IrProgram) read = ir_program_parse(text, &error);

    g_assert_no_error(error);
    again = ir_program_format(read);
    g_assert_cmpstr(text, ==, again);
}

/* One, two or three values of each slot's type; what they are matters little. */
static void fill_values(const IrProgram *program, guint n, Value *values, IrList *lists)
{
    for (guint slot = 0; slot < program->slots->len; slot++) {
        const ValueType type = g_array_index(program->slots, IrSlot, slot).type;

        for (guint i = 0; i < n; i++) {
            Value *value = &values[3 * slot + i];

            value->type = type;
            value->number = type == TYPE_MAC ? 0x525400000001 + i : 0x0a000001 + i;
            if (type == TYPE_IP4MASK || type == TYPE_IP6MASK)
                value->number = 24 - i;
            value->ip6[15] = (guint8)(i + 1);
        }
        lists[slot] = (IrList){&values[3 * slot], n};
    }
}

static void append_verdicts(GArray *all, const IrProgram *program, const IrBinding *binding,
                            const GPtrArray *frames)
{
    guint n_flows;
    const IrFlow *flows = world_flows(&n_flows);

    for (guint i = 0; i < frames->len; i++) {
        const WorldFrame *row = frames->pdata[i];
        const Frame frame = {row->octets, row->length, {0, 0}};
        struct facts facts;

        frame_parse(&frame, FACTS_WANT_ALL, &facts);
        for (guint flow = 0; flow < n_flows; flow++) {
            IrVerdict verdict = ir_eval(program, binding, &facts, &flows[flow], NULL, NULL);
            guint code = (guint)verdict.pass << 8 | verdict.reason;

            if (verdict.reason == REASON_RULE)
                code |= g_array_index(program->origins, IrOrigin, verdict.origin).line << 9;
            g_array_append_val(all, code);
        }
    }
}

static GArray *verdicts(const IrProgram *program, guint n)
{
    static GPtrArray *frames = NULL; /* the same for all inputs */
    g_autofree Value *values = g_new0(Value, 3 * program->slots->len + 1);
    g_autofree IrList *lists = g_new0(IrList, program->slots->len + 1);
    g_autoptr(IrBinding) binding = NULL;
    GArray *all;

    if (!frames)
        frames = world_frames();
    fill_values(program, n, values, lists);
    binding = ir_bind_lists(program, lists, NULL);
    if (!binding)
        return NULL; /* more combinations than are possible */
    all = g_array_new(FALSE, FALSE, sizeof(guint));
    append_verdicts(all, program, binding, frames);
    return all;
}

/* An element beyond a list is what binding a port to a plan has found before. */
static gboolean has_elements(const IrProgram *program, guint n)
{
    for (guint i = 0; i < program->scalars->len; i++) {
        const IrScalar *scalar = &g_array_index(program->scalars, IrScalar, i);

        if (scalar->kind <= SCALAR_MASK && scalar->index >= n)
            return FALSE;
    }
    return TRUE;
}

static gboolean run_pass(IrProgram *program, guint pass, guint n)
{
    static void (*const passes[])(IrProgram *) = {ir_fold, ir_prune, ir_share, ir_prune, ir_tidy};
    g_autofree guint *lengths = g_new(guint, program->slots->len + 1);

    for (guint i = 0; i < program->slots->len; i++)
        lengths[i] = n;
    if (pass == 0)
        return ir_settle_sets(program, lengths, NULL);
    passes[pass - 1](program);
    return TRUE;
}

static void check_passes(IrProgram *program, guint n)
{
    g_autoptr(GArray) before = verdicts(program, n);

    for (guint pass = 0; before && pass <= 5; pass++) {
        g_autoptr(GArray) after = NULL;

        if (!run_pass(program, pass, n))
            return;
        assert_holds(ir_check(program));
        after = verdicts(program, n);
        g_assert_nonnull(after);
        g_assert_cmpmem(before->data, before->len * sizeof(guint), after->data,
                        after->len * sizeof(guint));
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(IrProgram) program = ir_program_parse(text, &error);

    g_assert_cmpint(program == NULL, ==, error != NULL);
    if (!program)
        return 0;
    assert_holds(ir_check(program));
    check_text(program);
    if (ir_program_size(program) <= STEPS && has_elements(program, 1 + size % 3))
        check_passes(program, 1 + size % 3);
    return 0;
}
