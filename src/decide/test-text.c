/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decide/text.h"

#define HEAD "program x out\nslot 0 IP ip4\nslot 1 IP ip6\nslot 2 M mac\nset 0 = 32: $IP#0[@0]\n"

/* Everything the form has, printed as it was read. */
static const char *const programs[] = {
    "program x out\nl2\ninet\n",
    "program \"a b\\n\" in\nl2\ninet\n",
    HEAD "l2\n  drop x:1 if eth.src == $M[0]\ninet\n",
    HEAD "l2\n  drop x:1 if has ip4 and ip.src in set 0\ninet\n",
    HEAD "l2\n  drop x:1 if has ip4 and ip.src == $IP#0[3]\n"
         "  accept x:2 if has ip6 and ip6.src == $IP#1[0]\ninet\n",
    HEAD "l2\n  drop x:1 if has ip4 and ip.src not in low(0) .. high(0)\ninet\n",
    "program x out\nslot 0 A ip4\nslot 1 B ip4mask\nslot 2 P number\n"
    "set 0 = not 32: $A[@0] & $B[@1], 16: $P[@0] .. 90\n"
    "l2\n  drop x:1 if has ports and has ip4 and ip.src,sport in set 0\ninet\n",
    "program x out\nslot 0 B ip4mask\n"
    "l2\n  drop x:1 if has ip4 and ip.src & mask($B[0]) == 10.0.0.0\ninet\n",
    "program x in\norigin x:7 \"why \\\"not\\\"\"\nl2\n  drop x:7\ninet\n",
    "program x in\nlimit 0 above 5 \"has inet4\"\nl2\ninet\n  drop x:7 if has inet4 and over 0\n",
    "program x in\nl2\n  chain a\n    group if eth.type == 0x0806\n      return x:1\n"
    "    drop x:2\n  drop !refused if has refused\ninet\n"
    "  accept x:3 if not has later and need inet-l4 and state NEW+RELATED and not reply\n",
    "program x in\nl2\n  drop x:1 if eth.src & ff:ff:ff:00:00:00 != 52:54:00:00:00:00\n"
    "  drop x:2 if has tcp-options and option 2\n  drop x:3 if has tcp and tcp.flags & 0x12 == "
    "0x02\n"
    "  drop x:4 if has ip6 and ip6.dst & ff00:: == ff00::\ninet\n",
};

static void test_same(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(IrProgram) program = ir_program_parse(programs[i], &error);
        g_assert_no_error(error);
        g_autofree char *text = ir_program_format(program);

        g_assert_cmpstr(text, ==, programs[i]);
    }
}

static void test_copy(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(IrProgram) program = ir_program_parse(programs[i], NULL);
        g_autoptr(IrProgram) copy = ir_program_copy(program);
        g_autofree char *text = ir_program_format(copy);

        g_assert_cmpstr(text, ==, programs[i]);
        g_assert_cmpuint(ir_program_size(copy), ==, ir_program_size(program));
    }
}

static const struct {
    const char *text, *message;
} broken[] = {
    {"", "line 0: expected l2"},
    {"program x\n", "line 1: expected  out"},
    {"program x out\nl3\n", "line 2: expected slot, set, limit, origin or l2"},
    {"program x out\nslot 0 A what\n", "line 2: expected a type"},
    {"program x out\nset 1 = 32: 10.0.0.1\n", "line 2: expected sets in order"},
    {"program x out\nset 0 = 32: $A[@0]\n", "line 2: expected the name of a slot"},
    {"program x out\nl2\n drop x:1\n", "line 3: expected a step of fitting indent"},
    {"program x out\nl2\n    drop x:1\n", "line 3: expected a step of fitting indent"},
    {"program x out\nl2\n  drop x:1\n    drop x:2\n", "line 4: expected a step of fitting indent"},
    {"program x out\nl2\n  jump x:1\n", "line 3: expected accept, drop, return, chain or group"},
    {"program x out\nl2\n  drop x\n", "line 3: expected :"},
    {"program x out\nl2\n  drop !because\n", "line 3: expected a reason"},
    {"program x out\nl2\n  drop x:1 if\n", "line 3: expected the end of the line"},
    {"program x out\nl2\n  drop x:1 if has what\n", "line 3: expected a word for a fact"},
    {"program x out\nl2\n  drop x:1 if eth.what == 1\n", "line 3: expected a field"},
    {"program x out\nl2\n  drop x:1 if eth.type == 65536\n",
     "line 3: expected a value within the field"},
    {"program x out\nl2\n  drop x:1 if eth.src == 1.2.3\n",
     "line 3: expected a value of the field"},
    {"program x out\nl2\n  drop x:1 if not eth.type == 1\n",
     "line 3: expected has, option, state, reply or over"},
    {"program x out\nl2\n  drop x:1 if has vlan and vlan.id in set 0\n",
     "line 3: expected the number of a set"},
    {"program x out\nl2\n  drop \"x\n", "line 3: expected a closing quote"},
    /* what reads well and makes no sense */
    {"program x out\nslot 0 A ip4\nset 0 = 16: $A[@0]\nl2\n",
     "a set with a column that is none: its tables"},
    {"program x out\nslot 0 A ip4\nl2\n  drop x:1 if eth.src == $A[0]\n",
     "a scalar of no slot or set, or of another type: its tables"},
    {"program x out\nl2\n  drop x:1 if ip.src == 10.0.0.1\n",
     "a field is read that nothing vouches for: drop x:1 if ip.src == 10.0.0.1"},
    {"program x out\nl2\n  drop x:1 if state NEW\n",
     "connection state outside the inet layer: drop x:1 if state NEW"},
    {"program x out\nl2\n  chain c\n", "a chain or group of nothing: chain c"},
    {"program x out\nl2\n  drop x:1 if eth.type & 0x00ff == 0x0100\n",
     "a test that makes no sense: drop x:1 if eth.type & 0x00ff == 0x0100"},
    {"program x out\nl2\ninet\n  drop x:1 if over 0\n",
     "a test that makes no sense: drop x:1 if over 0"},
};

static void test_broken(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(ir_program_parse(broken[i].text, &error));
        g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_TEXT);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, broken[i].message));
    }
}

static void test_limits(void)
{
    g_autoptr(GString) deep = g_string_new("program x out\nl2\n");
    g_autofree char *long_text = g_strnfill(IR_TEXT_MAX + 1, 'x');
    g_autoptr(GError) error = NULL;

    for (guint depth = 1; depth <= IR_DEPTH_MAX + 1; depth++)
        g_string_append_printf(deep, "%*schain c\n", (int)(2 * depth), "");
    g_assert_null(ir_program_parse(deep->str, &error));
    g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_TEXT);
    g_clear_error(&error);
    g_assert_null(ir_program_parse(long_text, &error));
    g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_LIMIT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/text/same", test_same);
    g_test_add_func("/decide/text/copy", test_copy);
    g_test_add_func("/decide/text/broken", test_broken);
    g_test_add_func("/decide/text/limits", test_limits);
    return g_test_run();
}
