/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * One STOMP 1.2 frame (the STOMP specification 1.2): command, headers in order, body.
 * A repeated header counts by its first occurrence. Header texts are held unescaped; escaping is a
 * matter of the wire (stomp-parser.h, stomp_frame_format()).
 */
typedef struct {
    char *command;
    GPtrArray *headers; /* name, value, name, value, ... */
    GBytes *body;       /* never NULL */
} StompFrame;

/* Every way a STOMP connection can go wrong. */
#define STOMP_ERROR stomp_error_quark()
typedef enum {
    STOMP_ERROR_FRAME,   /* malformed bytes */
    STOMP_ERROR_LIMIT,   /* something grew over its limit */
    STOMP_ERROR_TIMEOUT, /* heart-beat, handshake, CONNECT or the rest of a frame did not come */
    STOMP_ERROR_SLOW,    /* the peer does not read what it is sent */
    STOMP_ERROR_CLOSED,  /* the peer closed the connection */
    STOMP_ERROR_PROTOCOL /* a well-formed frame where it does not belong */
} StompError;
GQuark stomp_error_quark(void);

StompFrame *stomp_frame_new(const char *command);
void stomp_frame_free(StompFrame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StompFrame, stomp_frame_free)

void stomp_frame_add(StompFrame *frame, const char *name, const char *value);
/* Takes both texts. */
void stomp_frame_add_taken(StompFrame *frame, char *name, char *value);
/* The first header of that name, or NULL. */
const char *stomp_frame_header(const StompFrame *frame, const char *name);

/* Sets the body to a copy of text. */
void stomp_frame_set_text(StompFrame *frame, const char *text);

/* TRUE when the texts of a frame with this command are not escaped: CONNECT and CONNECTED, for
 * compatibility with STOMP 1.0 (specification 1.2, "Value Encoding"). */
gboolean stomp_command_is_raw(const char *command);

/* The frame's head as sent: everything up to the body, with content-length when body_length > 0.
 * The body and one NUL must follow. */
GString *stomp_frame_head(const StompFrame *frame, gsize body_length);

/* The whole frame as sent. */
GBytes *stomp_frame_format(const StompFrame *frame);
