/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>

#include "datapath/datapath-private.h"

typedef struct {
    struct ring_buffer *ring;
    Datapath *datapath;
    DatapathDropFunc tell; /* while datapath_drops_read() runs */
    gpointer data;
} Drops;

static void fill(const Datapath *datapath, const struct drop_event *event, DatapathDrop *drop)
{
    const Slot *slot = event->slot < datapath->n_slots ? &datapath->slots[event->slot] : NULL;
    const gboolean is_rule = event->verdict >= LAYOUT_RULES;

    *drop = (DatapathDrop){
        .time = event->time,
        .ifindex = event->port,
        .way = event->way,
        .reason = is_rule ? REASON_RULE : (IrReason)event->verdict,
        .origin = is_rule ? event->verdict - LAYOUT_RULES : 0,
        .shape = slot && slot->ifindex == event->port ? slot->shape : NULL,
        .suppressed = event->suppressed,
        .length = event->length,
        .tag_type = event->tag_type,
        .tag_tci = event->tag_tci,
        .sample = event->sample,
        .sample_length = MIN(event->sample_length, DROP_SAMPLE),
    };
}

const char *datapath_reason_format(guint reason)
{
    static const char *const words[] = {
        [VERDICT_NO_ROW] = "no-row",         [VERDICT_NO_PROGRAM] = "no-program",
        [VERDICT_FLOW_QUOTA] = "flow-quota", [VERDICT_FLOW_TABLE] = "flow-table",
        [VERDICT_UNTOLD] = "untold",
    };

    if (reason < N_REASONS)
        return ir_reason_format((IrReason)reason);
    return reason < G_N_ELEMENTS(words) ? words[reason] : "unknown";
}

static int tell_one(void *data, void *record, size_t size)
{
    Drops *drops = data;
    DatapathDrop drop;

    if (size < sizeof(struct drop_event))
        return 0;
    fill(drops->datapath, record, &drop);
    drops->tell(&drop, drops->data);
    return 0;
}

gboolean drops_open(Datapath *datapath, GError **error)
{
    Drops *drops = g_new0(Drops, 1);

    drops->datapath = datapath;
    drops->ring = ring_buffer__new(datapath->kernel->maps[KERNEL_DROPS], tell_one, drops, NULL);
    if (!drops->ring) {
        g_free(drops);
        return datapath_kernel_error(error, errno, "opening the buffer of drops");
    }
    datapath->drops = drops;
    return TRUE;
}

void drops_close(Datapath *datapath)
{
    Drops *drops = datapath->drops;

    if (!drops)
        return;
    ring_buffer__free(drops->ring);
    g_free(drops);
}

int datapath_drops_fd(const Datapath *datapath)
{
    const Drops *drops = datapath->drops;

    return ring_buffer__epoll_fd(drops->ring);
}

gboolean datapath_drops_read(Datapath *datapath, DatapathDropFunc tell, gpointer data,
                             GError **error)
{
    Drops *drops = datapath->drops;
    int result;

    drops->tell = tell;
    drops->data = data;
    result = ring_buffer__consume(drops->ring);
    return result >= 0 || datapath_kernel_error(error, result, "reading the buffer of drops");
}
