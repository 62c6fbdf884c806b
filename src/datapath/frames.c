/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "datapath/datapath-private.h"

typedef struct {
    struct ring_buffer *ring;
    DatapathFrameFunc tell; /* while datapath_frames_read() runs */
    gpointer data;
    guint left; /* to be told in this call */
} Frames;

#define FRAMES_AT_ONCE 16

static int tell_one(void *data, void *record, size_t size)
{
    const struct frame_event *event = record;
    Frames *frames = data;
    DatapathFrame frame;

    if (size < sizeof *event)
        return 0;
    frame = (DatapathFrame){
        .time = event->time,
        .ifindex = event->port,
        .way = event->way,
        .is_dropped = event->is_dropped != 0,
        .tag_type = event->tag_type,
        .tag_tci = event->tag_tci,
        .length = event->length,
        .octets = event->frame,
        .n_octets = MIN(event->kept, FRAME_KEPT),
    };
    frames->tell(&frame, frames->data);
    return --frames->left > 0 ? 0 : -ECANCELED; /* the descriptor stays readable */
}

gboolean frames_open(Datapath *datapath, GError **error)
{
    Frames *frames = g_new0(Frames, 1);

    frames->ring = ring_buffer__new(datapath->kernel->maps[KERNEL_FRAMES], tell_one, frames, NULL);
    if (!frames->ring) {
        g_free(frames);
        return datapath_kernel_error(error, errno, "opening the buffer of frames");
    }
    datapath->frames = frames;
    return TRUE;
}

void frames_close(Datapath *datapath)
{
    Frames *frames = datapath->frames;

    if (!frames)
        return;
    ring_buffer__free(frames->ring);
    g_free(frames);
}

int datapath_frames_fd(const Datapath *datapath)
{
    const Frames *frames = datapath->frames;

    return ring_buffer__epoll_fd(frames->ring);
}

gboolean datapath_frames_read(Datapath *datapath, DatapathFrameFunc tell, gpointer data,
                              GError **error)
{
    Frames *frames = datapath->frames;
    int result;

    frames->tell = tell;
    frames->data = data;
    frames->left = FRAMES_AT_ONCE;
    result = ring_buffer__consume(frames->ring);
    return result >= 0 || result == -ECANCELED ||
           datapath_kernel_error(error, result, "reading the buffer of frames");
}

gboolean datapath_replay(Datapath *datapath, guint ifindex, const guint8 *octets, gsize length,
                         GError **error)
{
    struct __sk_buff context = {.cb = {ifindex}};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = octets, .data_size_in = (guint)length,
                .ctx_in = &context, .ctx_size_in = sizeof context);
    int result = bpf_prog_test_run_opts(datapath->kernel->programs[KERNEL_REPLAY], &run);

    if (result == 0)
        result = (int)run.retval;
    return result == 0 ||
           datapath_kernel_error(error, result, "sending a frame of port %u again", ifindex);
}
