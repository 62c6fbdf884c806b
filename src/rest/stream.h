/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * The stream libsoup gets for a connection: the TLS or plain one below, but for these things.
 *
 * libsoup 3.2's server forgets a kept connection whose client hangs up between two requests, and
 * never frees it. So there, and only there, the end of input is preceded by one byte: libsoup then
 * sees a request that breaks off in its head, and lets the connection go.
 *
 * A body that was announced and does not come can be ended.
 *
 * And closing never blocks: TLS's farewell is said in the background, for a few seconds at most.
 */
#define STREAM_TYPE (stream_get_type())
G_DECLARE_FINAL_TYPE(Stream, stream, TAPWALL, STREAM, GIOStream)

Stream *stream_new(GIOStream *base, GSocket *socket);

/* Whether the connection is between two requests: one has been answered, and nothing of another has
 * come. Ends by itself when something is read. */
void stream_set_between(Stream *stream, gboolean between);

/* Gives libsoup blanks for what is missing of a request's body, and reads nothing more after it:
 * the connection is good for the answer, and has to be closed then. */
void stream_end_body(Stream *stream, gsize missing);
