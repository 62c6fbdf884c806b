/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * The programs that are the same for every filter.
 *
 *     frame ── dispatch ── verdict of the port's shape ─┬─ pass
 *                             ^            │            └─ dropped
 *                             └── unwrap <─┘ a wrapped frame that passed as it looks from outside
 *
 * Each arrow is a tail call. What a frame says and where it stands goes along in a scratch area of
 * the CPU. Every way out that is not a verdict drops.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FACTS_SOURCE
#include "decide/parse.h"

#include "datapath/bpf/maps.h"

struct facts_source {
    struct __sk_buff *skb;
};

/* Copies in the largest pieces there are: from a packet the compiler would go octet by octet, for
 * it cannot know that all machines with KVM read words from anywhere. */
static FACTS_INLINE void copy_words(void *to, const void *from, const __u32 length)
{
    __u32 at = 0;

    for (; at + 8 <= length; at += 8)
        *(__u64 *)(to + at) = *(const __u64 *)(from + at);
    if (length & 4) {
        *(__u32 *)(to + at) = *(const __u32 *)(from + at);
        at += 4;
    }
    if (length & 2)
        *(__u16 *)(to + at) = *(const __u16 *)(from + at);
}

/* Where an untagged frame's headers begin they are in the linear part nearly always, and a call
 * costs more than this. */
static FACTS_INLINE int is_near(__u32 at, const __u32 length)
{
    if (__builtin_constant_p(at))
        return at == 0 && length == FACTS_ETHERNET;
    return at == FACTS_ETHERNET && (length == 8 || length == 20 || length == 40);
}

static FACTS_INLINE int facts_load(const struct facts_source *frame, __u32 at, void *to,
                                   const __u32 length)
{
    if (is_near(at, length)) {
        void *from =
            (void *)(long)frame->skb->data + (length == FACTS_ETHERNET ? 0 : FACTS_ETHERNET);

        if (from + length <= (void *)(long)frame->skb->data_end) {
            copy_words(to, from, length);
            return 0;
        }
    }
    return (int)bpf_skb_load_bytes(frame->skb, at, to, length);
}

#include "datapath/bpf/flow.h"

/* On taps and veths the outermost tag lies beside the frame. */
static FACTS_INLINE struct facts_tag tag_of(const struct __sk_buff *skb)
{
    struct facts_tag tag = {0};

    if (skb->vlan_present) {
        tag.type = bpf_ntohs((__u16)skb->vlan_proto);
        tag.tci = (__u16)skb->vlan_tci;
    }
    return tag;
}

static FACTS_INLINE void count(__u32 counter)
{
    const __u32 chunk = counter / COUNTERS_CHUNK, block = counter % COUNTERS_CHUNK / COUNTERS_BLOCK;
    void *blocks = bpf_map_lookup_elem(&counters, &chunk);
    struct counter_block *found = blocks ? bpf_map_lookup_elem(blocks, &block) : 0;

    if (found)
        found->counts[counter % COUNTERS_BLOCK]++;
}

static FACTS_INLINE int refuse(struct __sk_buff *skb, __u32 verdict)
{
    skb->cb[0] = verdict;
    count(verdict);
    return TC_ACT_SHOT;
}

static FACTS_INLINE struct scratch *scratch_of_cpu(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&scratches, &zero);
}

static FACTS_INLINE int judge(struct __sk_buff *skb, __u32 program)
{
    bpf_tail_call(skb, &programs, program);
    return refuse(skb, VERDICT_NO_PROGRAM);
}

/* A call to a place that is known beforehand: the kernel makes it a jump. */
static FACTS_INLINE int go(struct __sk_buff *skb, const __u32 place)
{
    bpf_tail_call_static(skb, &programs, place);
    return refuse(skb, VERDICT_NO_PROGRAM);
}

/* Shapes take the lowest place that is free, so those that most ports have are in the first ones:
 * these are jumped to: NEAR_SHAPES of them. A call through a register costs 15 ns more where the
 * kernel guards against Spectre. */
#define NEAR_SHAPE(n)                                                                              \
    case n:                                                                                        \
        if (way == WAY_OUT)                                                                        \
            bpf_tail_call_static(skb, &programs, FIRST_SHAPE + N_WAYS * n + WAY_OUT);              \
        else                                                                                       \
            bpf_tail_call_static(skb, &programs, FIRST_SHAPE + N_WAYS * n + WAY_IN);               \
        break

static FACTS_INLINE int judge_near(struct __sk_buff *skb, __u32 program, const __u32 way)
{
    switch ((program - FIRST_SHAPE) / N_WAYS) {
        NEAR_SHAPE(0);
        NEAR_SHAPE(1);
        NEAR_SHAPE(2);
        NEAR_SHAPE(3);
        NEAR_SHAPE(4);
        NEAR_SHAPE(5);
        NEAR_SHAPE(6);
        NEAR_SHAPE(7);
    }
    return judge(skb, program);
}

/* The port's row and, in *slot, where it is. A hash's entry can be taken for another port between
 * finding and reading it, and then gives that port's slot; a row says whose it is, and cannot
 * change while a frame is under way. */
static FACTS_INLINE struct row *row_of_port(__u32 port, __u32 *slot)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        volatile __u32 *bound = port_binding(port);
        struct row *row;

        if (!bound)
            return 0;
        *slot = *bound - 1; /* 0, for none, is beyond all slots then */
        row = bpf_map_lookup_elem(&rows, slot);
        if (row && row->port == port)
            return row;
    }
    return 0;
}

static FACTS_INLINE int dispatch(struct __sk_buff *skb, const __u32 way)
{
    struct scratch *scratch = scratch_of_cpu();
    struct facts_source source = {skb};
    __u32 slot = 0;
    struct row *row = row_of_port(skb->ifindex, &slot);

    if (!row || !scratch)
        return refuse(skb, VERDICT_NO_ROW);
    if (row->way[way].flags & ROW_PASS) {
        skb->cb[0] = VERDICT_DEFAULT;
        count(row->way[way].counters + VERDICT_DEFAULT);
        return TC_ACT_UNSPEC;
    }
    scratch->slot = slot;
    scratch->way = way;
    scratch->view = 0;
    scratch->counters = row->way[way].counters;
    facts_parse(&source, skb->len, tag_of(skb), row->way[way].want, &scratch->facts);
    if (row->way[way].flags & ROW_FLOWS)
        return go(skb, PROGRAM_FLOW);
    return judge_near(skb, row->way[way].program, way);
}

SEC("tc")
int dispatch_out(struct __sk_buff *skb)
{
    return dispatch(skb, WAY_OUT);
}

SEC("tc")
int dispatch_in(struct __sk_buff *skb)
{
    return dispatch(skb, WAY_IN);
}

/* In the places of shapes that are gone. Emptying a place that is jumped to would take the kernel a
 * grace period. */
SEC("tc")
int closed(struct __sk_buff *skb)
{
    return refuse(skb, VERDICT_NO_PROGRAM);
}

/* The state of a view's flow as a test gives it. */
static FACTS_INLINE void flow_given(__u32 given, struct scratch *scratch)
{
    scratch->state = given & 0xff;
    scratch->reply = given >> 8 & 1;
    if ((given >> 9 & 1) && (scratch->facts.has & FACTS_LATER))
        scratch->facts.has |= FACTS_KNOWN;
    scratch->over = given >> 16;
}

SEC("tc")
int unwrap(struct __sk_buff *skb)
{
    struct scratch *scratch = scratch_of_cpu();
    struct facts_source source = {skb};
    struct row *row;
    __u32 slot, way;

    if (!scratch)
        return refuse(skb, VERDICT_NO_ROW);
    slot = scratch->slot;
    way = scratch->way;
    row = bpf_map_lookup_elem(&rows, &slot);
    if (!row || way >= N_WAYS)
        return refuse(skb, VERDICT_NO_ROW);
    scratch->view = 1;
    facts_unwrap(&source, skb->len, tag_of(skb), row->way[way].want, &scratch->facts);
    if (row->way[way].flags & ROW_FLOW_GIVEN)
        flow_given(skb->cb[2], scratch);
    else if (row->way[way].flags & ROW_FLOWS)
        return go(skb, PROGRAM_FLOW_INSIDE);
    return judge(skb, row->way[way].program);
}

/* A second begins for all that is counted in it. */
static FACTS_INLINE void begin_second(struct drop_rate *rate, __u64 now)
{
    __u64 second = now / 1000000000;

    if (rate->second == second)
        return;
    rate->second = second;
    rate->count = 0;
    rate->frames[WAY_OUT] = 0;
    rate->frames[WAY_IN] = 0;
}

static FACTS_INLINE int take_frame_turn(struct drop_rate *rate, __u64 now, const __u32 way)
{
    begin_second(rate, now);
    if (rate->frames[way] >= FRAMES_PER_SECOND)
        return 0;
    rate->frames[way]++;
    return 1;
}

/* TRUE when this drop may be reported. Two CPUs may both say so: a sample more does no harm. */
static FACTS_INLINE int take_turn(__u32 slot, __u64 now, __u32 *suppressed)
{
    struct drop_rate *rate = bpf_map_lookup_elem(&drop_rates, &slot);

    if (!rate)
        return 0;
    begin_second(rate, now);
    if (rate->count >= DROP_EVENTS_PER_SECOND) {
        rate->suppressed++;
        return 0;
    }
    rate->count++;
    *suppressed = rate->suppressed;
    rate->suppressed = 0;
    return 1;
}

static FACTS_INLINE void sample(struct __sk_buff *skb, struct drop_event *event)
{
    struct facts_tag tag = tag_of(skb);
    __u32 length = skb->len;

    event->length = length;
    event->tag_type = tag.type;
    event->tag_tci = tag.tci;
    if (length > DROP_SAMPLE)
        length = DROP_SAMPLE;
    event->sample_length = length;
    /* Never that short; but before 6.8 the verifier learns nothing from "not 0". */
    if (length < FACTS_ETHERNET || bpf_skb_load_bytes(skb, 0, event->sample, length))
        event->sample_length = 0;
}

static FACTS_INLINE void report(struct __sk_buff *skb, const struct row *row, __u32 slot, __u32 way,
                                __u32 verdict)
{
    __u64 now = bpf_ktime_get_ns();
    struct drop_event *event;
    __u32 suppressed;

    if (!take_turn(slot, now, &suppressed))
        return;
    event = bpf_ringbuf_reserve(&drops, sizeof *event, 0);
    if (!event)
        return;
    event->time = now;
    event->port = row->port;
    event->slot = slot;
    event->way = way;
    event->verdict = verdict;
    event->suppressed = suppressed;
    sample(skb, event);
    bpf_ringbuf_submit(event, 0);
}

/* FALSE when it could not be told, or not all of it. */
static FACTS_INLINE int tell_whole(struct __sk_buff *skb, const struct row *row, __u32 slot,
                                   const __u32 way, __u32 is_dropped)
{
    struct drop_rate *rate = bpf_map_lookup_elem(&drop_rates, &slot);
    struct facts_tag tag = tag_of(skb);
    __u64 now = bpf_ktime_get_ns();
    __u32 length = skb->len, kept = length;
    struct frame_event *event;

    if (!rate || !take_frame_turn(rate, now, way))
        return 0;
    event = bpf_ringbuf_reserve(&frames, sizeof *event, 0);
    if (!event)
        return 0;
    event->time = now;
    event->port = row->port;
    event->way = way;
    event->is_dropped = is_dropped;
    event->length = length;
    event->tag_type = tag.type;
    event->tag_tci = tag.tci;
    if (kept > FRAME_KEPT)
        kept = FRAME_KEPT;
    event->kept = kept;
    /* Before 6.8 the verifier does not follow a number that the compiler has moved about: so the
     * compiler is to forget what it knows of it, and asks again. */
    __asm__ volatile("" : "+r"(kept));
    if (kept < FACTS_ETHERNET || kept > FRAME_KEPT ||
        bpf_skb_load_bytes(skb, 0, event->frame, kept)) {
        bpf_ringbuf_discard(event, 0);
        return 0;
    }
    bpf_ringbuf_submit(event, 0);
    return length <= FRAME_KEPT;
}

SEC("tc")
int dropped(struct __sk_buff *skb)
{
    struct scratch *scratch = scratch_of_cpu();
    struct row *row;
    __u32 slot, way;

    if (!scratch)
        return TC_ACT_SHOT;
    slot = scratch->slot;
    way = scratch->way;
    row = bpf_map_lookup_elem(&rows, &slot);
    if (!row || way >= N_WAYS)
        return TC_ACT_SHOT;
    skb->cb[3] = scratch->view; /* for who runs a test */
    count(scratch->counters + scratch->verdict);
    if (scratch->verdict >= row->way[way].told[0] && scratch->verdict <= row->way[way].told[1])
        (void)(way == WAY_OUT ? tell_whole(skb, row, slot, WAY_OUT, 1)
                              : tell_whole(skb, row, slot, WAY_IN, 1)); /* it is dropped anyway */
    report(skb, row, slot, way, scratch->verdict);
    return TC_ACT_SHOT;
}

/* The row that the dispatcher found. */
static FACTS_INLINE struct row *row_of_slot(const struct scratch *scratch, __u32 *way)
{
    __u32 slot = scratch->slot;

    *way = scratch->way;
    return *way < N_WAYS ? bpf_map_lookup_elem(&rows, &slot) : 0;
}

static FACTS_INLINE int flow_step(struct __sk_buff *skb, int is_outermost)
{
    struct scratch *scratch = scratch_of_cpu();
    struct facts_source source = {skb};
    struct row *row;
    __u32 way;

    if (!scratch)
        return refuse(skb, VERDICT_NO_ROW);
    row = row_of_slot(scratch, &way);
    if (!row || way >= N_WAYS)
        return refuse(skb, VERDICT_NO_ROW);
    if (row->way[way].flags & ROW_FLOW_GIVEN) {
        flow_given(skb->cb[1], scratch);
        return judge(skb, row->way[way].program);
    }
    flow_look(&source, skb->len, row, &row->way[way], scratch);
    if (is_outermost)
        flow_remember(row, scratch);
    return judge(skb, row->way[way].program);
}

/* Before a frame is judged by a filter that asks for connections. */
SEC("tc")
int flow(struct __sk_buff *skb)
{
    return flow_step(skb, 1);
}

/* The same for what it carries: looked up without effect. */
SEC("tc")
int flow_inside(struct __sk_buff *skb)
{
    struct scratch *scratch = scratch_of_cpu();
    struct facts_source source = {skb};
    struct flow_key outermost;
    __u64 touched, counted;
    struct row *row;
    __u32 way;

    if (!scratch)
        return refuse(skb, VERDICT_NO_ROW);
    row = row_of_slot(scratch, &way);
    if (!row || way >= N_WAYS)
        return refuse(skb, VERDICT_NO_ROW);
    outermost = scratch->flow;
    touched = scratch->touched;
    counted = scratch->counted;
    flow_look(&source, skb->len, row, &row->way[way], scratch);
    scratch->flow = outermost;
    scratch->touched = touched;
    scratch->counted = counted;
    return judge(skb, row->way[way].program);
}

/* To a DHCP server from the VM, or to a client. */
static FACTS_INLINE int is_dhcp(const struct facts *facts, __u32 way)
{
    return (facts->has & FACTS_IP4) && (facts->has & FACTS_PORTS) && facts->ip_proto == 17 &&
           facts->dport == (way == WAY_OUT ? 67 : 68);
}

/* DHCP gives addresses and takes them back, so what nobody can be told of does not pass: also what
 * is in tags or in pieces, which nobody would read. The others: nothing to do. */
static FACTS_INLINE __u32 tell_dhcp(struct __sk_buff *skb, const struct row *row,
                                    const struct scratch *scratch, __u32 way)
{
    const struct facts *facts = &scratch->facts;

    if (!is_dhcp(facts, way))
        return 0;
    if (scratch->view != 0 || (facts->has & (FACTS_WRAPPED | FACTS_FRAGMENT)))
        return VERDICT_UNTOLD;
    if (way == WAY_OUT ? tell_whole(skb, row, scratch->slot, WAY_OUT, 0)
                       : tell_whole(skb, row, scratch->slot, WAY_IN, 0))
        return 0;
    return VERDICT_UNTOLD;
}

/* After it passed. */
SEC("tc")
int passed(struct __sk_buff *skb)
{
    struct scratch *scratch = scratch_of_cpu();
    struct row *row;
    __u32 way, flags, refused = 0;

    if (!scratch)
        return refuse(skb, VERDICT_NO_ROW);
    row = row_of_slot(scratch, &way);
    if (!row || way >= N_WAYS)
        return refuse(skb, VERDICT_NO_ROW);
    flags = row->way[way].flags;
    if ((flags & (ROW_FLOWS | ROW_FLOW_GIVEN)) == ROW_FLOWS)
        refused = flow_note(row, scratch);
    if (!refused && (flags & ROW_TELLS))
        refused = tell_dhcp(skb, row, scratch, way);
    if (refused) {
        scratch->verdict = refused;
        skb->cb[0] = refused;
        return go(skb, PROGRAM_DROPPED);
    }
    count(scratch->counters + scratch->verdict);
    return TC_ACT_UNSPEC;
}

/* Run by a process on a frame that is to come from the VM once more: cb[0] is the port. */
SEC("tc")
int replay(struct __sk_buff *skb)
{
    return (int)bpf_clone_redirect(skb, skb->cb[0], BPF_F_INGRESS);
}

/* Run by a process from time to time, on no frame. cb[0]: how many went. */
SEC("tc")
int expire_flows(struct __sk_buff *skb)
{
    struct expiry expiry = {.now = bpf_ktime_get_ns()};

    bpf_for_each_map_elem(&flows, expire_one, &expiry, 0);
    skb->cb[0] = expiry.count;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
