/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/datapath.h"

/*
 * Purpose: frees in the data path what was replaced, some time after it was: grace periods are
 * waited for in a worker, one at a time. Also forgets old connections.
 * Owner: sweeper_free, before the data path is closed.
 */

typedef struct Sweeper Sweeper;

Sweeper *sweeper_new(Datapath *datapath);
void sweeper_free(Sweeper *sweeper);

/* Something was replaced. */
void sweeper_want(Sweeper *sweeper);
