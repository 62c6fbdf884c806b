/* SPDX-License-Identifier: Apache-2.0 */
/* What the language means where no pass, and no small world, would notice: single frames through
 * programs as they are built. */
#include "decide/build.h"
#include "decide/test-world.h"

#define TO "020000000002"
#define FROM "020000000001"
#define PADDING "0000000000000000000000000000000000000000000000000000000000000000000000000000"

static IrVerdict verdict_of(const char *const *texts, guint n_texts, const char *hex)
{
    g_autoptr(Plan) plan = world_plan(texts, n_texts);
    g_autoptr(PlanValues) values = world_values(plan, 0);
    g_autoptr(GByteArray) octets = world_octets(hex);
    const Frame frame = {octets->data, octets->len, {0, 0}};
    const IrFlow flow = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(IrProgram) program = ir_build(plan, PLAN_FROM_VM, values, &error);
    g_assert_no_error(error);
    g_autoptr(IrBinding) binding = ir_bind(program, values, &error);
    g_assert_no_error(error);

    return ir_decide(program, binding, &frame, ENCAPSULATION_OPAQUE, &flow, &flow, NULL, NULL);
}

/* The root drops all. What a chain has seen to its end does not come back there; what one of its
 * rules returns does. */
static void test_chain_end(void)
{
    const char *texts[] = {
        "<filter name='a' chain='arp'>"
        "<rule action='return' direction='out'><arp opcode='2'/></rule>"
        "</filter>",
        "<filter name='b' chain='root'><rule action='drop' direction='out'/></filter>",
    };
    IrVerdict request =
        verdict_of(texts, G_N_ELEMENTS(texts), TO FROM "0806 0001080006040001" PADDING);
    IrVerdict reply =
        verdict_of(texts, G_N_ELEMENTS(texts), TO FROM "0806 0001080006040002" PADDING);

    g_assert_true(request.pass);
    g_assert_cmpint(request.reason, ==, REASON_DEFAULT);
    g_assert_false(reply.pass);
}

/* A chain of rules that say nothing is a chain all the same. */
static void test_empty_chain(void)
{
    const char *texts[] = {
        "<filter name='a' chain='arp'><rule action='continue' direction='out'/></filter>",
        "<filter name='b' chain='root'><rule action='drop' direction='out'/></filter>",
    };

    g_assert_true(verdict_of(texts, 2, TO FROM "0806 0001080006040001" PADDING).pass);
    g_assert_false(verdict_of(texts, 2, TO FROM "88b5" PADDING).pass);
}

/* Connections that frames to the VM are judged by are noted from its own frames, too: so these are
 * read as far, and dropped where that is not possible. */
static void test_other_way(void)
{
    const char *stateless[] = {"<filter name='a' chain='root'>"
                               "<rule action='drop' direction='inout'><tcp/></rule>"
                               "</filter>"};
    const char *stateful[] = {"<filter name='a' chain='root'>"
                              "<rule action='accept' direction='in'><tcp state='NEW'/></rule>"
                              "<rule action='drop' direction='inout'><tcp/></rule>"
                              "</filter>"};
    g_autoptr(GString) hex = g_string_new(TO FROM "86dd 60000000 00883cff");

    for (guint i = 0; i < 32; i++)
        g_string_append(hex, "fd");
    for (guint i = 0; i < 17; i++)
        g_string_append(hex, "3c00010400000000");
    g_assert_true(verdict_of(stateless, 1, hex->str).pass);
    g_assert_cmpint(verdict_of(stateful, 1, hex->str).reason, ==, REASON_REFUSED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/build/chain-end", test_chain_end);
    g_test_add_func("/decide/build/empty-chain", test_empty_chain);
    g_test_add_func("/decide/build/other-way", test_other_way);
    return g_test_run();
}
