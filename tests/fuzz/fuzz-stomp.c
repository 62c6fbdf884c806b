/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "jsonrpc/stomp-parser.h"

/*
 * The STOMP parser: the first byte says in what pieces the rest arrives. Whatever the pieces, the
 * same frames must come out; and a frame that was read must be read the same again when written.
 */
static const StompLimits limits = {.headers = 8, .line = 128, .body = 1024};

/* The frames of data, written one behind the other. */
static GByteArray *read_frames(const guint8 *data, gsize size, gsize step)
{
    g_autoptr(StompParser) parser = stomp_parser_new(&limits);
    GByteArray *out = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    for (gsize at = 0; at < size && error == NULL; at += step) {
        gsize piece = MIN(step, size - at);
        memcpy(stomp_parser_reserve(parser, piece), data + at, piece);
        stomp_parser_commit(parser, piece);
        while (TRUE) {
            g_autoptr(StompFrame) frame = stomp_parser_next(parser, &error);
            if (frame == NULL)
                break;
            g_assert(error == NULL);
            g_assert(frame->headers->len <= 2 * limits.headers);
            g_assert(g_bytes_get_size(frame->body) <= limits.body);
            g_autoptr(GBytes) bytes = stomp_frame_format(frame);
            g_byte_array_append(out, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        }
    }
    return out;
}

static gboolean same(const GByteArray *a, const GByteArray *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Headers as they were, an own content-length in front of ours: first wins, so the body is the
 * same. */
static void check_again(const GByteArray *frames)
{
    StompLimits wide = {.headers = 9, .line = 1024, .body = 1024};
    g_autoptr(StompParser) parser = stomp_parser_new(&wide);
    g_autoptr(GByteArray) again = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    memcpy(stomp_parser_reserve(parser, frames->len + 1), frames->data, frames->len);
    stomp_parser_commit(parser, frames->len);
    while (TRUE) {
        g_autoptr(StompFrame) frame = stomp_parser_next(parser, &error);
        g_assert(error == NULL);
        if (frame == NULL)
            break;
        /* stomp_frame_format() adds its content-length again: take the last one away */
        if (g_bytes_get_size(frame->body) > 0)
            g_ptr_array_set_size(frame->headers, (int)frame->headers->len - 2);
        g_autoptr(GBytes) bytes = stomp_frame_format(frame);
        g_byte_array_append(again, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
    g_assert(!stomp_parser_is_inside(parser));
    g_assert(same(again, frames));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size < 2)
        return 0;
    g_autoptr(GByteArray) pieces = read_frames(data + 1, size - 1, 1 + data[0] % 64);
    g_autoptr(GByteArray) whole = read_frames(data + 1, size - 1, size);
    g_assert(same(pieces, whole));
    if (whole->len > 0)
        check_again(whole);
    return 0;
}
