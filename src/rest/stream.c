/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/stream.h"

#include <string.h>

#define FAREWELL_SECONDS 5

/* ---- the input ---- */

#define INPUT_TYPE (stream_input_get_type())
G_DECLARE_FINAL_TYPE(StreamInput, stream_input, TAPWALL, STREAM_INPUT, GFilterInputStream)

struct _StreamInput {
    GFilterInputStream parent;
    gboolean between, ended;
    gsize owed; /* of a body that does not come */
};

static void pollable_init(GPollableInputStreamInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(StreamInput, stream_input, G_TYPE_FILTER_INPUT_STREAM,
                              G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

static GPollableInputStream *below(gpointer stream)
{
    return G_POLLABLE_INPUT_STREAM(
        g_filter_input_stream_get_base_stream(G_FILTER_INPUT_STREAM(stream)));
}

/* What a read gave, with the byte before the end that makes libsoup look. */
static gssize look(StreamInput *input, char *buffer, gssize got, GError **error)
{
    gboolean wait = got < 0 && error && g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

    if (wait || !input->between) {
        return got;
    }
    input->between = FALSE;
    if (got > 0)
        return got;
    g_clear_error(error);
    input->ended = TRUE;
    buffer[0] = '-';
    return 1;
}

static gssize read_nonblocking(GPollableInputStream *stream, void *buffer, gsize count,
                               GError **error)
{
    StreamInput *input = TAPWALL_STREAM_INPUT(stream);
    g_autoptr(GError) problem = NULL;
    gssize got = 0;

    if (input->owed) {
        got = (gssize)MIN(count, input->owed);
        input->owed -= (gsize)got;
        memset(buffer, ' ', (gsize)got);
        return got;
    }
    if (!input->ended)
        got =
            g_pollable_input_stream_read_nonblocking(below(stream), buffer, count, NULL, &problem);
    got = look(input, buffer, got, &problem);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return got;
}

static gboolean is_readable(GPollableInputStream *stream)
{
    return TAPWALL_STREAM_INPUT(stream)->ended || TAPWALL_STREAM_INPUT(stream)->owed ||
           g_pollable_input_stream_is_readable(below(stream));
}

static GSource *create_source(GPollableInputStream *stream, GCancellable *cancellable)
{
    g_autoptr(GSource) child = g_pollable_input_stream_create_source(below(stream), cancellable);

    return g_pollable_source_new_full(stream, child, cancellable);
}

static gboolean can_poll(GPollableInputStream *stream)
{
    return g_pollable_input_stream_can_poll(below(stream));
}

static void pollable_init(GPollableInputStreamInterface *interface)
{
    interface->can_poll = can_poll;
    interface->is_readable = is_readable;
    interface->create_source = create_source;
    interface->read_nonblocking = read_nonblocking;
}

static void stream_input_init(StreamInput *input)
{
}

static void stream_input_class_init(StreamInputClass *class)
{
}

/* ---- the stream ---- */

struct _Stream {
    GIOStream parent;
    GIOStream *base;
    GSocket *socket;
    StreamInput *input;
};

G_DEFINE_FINAL_TYPE(Stream, stream, G_TYPE_IO_STREAM)

static GInputStream *get_input(GIOStream *stream)
{
    return G_INPUT_STREAM(TAPWALL_STREAM(stream)->input);
}

static GOutputStream *get_output(GIOStream *stream)
{
    return g_io_stream_get_output_stream(TAPWALL_STREAM(stream)->base);
}

/* Whether the farewell was heard or not: the connection ends here. */
static void on_closed(GObject *base, GAsyncResult *result, gpointer data)
{
    g_autoptr(GSocket) socket = data;

    (void)g_io_stream_close_finish(G_IO_STREAM(base), result, NULL);
    (void)g_socket_close(socket, NULL);
}

static gboolean close_soon(GIOStream *stream, GCancellable *cancellable, GError **error)
{
    Stream *self = TAPWALL_STREAM(stream);

    g_socket_set_timeout(self->socket, FAREWELL_SECONDS);
    g_io_stream_close_async(self->base, G_PRIORITY_DEFAULT, NULL, on_closed,
                            g_object_ref(self->socket));
    return TRUE;
}

static void stream_finalize(GObject *object)
{
    Stream *self = TAPWALL_STREAM(object);

    g_object_unref(self->input);
    g_object_unref(self->base);
    g_object_unref(self->socket);
    G_OBJECT_CLASS(stream_parent_class)->finalize(object);
}

static void stream_init(Stream *stream)
{
}

static void stream_class_init(StreamClass *class)
{
    GIOStreamClass *io = G_IO_STREAM_CLASS(class);

    io->get_input_stream = get_input;
    io->get_output_stream = get_output;
    io->close_fn = close_soon;
    G_OBJECT_CLASS(class)->finalize = stream_finalize;
}

Stream *stream_new(GIOStream *base, GSocket *socket)
{
    Stream *stream = g_object_new(STREAM_TYPE, NULL);

    stream->base = g_object_ref(base);
    stream->socket = g_object_ref(socket);
    stream->input = g_object_new(INPUT_TYPE, "base-stream", g_io_stream_get_input_stream(base),
                                 "close-base-stream", FALSE, NULL);
    return stream;
}

void stream_set_between(Stream *stream, gboolean between)
{
    stream->input->between = between;
}

/* Shutting the socket's input wakes who waits for it. */
void stream_end_body(Stream *stream, gsize missing)
{
    stream->input->owed = missing;
    (void)g_socket_shutdown(stream->socket, TRUE, FALSE, NULL); /* fails when it is gone anyway */
}
