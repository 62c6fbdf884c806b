/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/op.h"

/* Reads a VM's live definition again after devices left it, drops what its metadata still says
 * about them, and answers the op, which it takes, with {}. */
void refresh_push(Op *op);
