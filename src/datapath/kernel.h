/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/asm.h"
#include "datapath/bpf/layout.h"

/*
 * Purpose: the maps and the unchanging programs of bpf/datapath.bpf.c in the kernel: loaded for
 * oneself, or shared and pinned so that they outlive the process.
 * Owner: kernel_free closes the descriptors; what is pinned, or attached, stays.
 * Invariants: every descriptor is open. The unchanging programs are in the table of programs.
 * Does not: know ports or shapes.
 */

typedef enum {
    KERNEL_NEAR_PORTS,
    KERNEL_PORTS,
    KERNEL_ROWS,
    KERNEL_ROW_RESTS,
    KERNEL_BUCKETS,
    KERNEL_COUNTERS,
    KERNEL_SCRATCHES,
    KERNEL_DROP_RATES,
    KERNEL_PROGRAMS,
    KERNEL_SETS,
    KERNEL_LARGE_SETS,
    KERNEL_PREFIXES,
    KERNEL_LARGE_PREFIXES,
    KERNEL_DROPS,
    KERNEL_FRAMES,
    KERNEL_FLOW_COUNTS,
    KERNEL_FLOWS,
    KERNEL_CONNECTIONS,
    KERNEL_SHAPES,
    N_KERNEL_MAPS
} KernelMap;

typedef enum {
    KERNEL_DISPATCH_OUT,
    KERNEL_DISPATCH_IN,
    KERNEL_UNWRAP,
    KERNEL_DROPPED,
    KERNEL_FLOW,
    KERNEL_FLOW_INSIDE,
    KERNEL_PASSED,
    KERNEL_CLOSED,
    KERNEL_EXPIRE_FLOWS,
    KERNEL_REPLAY,
    N_KERNEL_PROGRAMS
} KernelProgram;

/* How much the maps hold. */
typedef struct {
    guint ports;    /* bound at a time; there are twice as many rows, for changes of all of them */
    guint programs; /* of shapes, two each */
    guint counters; /* chunks of them, at most */
    guint buckets;
    guint entries; /* of all sets together, and again of all prefixes; a quarter for large tuples */
    guint flows;   /* of all ports together */
} KernelSizes;

typedef struct {
    int maps[N_KERNEL_MAPS];
    int programs[N_KERNEL_PROGRAMS];
    KernelSizes sizes;
    char *directory; /* of the pins; NULL when it is the caller's alone */
} Kernel;

/* For the caller alone. Errors: DATAPATH_ERROR_KERNEL. */
Kernel *kernel_load(const KernelSizes *sizes, GError **error);

/*
 * What is pinned below `directory`, loaded and pinned there first when nothing is; the directory
 * then appears whole or not at all. Sizes of what is there already stay. *is_new tells which it
 * was. Errors: also DATAPATH_ERROR_STATE when the pins are not whole.
 */
Kernel *kernel_open(const char *directory, const KernelSizes *sizes, gboolean *is_new,
                    GError **error);
/* The names of all pins, by number; NULL after the last. */
const char *kernel_pin_name(guint number);

/* Pins that someone took away are made again: of all that has a name, or of a map that was made
 * later. Adds to *restored. Errors: KERNEL. */
gboolean kernel_restore_pins(const Kernel *kernel, guint *restored, GError **error);
gboolean kernel_restore_pin(const Kernel *kernel, const char *name, int descriptor, guint *restored,
                            GError **error);

/* A map that is made later is pinned there, in place of what was, if anything is pinned at all.
 * Errors: KERNEL. */
gboolean kernel_pin(const Kernel *kernel, const char *name, int map, GError **error);

/* The descriptor of a map that was pinned so, or -1. Reaching it by its number instead would take
 * the right to administer the whole system. */
int kernel_pinned(const Kernel *kernel, const char *name);

void kernel_free(Kernel *kernel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kernel, kernel_free)

/* Loads a verdict; its descriptor, or -1. A refusal by the verifier has its last words. */
int kernel_load_code(const Kernel *kernel, const Code *code, const char *name, GError **error);

/* Writes one entry of a map. Errors: LIMIT when it is full, KERNEL; both name it. */
gboolean kernel_put(const Kernel *kernel, KernelMap map, gconstpointer key, gconstpointer value,
                    GError **error);

/* Writes entries of an array map, of its values' type, from `first` on. Errors: KERNEL. */
gboolean kernel_put_array(const Kernel *kernel, KernelMap map, guint first, const GArray *values,
                          GError **error);

/* The map that a port is bound in. */
KernelMap kernel_port_map(guint ifindex);

guint kernel_cpus(void);
