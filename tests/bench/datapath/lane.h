/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/datapath.h"
#include "kernel/stock.h"

/*
 * Purpose: a bridge with many ports in namespaces of its own, and what can be put at its ports:
 * nothing, empty programs, our filters. Port n (from 1) is the device pn; a guest behind it would
 * have the MAC 52:54:00:00:hh:hh of n, and 10.0.hh.hh.
 * Owner: lane_close. One at a time.
 */

#define LANE_PORTS 1001    /* a bridge takes 1,023 */
#define LANE_CAPACITY 4000 /* of the data path */

/* Once a process: enters the namespaces. `stock`, `own`: folders of filters. */
void lane_open(const char *stock, const char *own);
void lane_close(void);

Datapath *lane_datapath(void);
const char *lane_pins(void);
guint lane_ifindex(guint port);

/* ---- frames ---- */

/* Frames come in at port 1 as from a guest, and go out at port 2, or at `receivers` ports. */
typedef struct {
    GByteArray *octets;
    guint repeat;    /* in one run */
    guint batch;     /* at a time */
    guint receivers; /* each gets every frame */
} Lane;

/* Gives the CPU time of a frame in ns; ends when not all frames were delivered. */
double lane_run(const Lane *lane, const char *name);

/* ---- what is at the ports ---- */

/* A filter for a port, whose list IP has so many addresses. */
void lane_bound_init(Bound *bound, const char *filter, guint port, guint n_addresses);

/* Binds without attaching, in one change. Gives the seconds of preparing and of the switch. */
void lane_bind(const DatapathPort *ports, guint n, double *prepare, double *commit);

/* Binds a filter at ports from `first` to `last`, each with its own values, and attaches. */
void lane_filter(const char *filter, guint first, guint last, guint n_addresses);
void lane_unfilter(guint first, guint last);

/* Empty programs at both hooks. */
void lane_occupy(guint first, guint last);
void lane_vacate(guint first, guint last);

/* Frees what was replaced. */
void lane_sweep(void);

double lane_seconds(void);
