/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/ir.h"

/*
 * Purpose: what is known of a frame at one place of a program, and what that says about a test.
 * Owner: the caller; a Known is a value with borrowed tests, to be copied freely.
 * Does not: guess. MAYBE is always a right answer.
 */

typedef enum { KNOWN_FALSE, KNOWN_TRUE, KNOWN_MAYBE } KnownAnswer;

typedef struct Known Known;
struct Known {
    const Known *outer; /* what was known before; NULL at the start of a layer */
    IrTest test;        /* and now that this test holds */
    gboolean is_around; /* it stands around, or before in the same step; else it follows from a
                           step before that was not taken */
};

/* `known` may be NULL: nothing. With `only_around`, knowledge from steps before does not count. */
KnownAnswer known_ask(const Known *known, const IrTest *test, gboolean only_around);

/* All of `bits` of `has` are known to be set by what stands around. */
gboolean known_has(const Known *known, guint bits);
