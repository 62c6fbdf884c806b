/* SPDX-License-Identifier: Apache-2.0 */
#include <glib-unix.h>

#include "base/log.h"
#include "filterd/filterd-private.h"

typedef struct {
    guint number;
    FilterdDropFunc tell;
    gpointer data;
} Watch;

/* By its rule, if it is known. */
static void explain(FilterdDrop *told, const DatapathDrop *drop)
{
    const IrProgram *program = drop->shape ? shape_program(drop->shape, drop->way) : NULL;

    if (drop->reason != REASON_RULE) {
        told->reason = datapath_reason_format(drop->reason);
    } else if (program && drop->origin < program->origins->len) {
        const IrOrigin *origin = &g_array_index(program->origins, IrOrigin, drop->origin);

        told->filter = origin->filter;
        told->line = origin->line;
        told->reason = origin->comment;
    }
}

static void tell(const DatapathDrop *drop, gpointer data)
{
    const Filterd *filterd = data;
    const Port *port = ports_lookup_device(filterd->ports, drop->ifindex);
    FilterdDrop told = {.port = port ? port->binding->port : NULL, .drop = drop};
    g_autoptr(GPtrArray) watches = g_ptr_array_new(); /* a copy would free them, too */

    g_ptr_array_extend(watches, filterd->watches, NULL, NULL);
    explain(&told, drop);
    for (guint i = 0; i < watches->len; i++)
        if (g_ptr_array_find(filterd->watches, watches->pdata[i], NULL)) /* one may remove others */
            ((Watch *)watches->pdata[i])->tell(&told, ((Watch *)watches->pdata[i])->data);
}

static gboolean readable(int fd, GIOCondition condition, gpointer data)
{
    Filterd *filterd = data;
    g_autoptr(GError) error = NULL;

    if (datapath_drops_read(filterd->datapath, tell, filterd, &error))
        return G_SOURCE_CONTINUE;
    log_error("drops are not told any more: %s", error->message);
    filterd->drops = 0;
    return G_SOURCE_REMOVE;
}

guint filterd_watch_drops(Filterd *filterd, FilterdDropFunc func, gpointer data)
{
    Watch *watch = g_new(Watch, 1);

    *watch = (Watch){++filterd->next_watch, func, data};
    g_ptr_array_add(filterd->watches, watch);
    return watch->number;
}

void filterd_unwatch_drops(Filterd *filterd, guint number)
{
    for (guint i = 0; i < filterd->watches->len; i++) {
        if (((const Watch *)filterd->watches->pdata[i])->number != number)
            continue;
        g_ptr_array_remove_index(filterd->watches, i);
        return;
    }
}

/* Read even when nobody watches, so that a watcher sees no old ones. */
void filterd_drops_begin(Filterd *filterd)
{
    filterd->watches = g_ptr_array_new_with_free_func(g_free);
    filterd->drops =
        g_unix_fd_add(datapath_drops_fd(filterd->datapath), G_IO_IN, readable, filterd);
}

void filterd_drops_end(Filterd *filterd)
{
    if (filterd->drops > 0)
        g_source_remove(filterd->drops);
    g_clear_pointer(&filterd->watches, g_ptr_array_unref);
}
