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

#define MAP_GROWING(name, kind, entries, key_octets)                                               \
    struct {                                                                                       \
        __uint(type, kind);                                                                        \
        __uint(max_entries, entries);                                                              \
        __uint(map_flags, BPF_F_NO_PREALLOC);                                                      \
        __uint(key_size, key_octets);                                                              \
        __uint(value_size, 1);                                                                     \
    } name SEC(".maps")

MAP(near_ports, BPF_MAP_TYPE_ARRAY, NEAR_PORTS, __u32, __u32); /* ifindex -> slot + 1, or 0 */
MAP(ports, BPF_MAP_TYPE_HASH, 16, __u32, __u32);               /* likewise, from NEAR_PORTS on */
MAP(rows, BPF_MAP_TYPE_ARRAY, 16, __u32, struct row);
MAP(counters, BPF_MAP_TYPE_PERCPU_ARRAY, 4096, __u32, __u64);
MAP(scratches, BPF_MAP_TYPE_PERCPU_ARRAY, 1, __u32, struct scratch);
MAP(drop_rates, BPF_MAP_TYPE_ARRAY, 16, __u32, struct drop_rate); /* by slot */
MAP(programs, BPF_MAP_TYPE_PROG_ARRAY, 64, __u32, __u32);
MAP(shapes, BPF_MAP_TYPE_ARRAY, 64, __u32, struct shape_mark); /* beside programs */
MAP_GROWING(sets, BPF_MAP_TYPE_HASH, 65536, SET_KEY_SIZE(SET_SMALL_WORDS));
MAP_GROWING(large_sets, BPF_MAP_TYPE_HASH, 65536, SET_KEY_SIZE(SET_LARGE_WORDS));
MAP_GROWING(prefixes, BPF_MAP_TYPE_LPM_TRIE, 65536, PREFIX_KEY_SIZE(SET_SMALL_WORDS));
MAP_GROWING(large_prefixes, BPF_MAP_TYPE_LPM_TRIE, 65536, PREFIX_KEY_SIZE(SET_LARGE_WORDS));

MAP(flow_counts, BPF_MAP_TYPE_HASH, 16, __u32, __u32); /* port -> entries it has in flows */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct flow_key);
    __type(value, struct flow_entry);
} flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct connection_key);
    __type(value, __u32);
} connections SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} drops SEC(".maps");
