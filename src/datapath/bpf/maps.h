/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#pragma once

#include "datapath/bpf/layout.h"

/*
 * The maps. Sizes are those of tests and `tapwall explain`; the loader sets real ones. Maps that a
 * bind grows are not preallocated: their memory is what is used.
 */

#define MAP(name, kind, entries, key_type, value_type)                                             \
    struct {                                                                                       \
        __uint(type, kind);                                                                        \
        __uint(max_entries, entries);                                                              \
        __type(key, key_type);                                                                     \
        __type(value, value_type);                                                                 \
    } name SEC(".maps")

#define MAP_GROWING(name, kind, entries, key_octets, value_octets)                                 \
    struct {                                                                                       \
        __uint(type, kind);                                                                        \
        __uint(max_entries, entries);                                                              \
        __uint(map_flags, BPF_F_NO_PREALLOC);                                                      \
        __uint(key_size, key_octets);                                                              \
        __uint(value_size, value_octets);                                                          \
    } name SEC(".maps")

MAP(near_ports, BPF_MAP_TYPE_ARRAY, NEAR_PORTS, __u32, __u32); /* ifindex -> slot + 1, or 0 */
MAP(rows, BPF_MAP_TYPE_ARRAY, 16, __u32, struct row);
MAP(buckets, BPF_MAP_TYPE_ARRAY, 65536, __u32, struct bucket);
MAP(scratches, BPF_MAP_TYPE_PERCPU_ARRAY, 1, __u32, struct scratch);
MAP(drop_rates, BPF_MAP_TYPE_ARRAY, 16, __u32, struct drop_rate); /* by slot */
MAP(programs, BPF_MAP_TYPE_PROG_ARRAY, 64, __u32, __u32);
MAP(shapes, BPF_MAP_TYPE_ARRAY, 64, __u32, struct shape_mark); /* beside programs */
MAP_GROWING(sets, BPF_MAP_TYPE_HASH, 65536, SET_KEY_SIZE(SET_SMALL_WORDS), 1);
MAP_GROWING(large_sets, BPF_MAP_TYPE_HASH, 65536, SET_KEY_SIZE(SET_LARGE_WORDS), 1);
MAP_GROWING(prefixes, BPF_MAP_TYPE_LPM_TRIE, 65536, PREFIX_KEY_SIZE(SET_SMALL_WORDS), 1);
MAP_GROWING(large_prefixes, BPF_MAP_TYPE_LPM_TRIE, 65536, PREFIX_KEY_SIZE(SET_LARGE_WORDS), 1);

/* As near_ports, from NEAR_PORTS on. */
MAP_GROWING(ports, BPF_MAP_TYPE_HASH, 16, sizeof(__u32), sizeof(__u32));

MAP_GROWING(row_rests, BPF_MAP_TYPE_HASH, 16, sizeof(__u32), sizeof(struct row_rest)); /* by slot */

/* port -> entries it has in flows */
MAP_GROWING(flow_counts, BPF_MAP_TYPE_HASH, 16, sizeof(__u32), sizeof(__u32));

MAP_GROWING(flows, BPF_MAP_TYPE_HASH, 65536, sizeof(struct flow_key), sizeof(struct flow_entry));
MAP_GROWING(connections, BPF_MAP_TYPE_HASH, 65536, sizeof(struct connection_key), sizeof(__u32));

struct counter_chunk {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, COUNTERS_CHUNK / COUNTERS_BLOCK);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct counter_block));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct counter_chunk);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} drops SEC(".maps");

/* Of their own, so that no flood of drops keeps them away. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1024 * 1024);
} frames SEC(".maps");
