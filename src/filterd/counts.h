/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/port.h"

/*
 * Purpose: how many frames of a port passed and were dropped, out of the counters of its rules. The
 * counters begin anew with each change; the port keeps what they said before.
 */

/* Which origins of a program drop; the others let frames pass. The caller frees. */
gboolean *counts_drops(const IrProgram *program);

/* What the port kept, and what was counted since. Frames that a rule of an unknown shape decided
 * count as dropped. */
FilterdFrames counts_read(const Datapath *datapath, const Port *port);

/* Before its row goes. */
void counts_keep(const Datapath *datapath, Port *port);
