/* SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <string.h>

#include "datapath/asm.h"

static void assert_listing(Assembler *out, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Code) code = assembler_finish(out, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = code_format(code);
    g_assert_cmpstr(text, ==, expected);
}

static void test_instructions(void)
{
    g_autoptr(Assembler) out = assembler_new();

    asm_move(out, BPF_REG_6, BPF_REG_1);
    asm_set(out, BPF_REG_1, 7);
    asm_set(out, BPF_REG_1, G_MAXUINT64);
    asm_set(out, BPF_REG_1, 0x525400000001);
    asm_set(out, BPF_REG_1, 0x80000000);
    asm_map(out, BPF_REG_2, MAP_SETS);
    asm_load(out, BPF_H, BPF_REG_3, BPF_REG_6, 4);
    asm_store(out, BPF_DW, BPF_REG_10, -8, BPF_REG_3);
    asm_store_set(out, BPF_W, BPF_REG_10, -12, 5);
    asm_alu(out, BPF_XOR, BPF_REG_1, BPF_REG_3);
    asm_alu_set(out, BPF_AND, BPF_REG_1, 63);
    asm_network_order(out, BPF_REG_1);
    asm_call(out, BPF_FUNC_map_lookup_elem);
    asm_exit(out);
    assert_listing(out, "    r6 = r1\n"
                        "    r1 = 7\n"
                        "    r1 = -1\n"
                        "    r1 = 0x525400000001\n"
                        "    r1 = 0x80000000\n"
                        "    r2 = map sets\n"
                        "    r3 = *(u16 *)(r6 +4)\n"
                        "    *(u64 *)(r10 -8) = r3\n"
                        "    *(u32 *)(r10 -12) = 5\n"
                        "    r1 ^= r3\n"
                        "    r1 &= 63\n"
                        "    r1 = be64 r1\n"
                        "    call map_lookup_elem\n"
                        "    exit\n");
}

/* Behind an unconditional end nothing is emitted until somebody jumps there. */
static void test_jumps(void)
{
    g_autoptr(Assembler) out = assembler_new();
    guint first = assembler_label(out), unused = assembler_label(out), last = assembler_label(out);

    asm_jump_if_set(out, BPF_JEQ, BPF_REG_1, 0, first);
    assembler_note(out, g_strdup("kept"));
    asm_jump(out, last);
    assembler_note(out, g_strdup("lost"));
    asm_set(out, BPF_REG_0, 1);
    asm_jump(out, unused);
    assembler_place(out, unused);
    asm_map(out, BPF_REG_2, MAP_SETS);
    assembler_place(out, first);
    asm_jump_if(out, BPF_JGT, BPF_REG_1, BPF_REG_2, last);
    asm_set(out, BPF_REG_0, 2);
    assembler_place(out, last);
    asm_exit(out);
    assert_listing(out, "    if r1 == 0 goto L1\n"
                        "    ; kept\n"
                        "    goto L2\n"
                        "L1:\n"
                        "    if r1 > r2 goto L2\n"
                        "    r0 = 2\n"
                        "L2:\n"
                        "    exit\n");
}

/* One instruction too many is an error, told at the end, whatever comes after it. */
static void test_limit(void)
{
    for (guint n = CODE_INSTRUCTIONS_MAX; n <= CODE_INSTRUCTIONS_MAX + 1; n++) {
        g_autoptr(Assembler) out = assembler_new();
        g_autoptr(GError) error = NULL;
        guint end = assembler_label(out);

        asm_jump_if_set(out, BPF_JEQ, BPF_REG_1, 0, end);
        for (guint i = 0; i < n - 2; i++)
            asm_set(out, BPF_REG_0, i);
        assembler_place(out, end);
        asm_exit(out);
        g_autoptr(Code) code = assembler_finish(out, &error);
        if (n == CODE_INSTRUCTIONS_MAX) {
            g_assert_no_error(error);
            g_assert_cmpuint(code->instructions->len, ==, n);
        } else {
            g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
            g_assert_null(code);
        }
    }
}

/* Likewise for what the verifier keeps for later. */
static void test_branches(void)
{
    for (guint n = CODE_BRANCHES_MAX; n <= CODE_BRANCHES_MAX + 1; n++) {
        g_autoptr(Assembler) out = assembler_new();
        g_autoptr(GError) error = NULL;
        guint end = assembler_label(out);

        for (guint i = 0; i < n; i++)
            asm_jump_if_set(out, BPF_JEQ, BPF_REG_1, i, end);
        assembler_place(out, end);
        asm_exit(out);
        g_autoptr(Code) code = assembler_finish(out, &error);
        if (n == CODE_BRANCHES_MAX) {
            g_assert_no_error(error);
        } else {
            g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
            g_assert_nonnull(strstr(error->message, "branches"));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datapath/asm/instructions", test_instructions);
    g_test_add_func("/datapath/asm/jumps", test_jumps);
    g_test_add_func("/datapath/asm/limit", test_limit);
    g_test_add_func("/datapath/asm/branches", test_branches);
    return g_test_run();
}
