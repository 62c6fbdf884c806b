/* SPDX-License-Identifier: Apache-2.0 */
/* What begins a connection and what does not. */
#include "decide/build.h"
#include "decide/flow.h"
#include "decide/test-world.h"

#define ETHER "020000000002 020000000001 86dd"
#define ADDRESSES "fd000000000000000000000000000001 fd000000000000000000000000000002"
#define UDP "04d2 0050 0008 0000"

static const struct {
    const char *name, *hex;
    guint state;
} rows[] = {
    {"udp", ETHER "60000000 0008 11 40" ADDRESSES UDP, STATE_NEW},
    {"no next header", ETHER "60000000 0008 3b 40" ADDRESSES UDP, STATE_INVALID},
    {"options, no next header", ETHER "60000000 0008 3c 40" ADDRESSES "3b00010400000000",
     STATE_INVALID},
    {"of no known protocol", ETHER "60000000 0008 fd 40" ADDRESSES UDP, STATE_NEW},
};

static void test_begin(void)
{
    const char *text = "<filter name='a' chain='root'/>";
    g_autoptr(Plan) plan = world_plan(&text, 1);
    g_autoptr(PlanValues) values = world_values(plan, 0);
    g_autoptr(IrProgram) program = ir_build(plan, PLAN_FROM_VM, values, NULL);
    g_autoptr(IrBinding) binding = ir_bind(program, values, NULL);
    g_autoptr(FlowTable) table = flow_table_new();

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) octets = world_octets(rows[i].hex);
        const Frame frame = {octets->data, octets->len, {0, 0}};
        struct facts facts;

        g_test_message("%s", rows[i].name);
        frame_parse(&frame, FACTS_WANT_ALL, &facts);
        g_assert_cmpuint(flow_table_look(table, &frame, &facts, program, binding).state, ==,
                         rows[i].state);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/flow/begin", test_begin);
    return g_test_run();
}
