/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/span.h"

typedef struct {
    guint start, length;
} Span;

struct Spans {
    GArray *open; /* Span: what is free, in order, never touching one another */
};

Spans *spans_new(guint first, guint size)
{
    Spans *spans = g_new(Spans, 1);
    const Span all = {first, size};

    spans->open = g_array_new(FALSE, FALSE, sizeof(Span));
    g_array_append_val(spans->open, all);
    return spans;
}

void spans_free(Spans *spans)
{
    if (!spans)
        return;
    g_array_unref(spans->open);
    g_free(spans);
}

static Span *span_get(Spans *spans, guint i)
{
    return &g_array_index(spans->open, Span, i);
}

gboolean spans_take(Spans *spans, guint length, guint *start)
{
    for (guint i = 0; i < spans->open->len; i++) {
        Span *span = span_get(spans, i);

        if (span->length < length)
            continue;
        *start = span->start;
        span->start += length;
        span->length -= length;
        if (span->length == 0)
            g_array_remove_index(spans->open, i);
        return TRUE;
    }
    return FALSE;
}

gboolean spans_take_at(Spans *spans, guint start, guint length)
{
    if (length == 0)
        return TRUE;
    for (guint i = 0; i < spans->open->len; i++) {
        Span span = *span_get(spans, i);

        if (start < span.start || start - span.start > span.length ||
            span.length - (start - span.start) < length)
            continue;
        g_array_remove_index(spans->open, i);
        if (start + length < span.start + span.length) {
            const Span after = {start + length, span.start + span.length - start - length};
            g_array_insert_val(spans->open, i, after);
        }
        if (start > span.start) {
            const Span before = {span.start, start - span.start};
            g_array_insert_val(spans->open, i, before);
        }
        return TRUE;
    }
    return FALSE;
}

void spans_give_back(Spans *spans, guint start, guint length)
{
    Span span = {start, length};
    guint i = 0;

    while (i < spans->open->len && span_get(spans, i)->start < start)
        i++;
    if (i < spans->open->len && span_get(spans, i)->start == start + length) {
        span.length += span_get(spans, i)->length;
        g_array_remove_index(spans->open, i);
    }
    if (i > 0 && span_get(spans, i - 1)->start + span_get(spans, i - 1)->length == start) {
        span_get(spans, i - 1)->length += span.length;
        return;
    }
    g_array_insert_val(spans->open, i, span);
}
