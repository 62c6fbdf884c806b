/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/shape.h"
#include "decide/eval.h"
#include "decide/frame.h"

/*
 * Purpose: the real programs, asked about a frame: on maps of one's own and through
 * BPF_PROG_TEST_RUN, so that no port and no other process notices.
 * Owner: judge_free. Needs the right to load programs.
 * Does not: touch a network device.
 */

typedef struct Judge Judge;

Judge *judge_new(GError **error);
void judge_free(Judge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judge, judge_free)

/* From now on frames are judged by this shape and these values. `is_flow_given`: the state of
 * flows comes with each frame instead of from a flow table. */
gboolean judge_bind(Judge *judge, Shape *shape, const IrBinding *out, const IrBinding *in,
                    gboolean is_flow_given, GError **error);

/*
 * The verdict on a frame that goes `way`. `flow` and `unwrapped`: as ir_decide() takes them; NULL
 * unless the state is given. The kernel's own test refuses what no hook sees: FALSE with
 * DATAPATH_ERROR_KERNEL for a frame shorter than its Ethernet header, or than the IP header that
 * its type announces.
 */
gboolean judge_run(Judge *judge, guint way, const Frame *frame, const IrFlow *flow,
                   const IrFlow *unwrapped, IrVerdict *verdict, GError **error);
