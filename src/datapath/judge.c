/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/judge.h"

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <unistd.h>

#include "datapath/shape-private.h"

#define BUCKETS (1 << 17) /* of both slots */
#define LOOPBACK 1        /* the device that test runs are on unless told otherwise */
#define FLOWS 65536       /* that frames of one judge may begin */

/* One port, two slots taken in turns. */
struct Judge {
    Kernel *kernel;
    guint slot;
    Shape *shape;
    GArray *entries; /* SetEntry of the shape now bound */
};

Judge *judge_new(GError **error)
{
    const KernelSizes sizes = {.ports = 1,
                               .programs = 2,
                               .counters = 1,
                               .buckets = BUCKETS,
                               .entries = 1 << 18,
                               .flows = FLOWS};
    g_autoptr(Kernel) kernel = kernel_load(&sizes, error);
    Judge *judge;

    if (!kernel)
        return NULL;
    judge = g_new0(Judge, 1);
    judge->kernel = g_steal_pointer(&kernel);
    return judge;
}

static void judge_clear(Judge *judge)
{
    if (judge->entries)
        for (guint i = 0; i < judge->entries->len; i++) {
            const SetEntry *entry = &g_array_index(judge->entries, SetEntry, i);
            (void)bpf_map_delete_elem(judge->kernel->maps[entry->map],
                                      &entry->key); /* twice: gone */
        }
    g_clear_pointer(&judge->entries, g_array_unref);
    g_clear_pointer(&judge->shape, shape_unref);
}

void judge_free(Judge *judge)
{
    if (!judge)
        return;
    judge_clear(judge);
    kernel_free(judge->kernel);
    g_free(judge);
}

/* ---- binding ---- */

static gboolean put_entries(Judge *judge, GError **error)
{
    const __u8 present = 1;

    for (guint i = 0; i < judge->entries->len; i++) {
        const SetEntry *entry = &g_array_index(judge->entries, SetEntry, i);

        if (!kernel_put(judge->kernel, entry->map, &entry->key, &present, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_verdict(Judge *judge, guint way, struct row *row, GError **error)
{
    const Verdict *verdict = judge->shape->verdicts[way];
    guint entry = FIRST_SHAPE + way;
    int program = kernel_load_code(judge->kernel, verdict->code, "verdict", error);
    gboolean good =
        program >= 0 && kernel_put(judge->kernel, KERNEL_PROGRAMS, &entry, &program, error);

    if (program >= 0)
        close(program);
    row->way[way].program = entry;
    row->way[way].want = verdict->want;
    row->way[way].flags = shape_flags(judge->shape, way);
    row->way[way].counters = COUNTERS_COMMON;
    return good;
}

/* The slots have a half of the buckets each. */
static gboolean put_words(Judge *judge, const IrBinding *const bindings[N_WAYS], struct row *row,
                          GError **error)
{
    struct row_rest rest = {0};
    PortWords words;
    gboolean good;

    if (!port_words_init(&words, judge->shape, bindings, error))
        return FALSE;
    shape_fill_row(judge->shape, bindings, &words, row, &rest);
    good = (words.buckets->len == 0 ||
            kernel_put_array(judge->kernel, KERNEL_BUCKETS, row->buckets, words.buckets, error)) &&
           kernel_put(judge->kernel, KERNEL_ROW_RESTS, &judge->slot, &rest, error);
    port_words_clear(&words);
    return good;
}

gboolean judge_bind(Judge *judge, Shape *shape, const IrBinding *out, const IrBinding *in,
                    gboolean is_flow_given, GError **error)
{
    const IrBinding *const bindings[N_WAYS] = {out, in};
    const guint port = LOOPBACK, none = 0;
    guint bound;
    struct row row = {.port = port, .flow_quota = FLOWS, .buckets = judge->slot ? 0 : BUCKETS / 2};

    judge_clear(judge);
    judge->shape = shape_ref(shape);
    judge->slot ^= 1;
    bound = judge->slot + 1;
    judge->entries = shape_entries(shape, bindings, judge->slot);
    for (guint way = 0; way < N_WAYS; way++) {
        if (!put_verdict(judge, way, &row, error))
            return FALSE;
        if (is_flow_given)
            row.way[way].flags |= ROW_FLOWS | ROW_FLOW_GIVEN;
    }
    return put_words(judge, bindings, &row, error) && put_entries(judge, error) &&
           kernel_put(judge->kernel, KERNEL_FLOW_COUNTS, &port, &none, error) &&
           kernel_put(judge->kernel, KERNEL_ROWS, &judge->slot, &row, error) &&
           kernel_put(judge->kernel, kernel_port_map(port), &port, &bound, error);
}

/* ---- running ---- */

/* See flow_given() in bpf/datapath.bpf.c. A test frame has little room: limits are told to 16. */
static void flow_to_context(const IrFlow *flow, const IrFlow *unwrapped, struct __sk_buff *context)
{
    const IrFlow *const flows[] = {flow, unwrapped};

    for (guint view = 0; view < G_N_ELEMENTS(flows); view++)
        context->cb[1 + view] = flows[view]->state | (guint) !!flows[view]->reply << 8 |
                                (guint) !!flows[view]->known << 9 |
                                (guint)(flows[view]->over & 0xffff) << 16;
}

static gboolean read_verdict(const struct __sk_buff *context, guint result, IrVerdict *verdict,
                             GError **error)
{
    const guint code = context->cb[0];

    verdict->pass = result == (guint)TC_ACT_UNSPEC;
    verdict->reason = code < LAYOUT_RULES ? (IrReason)code : REASON_RULE;
    verdict->is_unwrapped = !verdict->pass && context->cb[3] != 0;
    verdict->origin = code < LAYOUT_RULES ? 0 : code - LAYOUT_RULES;
    if (code == 0 || code >= LAYOUT_RULES || code < N_REASONS)
        return TRUE;
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_STATE, "the programs gave verdict %u", code);
    return FALSE;
}

gboolean judge_run(Judge *judge, guint way, const Frame *frame, const IrFlow *flow,
                   const IrFlow *unwrapped, IrVerdict *verdict, GError **error)
{
    struct __sk_buff context = {0}, after = {0};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->octets,
                .data_size_in = (guint)frame->length, .ctx_in = &context,
                .ctx_size_in = sizeof context, .ctx_out = &after, .ctx_size_out = sizeof after);
    int result;

    g_assert(frame->tag.type == 0); /* a test run has no place for it */
    if (flow)
        flow_to_context(flow, unwrapped, &context);
    result = bpf_prog_test_run_opts(
        judge->kernel->programs[way == WAY_OUT ? KERNEL_DISPATCH_OUT : KERNEL_DISPATCH_IN], &run);
    if (result != 0)
        return datapath_kernel_error(error, result, "running a frame of %" G_GSIZE_FORMAT " octets",
                                     frame->length);
    return read_verdict(&after, run.retval, verdict, error);
}
