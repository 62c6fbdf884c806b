/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/stomp-frame.h"

G_DEFINE_QUARK(stomp - error - quark, stomp_error)

StompFrame *stomp_frame_new(const char *command)
{
    StompFrame *frame = g_new0(StompFrame, 1);

    frame->command = g_strdup(command);
    frame->headers = g_ptr_array_new_with_free_func(g_free);
    frame->body = g_bytes_new_static("", 0);
    return frame;
}

void stomp_frame_free(StompFrame *frame)
{
    if (frame == NULL)
        return;
    g_free(frame->command);
    g_ptr_array_unref(frame->headers);
    g_bytes_unref(frame->body);
    g_free(frame);
}

void stomp_frame_add_taken(StompFrame *frame, char *name, char *value)
{
    g_ptr_array_add(frame->headers, name);
    g_ptr_array_add(frame->headers, value);
}

void stomp_frame_add(StompFrame *frame, const char *name, const char *value)
{
    stomp_frame_add_taken(frame, g_strdup(name), g_strdup(value));
}

const char *stomp_frame_header(const StompFrame *frame, const char *name)
{
    for (guint i = 0; i + 1 < frame->headers->len; i += 2)
        if (g_str_equal(frame->headers->pdata[i], name))
            return frame->headers->pdata[i + 1];
    return NULL;
}

void stomp_frame_set_text(StompFrame *frame, const char *text)
{
    g_bytes_unref(frame->body);
    frame->body = g_bytes_new(text, strlen(text));
}

gboolean stomp_command_is_raw(const char *command)
{
    return g_str_equal(command, "CONNECT") || g_str_equal(command, "CONNECTED");
}

static void append_escaped(GString *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\')
            g_string_append(out, "\\\\");
        else if (*c == '\n')
            g_string_append(out, "\\n");
        else if (*c == '\r')
            g_string_append(out, "\\r");
        else if (*c == ':')
            g_string_append(out, "\\c");
        else
            g_string_append_c(out, *c);
    }
}

GString *stomp_frame_head(const StompFrame *frame, gsize body_length)
{
    gboolean raw = stomp_command_is_raw(frame->command);
    GString *out = g_string_sized_new(256);

    g_string_append(out, frame->command);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < frame->headers->len; i++) {
        const char *text = frame->headers->pdata[i];
        if (raw)
            g_string_append(out, text);
        else
            append_escaped(out, text);
        g_string_append_c(out, i % 2 == 0 ? ':' : '\n');
    }
    if (body_length > 0)
        g_string_append_printf(out, "content-length:%" G_GSIZE_FORMAT "\n", body_length);
    g_string_append_c(out, '\n');
    return out;
}

GBytes *stomp_frame_format(const StompFrame *frame)
{
    gsize length;
    const char *body = g_bytes_get_data(frame->body, &length);
    GString *out = stomp_frame_head(frame, length);

    g_string_append_len(out, body, (gssize)length);
    g_string_append_c(out, '\0');
    return g_string_free_to_bytes(out);
}
