/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/space.h"

/*
 * Purpose: octets that the parser reads as given facts: the way back from facts to a frame.
 * Does not: fill checksums; nobody on the way looks at them.
 */

/* A frame of these facts; `wrapped`: its outermost view, or NULL. The caller unrefs. */
GByteArray *frame_compose(const struct facts *inside, const struct facts *wrapped);
