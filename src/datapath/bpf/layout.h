/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
#pragma once

#include "decide/facts.h"

/*
 * What the programs in the kernel and the process outside share: the layout of maps and events.
 *
 * A change here is another format: LAYOUT_VERSION is part of the path of the pins, so that a newer
 * process never reads older maps.
 */

#define LAYOUT_VERSION 4

/* ---- the table of programs ---- */

/* Slots of the program array. What the rows name begins at FIRST_SHAPE. */
enum layout_program {
    PROGRAM_NONE,    /* always empty: a row without a shape names it and its frames are dropped */
    PROGRAM_UNWRAP,  /* judge what a wrapped frame carries */
    PROGRAM_DROPPED, /* count and report a drop */
    PROGRAM_FLOW,    /* look a flow up before the frame is judged */
    PROGRAM_PASSED,  /* keep the flow of a frame that passed, and count it */
    PROGRAM_FLOW_INSIDE,
    FIRST_SHAPE = 16,
};

/* Places of shapes that the dispatcher's code names. The table has at least these: of one behind
 * its end the verifier before 5.15.64 lets a program read (CVE-2022-2905). */
#define NEAR_SHAPES 8

/* What a program in the table is, for a process that finds it there: the digest of its code and
 * meaning. All zero: none. Nothing in the kernel reads it. */
struct shape_mark {
    __u8 digest[32];
};

/* ---- a port's row ---- */

#define LIMITS_MAX 8 /* connlimit-above rules of one way */

/* Ports with an ifindex below are bound in an array, which is 17 ns faster than the hash of the
 * others. */
#define NEAR_PORTS 65536

/* Of scalars and lists, for both ways together: few are in the row itself, all of more than that
 * in its rest. */
#define ROW_WORDS 8
#define ROW_REST_WORDS 32

enum layout_way { WAY_OUT, WAY_IN, N_WAYS }; /* PLAN_FROM_VM, PLAN_TO_VM */

enum layout_flags {
    ROW_PASS = 1u << 2,  /* its program has no steps: whatever the frame, it passes by default */
    ROW_FLOWS = 1u << 0, /* the program asks for the flow's state */
    ROW_FLOW_GIVEN = 1u << 1, /* tests: the state is in mark and cb, not looked up */
    ROW_LIMITS = 1u << 3,     /* its rest has limits */
    ROW_TELLS = 1u << 4,      /* DHCP that passes is told whole, or does not pass */
};

struct row_way {
    __u32 program;  /* in the table of programs */
    __u32 want;     /* enum facts_want */
    __u16 flags;    /* enum layout_flags */
    __u8 told[2];   /* drops with these verdicts, the first to the last, are told whole; 0: none */
    __u32 counters; /* where this way's counters begin */
};

/* Written whole before anything points to it, and never changed while something does. */
struct row {
    __u32 port; /* ifindex, for events */
    __u32 flow_quota;
    struct row_way way[N_WAYS];
    __u32 shape;      /* its place in the table of shapes */
    __u32 n_counters; /* of both ways, from way[WAY_OUT].counters on */
    __u32 buckets;    /* where those of its lists begin */
    __u32 n_buckets;
    __u64 words[ROW_WORDS];
};

/* What only some filters need of a row, by its slot. Written before the row. */
struct row_rest {
    __u32 n_limits[N_WAYS];
    __u16 limits[N_WAYS][LIMITS_MAX]; /* of connections from one source: "more than" */
    __u64 words[ROW_REST_WORDS];
};

/* ---- a verdict ---- */

/* A verdict's code: below LAYOUT_RULES an IrReason or one of these, else a rule's origin. */
enum layout_verdict {
    VERDICT_DEFAULT = 1, /* REASON_DEFAULT */
    VERDICT_NO_ROW = 6,  /* an attached port that nothing is bound to */
    VERDICT_NO_PROGRAM,  /* its row names no program, or the call failed */
    VERDICT_FLOW_QUOTA,  /* the port's share of the flow table is used up */
    VERDICT_FLOW_TABLE,  /* the whole flow table is */
    VERDICT_UNTOLD,      /* DHCP that must be told and could not be */
    LAYOUT_RULES,
};

/* Counters come in blocks, blocks in chunks; chunks are made when they are needed. */
#define COUNTERS_BLOCK_BITS 3
#define COUNTERS_CHUNK_BITS 12
#define COUNTERS_BLOCK (1 << COUNTERS_BLOCK_BITS)
#define COUNTERS_CHUNK (1 << COUNTERS_CHUNK_BITS)

struct counter_block {
    __u64 counts[COUNTERS_BLOCK];
};

/* The counters before the ports' own: by verdict, for frames that have no row. */
#define COUNTERS_COMMON (2 * COUNTERS_BLOCK)

/* ---- connections ---- */

enum flow_kind { FLOW_CONNECTION, FLOW_DATAGRAM };

/* As its first frame has it. Addresses as numbers, as in struct facts; IPv4 in [1]. */
struct flow_key {
    __u32 port;
    __u8 family; /* 4 or 6 */
    __u8 protocol;
    __u8 kind;
    __u8 zero;
    __u64 source[2], target[2];
    __u16 source_port, target_port; /* of an ICMP query: its identifier; type and code. Of a
                                       DATAGRAM: its identification, high half first */
    __u32 zero2;
};

enum flow_seen {
    FLOW_SEEN_SYN = 1u << 0,
    FLOW_SEEN_FIN = 1u << 1,
    FLOW_SEEN_FIN_BACK = 1u << 2,
    FLOW_SEEN_RST = 1u << 3,
    FLOW_WHOLE = 1u << 4,         /* TCP that began with a SYN before our eyes */
    FLOW_COUNTED_REPLY = 1u << 8, /* << way: that way's limits count its target */
};

struct flow_entry {
    __u64 expires;        /* CLOCK_MONOTONIC, ns */
    __u64 source, target; /* whose it is: the low halves of its key's addresses */
    __u32 touched;        /* limits that count it, of the row in slot `slot`; IN's above OUT's */
    __u32 slot;
    __u32 is_answered;
    __u32 seen; /* enum flow_seen */
};

/* How many connections from a source a limit counts. */
struct connection_key {
    __u32 slot;
    __u32 limit; /* way << 16 | family << 8 | number */
    __u64 source[2];
};

/* ---- while a frame is judged ---- */

/* One for each CPU. tc runs with softirqs off, so that nothing comes between its writers. */
struct scratch {
    struct facts facts;
    __u32 slot;    /* of the port's row: read once, and what all later steps use */
    __u32 way;     /* enum layout_way */
    __u32 view;    /* 0 outermost, 1 unwrapped */
    __u32 verdict; /* of the outermost view, while the other is judged */
    __u32 state;   /* STATE_ of nwfilter/value.h */
    __u32 reply;
    __u64 over;      /* bit i: limit i is exceeded */
    __u32 counters;  /* where the counters of this row and way begin */
    __u32 begun_tcp; /* of the outermost view: what noting its flow needs */
    __u32 begun_state;
    __u32 begun_reply;
    __u64 touched; /* limits whose test was come to */
    __u64 counted; /* limits that count this flow already */
    struct flow_key flow, datagram;
    struct facts quoted;
};

/* ---- sets ---- */

/*
 * Lists of one number of less than 64 bits each are in buckets of their port's: a number is in one
 * of two, which it itself names. A word of the row says where the list's buckets begin (high half)
 * and how many there are, less one (low half); they are a power of two.
 */
#define BUCKET_CELLS 4
#define BUCKET_EMPTY (~0ull)
#define BUCKETS_MAX (1u << 24) /* of one list */

struct bucket {
    __u64 cells[BUCKET_CELLS];
};

/* A number, times this: its first bucket is in the upper 24 bits, its second in the next. */
#define BUCKET_FACTOR 0x9e3779b97f4a7c15ull

/* Other tuples are in hashes. Small sets: a tuple of up to two words; large ones: of up to sixteen.
 * Unused words are zero. A column of 128 bits takes two words. */
#define SET_SMALL_WORDS 2
#define SET_LARGE_WORDS 16

struct set_key {
    __u32 slot;
    __u32 set; /* way << 16 | number */
    __u64 words[SET_LARGE_WORDS];
};

/* The same behind a prefix length, the last column's words in network order. */
struct prefix_key {
    __u32 length;
    __u32 slot;
    __u32 set;
    __u32 words[2 * SET_LARGE_WORDS];
};

#define SET_KEY_SIZE(words) (8 + 8 * (words))
#define PREFIX_KEY_SIZE(words) (12 + 8 * (words))

/* ---- drops ---- */

#define DROP_SAMPLE 128           /* octets of the frame */
#define DROP_EVENTS_PER_SECOND 10 /* of each port */

struct drop_event {
    __u64 time; /* CLOCK_MONOTONIC, ns */
    __u32 port;
    __u32 slot;
    __u32 way;
    __u32 verdict;
    __u32 suppressed; /* drops of this port since its last event */
    __u32 length;     /* of the whole frame */
    __u16 tag_type;   /* struct facts_tag */
    __u16 tag_tci;
    __u32 sample_length;
    __u8 sample[DROP_SAMPLE];
};

struct drop_rate {
    __u64 second;
    __u16 count;
    __u8 frames[N_WAYS]; /* told whole */
    __u32 suppressed;
};

/* ---- frames told whole ---- */

#define FRAME_KEPT 2048      /* octets of it, at most */
#define FRAMES_PER_SECOND 32 /* of each port and way */

struct frame_event {
    __u64 time; /* CLOCK_MONOTONIC, ns */
    __u32 port;
    __u32 way;
    __u32 is_dropped;
    __u32 length; /* of the whole frame */
    __u16 tag_type;
    __u16 tag_tci;
    __u32 kept;
    __u8 frame[FRAME_KEPT];
};
