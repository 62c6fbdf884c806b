/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters, ports and frames at random, judged by the reference on the programs as they are built,
 * and by the data path as the kernel runs it, after all passes: the same verdict, by the same rule
 * or reason. What compiles, the kernel must load. Needs root.
 * Input: see draw.h; its first octet says how, then come the filter, the lists, and the frames.
 */
#include <stdio.h>

#include "datapath/judge.h"
#include "decide/build.h"
#include "decide/flow.h"
#include "decide/pass.h"
#include "draw.h"

#define FRAMES 12
#define KEPT                                                                                       \
    0x7c /* of the first octet: flows are kept, which few inputs ask for: it takes its time */

typedef struct {
    IrProgram *programs[PLAN_N_TREES]; /* as built */
    IrBinding *bindings[PLAN_N_TREES], *optimized[PLAN_N_TREES];
    Shape *shape;
    Encapsulation encapsulation;
    FlowTable *flows; /* NULL: the state comes with each frame */
    guint64 touched;  /* limits that the frame came to */
} Port;

static void port_clear(Port *port)
{
    for (guint way = 0; way < PLAN_N_TREES; way++) {
        ir_program_free(port->programs[way]);
        ir_binding_free(port->bindings[way]);
        ir_binding_free(port->optimized[way]);
    }
    shape_unref(port->shape);
    flow_table_free(port->flows);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Port, port_clear)

/* FALSE for what is larger than a limit. */
static gboolean port_init(Port *port, const Plan *plan, const PlanValues *values)
{
    g_autoptr(IrProgram) out = ir_build_optimized(plan, PLAN_FROM_VM, values, NULL);
    g_autoptr(IrProgram) in = ir_build_optimized(plan, PLAN_TO_VM, values, NULL);

    for (guint way = 0; way < PLAN_N_TREES; way++) {
        port->programs[way] = ir_build(plan, way, values, NULL);
        if (port->programs[way])
            port->bindings[way] = ir_bind(port->programs[way], values, NULL);
    }
    if (!out || !in || !port->bindings[0] || !port->bindings[1] ||
        !(port->shape = shape_new(out, in, port->encapsulation, NULL)))
        return FALSE;
    for (guint way = 0; way < PLAN_N_TREES; way++)
        port->optimized[way] = ir_bind(shape_program(port->shape, way), values, NULL);
    return port->optimized[0] && port->optimized[1];
}

/* BPF_PROG_TEST_RUN refuses an IP frame without its IP header. */
static gboolean can_run(const GByteArray *frame)
{
    guint type = (guint)frame->data[12] << 8 | frame->data[13];
    gsize header = type == FACTS_ETH_IP4 ? 20 : type == FACTS_ETH_IP6 ? 40 : 0;

    return frame->len >= 14 + header;
}

static void note_limits(const IrStep *step, guint failed, gpointer data)
{
    Port *port = data;

    for (guint i = 0; i < step->tests->len && i <= failed; i++)
        if (ir_step_test(step, i)->kind == TEST_OVER)
            port->touched |= 1ull << ir_step_test(step, i)->limit;
}

static IrVerdict reference(Port *port, guint way, const Frame *frame, IrFlow flow, IrFlow carried)
{
    const IrProgram *program = port->programs[way];
    const IrBinding *binding = port->bindings[way];
    struct facts facts, inner;
    IrVerdict verdict;

    frame_parse(frame, FACTS_WANT_ALL, &facts);
    frame_unwrap(frame, FACTS_WANT_ALL, &inner);
    if (port->flows) {
        flow = flow_table_look(port->flows, frame, &facts, program, binding);
        carried = flow_table_look(port->flows, frame, &inner, program, binding);
    }
    port->touched = 0;
    verdict =
        ir_decide(program, binding, frame, port->encapsulation, &flow, &carried, note_limits, port);
    if (port->flows)
        flow_table_note(port->flows, frame, &facts, &flow, verdict.pass, port->touched);
    return verdict;
}

static void print_case(const Plan *plan, const Port *port, guint way, const GByteArray *octets)
{
    g_autofree char *text = plan_format(plan, NULL);

    fprintf(stderr, "%s%s %s, flows %s\n", text, way == PLAN_FROM_VM ? "out" : "in",
            port->encapsulation == ENCAPSULATION_INSPECT ? "inspect" : "opaque",
            port->flows ? "kept" : "given");
    for (guint i = 0; i < octets->len; i++)
        fprintf(stderr, "%02x", octets->data[i]);
    fputc('\n', stderr);
}

static void check_frame(Judge *judge, const Plan *plan, Port *port, Draw *draw)
{
    const guint way = draw_below(draw, PLAN_N_TREES);
    const IrFlow flow = draw_flow(draw), carried = draw_flow(draw);
    g_autoptr(GByteArray) octets = draw_frame(draw);
    const Frame frame = {octets->data, octets->len, {0, 0}};
    g_autoptr(GError) error = NULL;
    IrVerdict expected, found;

    if (!can_run(octets))
        return;
    expected = reference(port, way, &frame, flow, carried);
    judge_run(judge, way, &frame, port->flows ? NULL : &flow, port->flows ? NULL : &carried, &found,
              &error);
    g_assert_no_error(error);
    g_autofree char *e = ir_origin_format(port->programs[way], expected.reason, expected.origin);
    g_autofree char *f =
        ir_origin_format(shape_program(port->shape, way), found.reason, found.origin);
    if (found.pass == expected.pass && found.is_unwrapped == expected.is_unwrapped &&
        g_str_equal(e, f))
        return;
    print_case(plan, port, way, octets);
    g_error("expected %s by %s, found %s by %s", expected.pass ? "pass" : "drop", e,
            found.pass ? "pass" : "drop", f);
}

static void check_port(Judge *judge, const Plan *plan, Port *port, Draw *draw)
{
    g_autoptr(GError) error = NULL;

    judge_bind(judge, port->shape, port->optimized[0], port->optimized[1], !port->flows, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < FRAMES && draw->length > 0; i++)
        check_frame(judge, plan, port, draw);
}

static Judge *judge_make(void)
{
    g_autoptr(GError) error = NULL;
    Judge *judge = judge_new(&error);

    g_assert_no_error(error);
    return judge;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static Judge *common = NULL; /* for those whose flows are given */
    Draw draw = {data, size};
    const guint how = draw_octet(&draw);
    g_auto(Port) port = {.encapsulation = how & 1 ? ENCAPSULATION_OPAQUE : ENCAPSULATION_INSPECT};
    g_autoptr(Plan) plan = draw_plan(&draw);
    g_autoptr(Variables) variables = draw_variables(&draw);
    g_autoptr(PlanValues) values = plan ? plan_bind(plan, variables, NULL) : NULL;

    if (!values || !port_init(&port, plan, values))
        return -1; /* not a filter: of no use to the corpus */
    if ((how & KEPT) != KEPT) {
        common = common ? common : judge_make();
        check_port(common, plan, &port, &draw);
    } else {
        g_autoptr(Judge) own = judge_make(); /* its flows begin with none */

        port.flows = flow_table_new();
        check_port(own, plan, &port, &draw);
    }
    return 0;
}
