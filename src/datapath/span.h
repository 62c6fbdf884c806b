/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: which parts of a range of numbers are taken: the counters and buckets of the ports.
 * Owner: spans_free.
 */

typedef struct Spans Spans;

Spans *spans_new(guint first, guint size);
void spans_free(Spans *spans);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spans, spans_free)

/* The first place where `length` numbers are free; FALSE when there is none. */
gboolean spans_take(Spans *spans, guint length, guint *start);

/* Takes exactly these; FALSE when one of them is taken. */
gboolean spans_take_at(Spans *spans, guint start, guint length);
void spans_give_back(Spans *spans, guint start, guint length);
