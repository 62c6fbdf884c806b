/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * The frame parser as a tc program that leaves the facts of both views in a map: built for BPF and
 * loaded by parse.c beside it, which compares them with the host's.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FACTS_SOURCE
#include "decide/parse.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, struct facts);
} views SEC(".maps");

struct facts_source {
    struct __sk_buff *skb;
};

static FACTS_INLINE int facts_load(const struct facts_source *frame, __u32 at, void *to,
                                   const __u32 length)
{
    return (int)bpf_skb_load_bytes(frame->skb, at, to, length);
}

SEC("tc")
int parse(struct __sk_buff *skb)
{
    struct facts_source source = {skb};
    struct facts_tag tag = {0};
    __u32 first = 0, second = 1;
    struct facts *outermost = bpf_map_lookup_elem(&views, &first);
    struct facts *unwrapped = bpf_map_lookup_elem(&views, &second);

    if (!outermost || !unwrapped)
        return 0;
    if (skb->vlan_present) {
        tag.type = bpf_ntohs((__u16)skb->vlan_proto);
        tag.tci = (__u16)skb->vlan_tci;
    }
    facts_parse(&source, skb->len, tag, skb->mark, outermost);
    facts_unwrap(&source, skb->len, tag, skb->mark, unwrapped);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
