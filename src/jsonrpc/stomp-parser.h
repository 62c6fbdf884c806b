/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/stomp-frame.h"

/*
 * Bytes to STOMP 1.2 frames, in pieces of any size. Holds at most one unfinished frame and what was
 * read behind it; everything the peer can grow has a limit. Does no input itself.
 *
 * After an error the parser is spent: framing cannot be found again in a broken stream.
 */
typedef struct {
    guint headers; /* header lines of a frame */
    gsize line;    /* bytes of a header line or of the command */
    gsize body;    /* bytes of a body */
} StompLimits;

/* What requests may have: 64 headers of 8 KiB, 16 MiB of body. */
extern const StompLimits stomp_request_limits;

typedef struct StompParser StompParser;

StompParser *stomp_parser_new(const StompLimits *limits); /* copies limits */
void stomp_parser_free(StompParser *parser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StompParser, stomp_parser_free)

/* Room for size bytes of input, to be filled from its start and then committed. */
guint8 *stomp_parser_reserve(StompParser *parser, gsize size);
void stomp_parser_commit(StompParser *parser, gsize size);

/* The next frame, or NULL with *error unset when more input is needed, or NULL with
 * STOMP_ERROR_FRAME or STOMP_ERROR_LIMIT set. End-of-lines between frames (heart-beats) are
 * skipped. */
StompFrame *stomp_parser_next(StompParser *parser, GError **error);

/* TRUE when part of a frame has come. */
gboolean stomp_parser_is_inside(const StompParser *parser);
