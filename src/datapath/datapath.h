/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/error.h"
#include "datapath/shape.h"

/*
 * Purpose: the filters of a host's ports in the kernel: bind, change, attach, count.
 * Owner: datapath_close, which changes nothing in the kernel: what is pinned goes on judging, and
 * datapath_open finds it again.
 *
 * A port is a network device, by ifindex. Bound, it has a row in a slot: its shape's programs, its
 * values. Attached, the dispatcher runs on every frame from and to it. An attached port without a
 * row drops everything, so attach first and bind then is safe, and so is the other order.
 *
 * Changing is prepare, one commit step, sweep:
 *   prepare  writes new slots beside the old ones. Nothing is in force; a failure takes it all back
 *   commit   flips one number for each port. A frame sees the old row or the new one, whole
 *   sweep    frees what was replaced, once no frame can still be looking at it
 *
 * Invariants: what a slot holds is never changed while a port points to it, nor before a grace
 * period after that.
 * Does not: keep files, know names of filters or devices, or log. One process at a time.
 */

typedef struct Datapath Datapath;

#define DATAPATH_PINS "/sys/fs/bpf/tapwall"
#define DATAPATH_FLOWS 1024 /* open connections of a port */
#define DATAPATH_PORTS 4096 /* bound at a time, unless told otherwise */

typedef enum {
    DATAPATH_HOOK_ANY,    /* tcx where the kernel has it (6.6 and later), else clsact */
    DATAPATH_HOOK_CLSACT, /* as on older kernels */
} DatapathHook;

typedef struct {
    const char *pins; /* a directory on a bpf file system, made when missing */
    guint ports;      /* of a new one; what is found keeps its sizes */
    guint flows;      /* connections that one port may have open; 0: DATAPATH_FLOWS */
    DatapathHook hook;
} DatapathConfig;

/* What is pinned and not whole is set aside: it goes on judging beside ours, see
 * datapath_drop_older(). Errors: KERNEL; BUSY when another process has it. */
Datapath *datapath_open(const DatapathConfig *config, GError **error);
void datapath_close(Datapath *datapath);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Datapath, datapath_close)

/* What was not whole when it was opened; NULL: all was well. */
const char *datapath_damage(const Datapath *datapath);

/* Pins that someone took away are made again: without them nothing would be found by the next
 * process. Those of hooks are datapath_attach()'s. Errors: KERNEL, BUSY. */
gboolean datapath_restore_pins(Datapath *datapath, guint *n_restored, GError **error);

/* ---- binding ---- */

typedef struct {
    guint ifindex;
    Shape *shape;
    const IrBinding *bindings[2]; /* of shape's programs; PLAN_FROM_VM first */
    guint told[2]; /* frames from the VM that rules of these origins, first to last, drop are told
                      whole; last 0: none; at most 200 */
} DatapathPort;

typedef struct DatapathChange DatapathChange;

/* Errors: LIMIT when there are more ports, programs, counters or set entries than the maps hold. */
DatapathChange *datapath_prepare(Datapath *datapath, const DatapathPort *ports, guint n_ports,
                                 GError **error);

/* Takes the change, whatever becomes of it. It fails only when the kernel refuses what cannot
 * fail; the ports it had not come to are then as before. */
gboolean datapath_commit(DatapathChange *change, GError **error);

/* Takes it back. NULL is allowed. */
void datapath_abandon(DatapathChange *change);

/* The port has no row from now on: attached, it drops everything. */
gboolean datapath_unbind(Datapath *datapath, guint ifindex, GError **error);

/* A port that was found bound has this shape, when TRUE: from then on its counters and drops have
 * names. What its row holds is not compared. */
gboolean datapath_recognize(Datapath *datapath, guint ifindex, Shape *shape);

/* The ports that are bound, in no order. The caller unrefs. */
GArray *datapath_ports(const Datapath *datapath); /* of guint */

/*
 * Sweeping. datapath_retire() gives a number for all that was replaced until now; when
 * datapath_wait_grace() returned after that, datapath_sweep() may free it: at most so many rows at
 * a time (6 microseconds each), and TRUE when none is left. The wait is up to some tens of
 * milliseconds: run it in a worker.
 */
guint64 datapath_retire(Datapath *datapath);
gboolean datapath_wait_grace(GError **error);
gboolean datapath_sweep(Datapath *datapath, guint64 retired, guint most);

/* Forgets connections whose time is over and those of ports that are bound no more. Worth a call
 * every few seconds; until then they take their port's share. */
gboolean datapath_expire_flows(Datapath *datapath, guint *n_expired, GError **error);

/* ---- hooks ---- */

/* Both ways. What is attached already stays. Errors: BUSY when something else is in the place, or
 * our own link that someone took the pin of: it judges until the kernel is done with it. */
gboolean datapath_attach(Datapath *datapath, guint ifindex, GError **error);

/* From then on the port is not filtered. A device that is gone is no error. */
gboolean datapath_detach(Datapath *datapath, guint ifindex, GError **error);

/* Whether both hooks are in their places: someone else may have taken one away. */
gboolean datapath_is_attached(const Datapath *datapath, guint ifindex);

/* Whether frames are judged, by asking the device alone: of tcx a tenth of the work, and it does
 * not see that a pin is gone as long as its link is not. */
gboolean datapath_is_judged(const Datapath *datapath, guint ifindex);

/* The folder of the hooks' pins: names begin with the port's number. On clsact it is empty.
 * Borrowed.
 */
const char *datapath_hook_pins(const Datapath *datapath);

/* Links of a process with another layout, as before an upgrade, judge beside ours: those on ports
 * that are attached here are taken away, and with the last of them all it had. Gives how many are
 * left. */
guint datapath_drop_older(Datapath *datapath);

/* ---- what happened ---- */

/* Frames by verdict: reason r at [r], the rule of origin o at [datapath_origin_counter(o)], whether
 * it passed or dropped them. NULL when the port is not bound. The caller unrefs. */
GArray *datapath_counters(const Datapath *datapath, guint ifindex, guint way); /* of guint64 */
guint datapath_origin_counter(guint origin);

/* The same for both ways in one go, for many ports: into an array of the caller's (guint64), first
 * those of PLAN_FROM_VM, which are *n_from_vm. FALSE when the port is not bound. */
gboolean datapath_counters_both(const Datapath *datapath, guint ifindex, GArray *counters,
                                guint *n_from_vm);

/* Between these two, counters of many ports are read in a tenth of the time; each is as it was some
 * moment since the first. Nothing else may be done to the ports meanwhile. */
void datapath_counters_hold(const Datapath *datapath);
void datapath_counters_let_go(const Datapath *datapath);

/* The word of a verdict that is no rule's: an IrReason's, or one that only the kernel gives
 * ("no-row", "flow-quota", ...); counters below datapath_origin_counter(0) have these. */
const char *datapath_reason_format(guint reason);

/* Connections that the port has open, those among them that only their time ends. */
guint datapath_flows(const Datapath *datapath, guint ifindex);

/* Frames dropped because their port has no row. */
guint64 datapath_strays(const Datapath *datapath);

typedef struct {
    guint64 time; /* CLOCK_MONOTONIC, ns */
    guint ifindex, way;
    IrReason reason;
    guint origin;       /* REASON_RULE */
    const Shape *shape; /* whose origin it is; NULL when it is not known any more */
    guint suppressed;   /* drops of this port since its last event that were not told */
    guint length;
    guint16 tag_type, tag_tci; /* beside the frame; type 0: none */
    const guint8 *sample;
    gsize sample_length;
} DatapathDrop;

typedef void (*DatapathDropFunc)(const DatapathDrop *drop, gpointer data);

/* Becomes readable when there are drops to tell. Borrowed. */
int datapath_drops_fd(const Datapath *datapath);

/* Tells all there are. */
gboolean datapath_drops_read(Datapath *datapath, DatapathDropFunc tell, gpointer data,
                             GError **error);

/* ---- frames told whole ---- */

/* Up to 32 a second of each port and way. More are not told. */
typedef struct {
    guint64 time; /* CLOCK_MONOTONIC, ns */
    guint ifindex, way;
    gboolean is_dropped;       /* see DatapathPort; else it passed: shape_new_telling() */
    guint16 tag_type, tag_tci; /* beside the frame; type 0: none */
    guint length;
    const guint8 *octets;
    gsize n_octets; /* 2,048 at most: the beginning of a longer frame */
} DatapathFrame;

typedef void (*DatapathFrameFunc)(const DatapathFrame *frame, gpointer data);

/* As those of drops, but some at a time. What was told while no process read is told to the next
 * one. */
int datapath_frames_fd(const Datapath *datapath);
gboolean datapath_frames_read(Datapath *datapath, DatapathFrameFunc tell, gpointer data,
                              GError **error);

/* An untagged frame, whole, comes from the port's VM once more and is judged by what is in force
 * now. The device is one of the caller's network namespace. */
gboolean datapath_replay(Datapath *datapath, guint ifindex, const guint8 *octets, gsize length,
                         GError **error);
