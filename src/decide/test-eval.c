/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/build.h"
#include "decide/eval.h"
#include "decide/pass.h"
#include "decide/test-world.h"
#include "decide/text.h"

/* ---- chains, groups, layers, needs ---- */

/* A program's steps, and what it says of a frame of type 0x0806. */
static const struct {
    const char *steps, *verdict;
} cases[] = {
    {"l2\ninet\n", "pass default"},
    {"l2\n  drop x:1\ninet\n", "drop x:1"},
    {"l2\n  accept x:1\n  drop x:2\ninet\n", "pass x:1"},
    {"l2\n  return x:1\n  drop x:2\ninet\n", "pass default"},
    {"l2\n  drop x:1 if eth.type == 0x0800\n  drop x:2 if eth.type == 0x0806\ninet\n", "drop x:2"},
    {"l2\n  chain c\n    return x:1\n    drop x:2\n  drop x:3\ninet\n", "drop x:3"},
    {"l2\n  chain c\n    accept x:1\n  drop x:2\ninet\n", "pass x:1"},
    {"l2\n  chain c\n    accept x:1 if eth.type == 0x0800\n  drop x:2\ninet\n", "drop x:2"},
    {"l2\n  chain c if eth.type == 0x0800\n    accept x:1\n  drop x:2\ninet\n", "drop x:2"},
    {"l2\n  chain c\n    group if eth.type == 0x0806\n      return x:1\n    drop x:2\n  drop x:3\n"
     "inet\n",
     "drop x:3"},
    {"l2\n  group\n    return x:1\n  drop x:2\ninet\n", "pass default"},
    {"l2\n  accept x:1\ninet\n  drop x:2\n", "drop x:2"},
    {"l2\n  accept x:1\ninet\n  return x:2\n  drop x:3\n", "pass x:1"},
    {"l2\n  accept x:1\ninet\n  accept x:2\n", "pass x:2"},
    {"l2\n  drop x:1 if not has arp\ninet\n", "pass default"},
    {"l2\n  drop x:1 if need ip4\n  drop x:2\ninet\n", "drop truncated"},
    {"l2\n  drop x:1 if eth.type == 0x0800 and need ip4\n  drop x:2\ninet\n", "drop x:2"},
    {"l2\n  drop x:1 if has arp-ip and arp.spa in 10.0.0.1 .. 10.0.0.1\ninet\n", "drop x:1"},
    {"l2\n  drop x:1 if has arp-ip and arp.spa not in 10.0.0.1 .. 10.0.0.1\ninet\n",
     "pass default"},
    {"l2\n  drop x:1 if eth.src & ff:00:00:00:00:00 == 52:00:00:00:00:00\ninet\n", "drop x:1"},
    {"l2\ninet\n  drop x:1 if state NEW+INVALID\n", "drop x:1"},
    {"l2\ninet\n  drop x:1 if not state NEW\n", "pass default"},
    {"l2\ninet\n  drop x:1 if reply\n", "pass default"},
};

static const char arp_hex[] = "ffffffffffff5254000000010806"
                              "0001080006040001525400000001 0a000001 000000000000 0a000002";

static void test_cases(void)
{
    g_autoptr(GByteArray) octets = world_octets(arp_hex);
    const Frame frame = {octets->data, octets->len, {0, 0}};
    const IrFlow flow = {.state = STATE_NEW};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat("program x out\n", cases[i].steps, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(IrProgram) program = ir_program_parse(text, &error);
        g_assert_no_error(error);
        g_autoptr(IrBinding) binding = ir_bind_lists(program, NULL, &error);
        IrVerdict verdict =
            ir_decide(program, binding, &frame, ENCAPSULATION_INSPECT, &flow, &flow, NULL, NULL);
        g_autofree char *origin = ir_origin_format(program, verdict.reason, verdict.origin);
        g_autofree char *said = g_strconcat(verdict.pass ? "pass " : "drop ", origin, NULL);

        g_test_message("%s", text);
        g_assert_cmpstr(said, ==, cases[i].verdict);
    }
}

/* ---- inspection ---- */

/* Whatever the filter, inspected never passes what opaque drops. */
static void test_inspect(void)
{
    g_autoptr(GPtrArray) frames = world_frames();
    guint n_flows, n_stricter = 0;
    const IrFlow *flows = world_flows(&n_flows);

    for (guint rule = 0; rule < world_n_rules(); rule++) {
        g_autofree char *text = world_rule(rule, "a");
        g_autoptr(Plan) plan = world_plan((const char *const *)&text, 1);
        g_autoptr(PlanValues) values = world_values(plan, 1);
        g_autoptr(IrProgram) program = ir_build(plan, rule % 2, values, NULL);
        g_autoptr(IrBinding) binding = ir_bind(program, values, NULL);

        for (guint i = 0; i < frames->len; i++) {
            const WorldFrame *row = frames->pdata[i];
            const Frame frame = {row->octets, row->length, {0, 0}};
            const IrFlow *flow = &flows[(rule + i) % n_flows];
            gboolean inspected =
                ir_decide(program, binding, &frame, ENCAPSULATION_INSPECT, flow, flow, NULL, NULL)
                    .pass;
            gboolean opaque =
                ir_decide(program, binding, &frame, ENCAPSULATION_OPAQUE, flow, flow, NULL, NULL)
                    .pass;

            g_assert_true(opaque || !inspected);
            n_stricter += opaque && !inspected;
        }
    }
    g_assert_cmpuint(n_stricter, >, 0);
}

/* ---- limits ---- */

static IrProgram *two_lists(const char *set)
{
    g_autofree char *text =
        g_strdup_printf("program x out\nslot 0 A ip4\nslot 1 B ip4\nset 0 = %s\nl2\n"
                        "  drop x:1 if has ip4 and ip.src,ip.dst in set 0\ninet\n",
                        set);
    g_autoptr(GError) error = NULL;
    IrProgram *program = ir_program_parse(text, &error);

    g_assert_no_error(error);
    return program;
}

static void test_entries_limit(void)
{
    g_autoptr(IrProgram) program = two_lists("32: $A[@0], 32: $B[@1]");
    g_autofree Value *values = g_new0(Value, 1024);
    const IrList good[] = {{values, 256}, {values, 256}}, bad[] = {{values, 257}, {values, 256}};
    g_autoptr(IrBinding) binding = NULL;
    g_autoptr(GError) error = NULL;

    binding = ir_bind_lists(program, good, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(binding->sets[0].n_entries, ==, IR_ENTRIES_MAX);
    g_assert_null(ir_bind_lists(program, bad, &error));
    g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_LIMIT);
}

static void test_unroll_limit(void)
{
    const guint good[] = {IR_UNROLL_MAX, IR_UNROLL_MAX};
    const guint bad[] = {IR_UNROLL_MAX + 1, IR_UNROLL_MAX + 1};
    g_autoptr(IrProgram) first = two_lists("not 32: $A[@0], 32: $B[@0]");
    g_autoptr(IrProgram) second = ir_program_copy(first);
    g_autoptr(GError) error = NULL;

    g_assert_true(ir_settle_sets(first, good, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(ir_program_size(first), ==, IR_UNROLL_MAX);
    g_assert_false(ir_settle_sets(second, bad, &error));
    g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_LIMIT);
}

/* One limit too many. The other way such rules do not exist. */
static void test_build_limits(void)
{
    g_autoptr(GString) limits = g_string_new("<filter name='a' chain='root'>");

    for (guint i = 0; i <= IR_LIMITS_MAX; i++)
        g_string_append_printf(limits,
                               "<rule action='drop' direction='out'><udp connlimit-above='%u' "
                               "dstportstart='%u'/></rule>",
                               i, i);
    g_string_append(limits, "</filter>");
    g_autoptr(Plan) plan = world_plan((const char *const *)&limits->str, 1);
    g_autoptr(GError) error = NULL;

    g_assert_null(ir_build(plan, PLAN_FROM_VM, NULL, &error));
    g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_LIMIT);
    g_assert_true(g_str_has_prefix(error->message, "a:1: more rules with connlimit-above"));
    g_clear_error(&error);
    g_autoptr(IrProgram) other = ir_build(plan, PLAN_TO_VM, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(ir_program_size(other), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/eval/cases", test_cases);
    g_test_add_func("/decide/eval/inspect", test_inspect);
    g_test_add_func("/decide/eval/entries-limit", test_entries_limit);
    g_test_add_func("/decide/eval/unroll-limit", test_unroll_limit);
    g_test_add_func("/decide/eval/build-limits", test_build_limits);
    return g_test_run();
}
