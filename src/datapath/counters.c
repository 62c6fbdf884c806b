/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/counters.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "datapath/expedite.h"
#include "datapath/span.h"

#define BLOCKS_OF_CHUNK (COUNTERS_CHUNK / COUNTERS_BLOCK)

struct Counters {
    const Kernel *kernel;
    Spans *spans;   /* in blocks */
    GArray *chunks; /* int: descriptors of the ones there are */
    guint stale;    /* chunks below were found, and what is free in them may have counted */
    gsize block_size;
    GPtrArray *held; /* by chunk: its blocks, NULL until asked for; no array: not held */
};

/* ---- chunks ---- */

static char *chunk_name(guint number)
{
    return g_strdup_printf(COUNTERS_PIN "%u", number);
}

static guint map_id(int map)
{
    struct bpf_map_info info = {0};
    __u32 length = sizeof info;

    return bpf_obj_get_info_by_fd(map, &info, &length) == 0 ? info.id : 0;
}

/* FALSE when there is none. It is an error when there is one that cannot be had: another in its
 * place would lose what was counted. */
static gboolean chunk_find(const Counters *counters, guint number, int *chunk, GError **error)
{
    g_autofree char *name = chunk_name(number);
    guint id;

    if (bpf_map_lookup_elem(counters->kernel->maps[KERNEL_COUNTERS], &number, &id) != 0)
        return FALSE;
    *chunk = kernel_pinned(counters->kernel, name);
    if (*chunk < 0 && errno != ENOENT)
        return datapath_kernel_error(error, errno, "opening pin %s", name);
    if (*chunk >= 0 && map_id(*chunk) == id)
        return TRUE;
    if (*chunk >= 0)
        close(*chunk);
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_STATE, "pin %s is not of map %u", name, id);
    return FALSE;
}

static int chunk_create(void)
{
    return bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counter_chunk", sizeof(guint),
                          sizeof(struct counter_block), BLOCKS_OF_CHUNK, NULL);
}

/* The kernel waits for a grace period when a map of maps changes. */
static gboolean chunk_add(Counters *counters, GError **error)
{
    const guint number = counters->chunks->len;
    g_autofree char *name = chunk_name(number);
    int chunk = chunk_create();
    Expedite expedite;
    gboolean good;

    if (chunk < 0)
        return datapath_kernel_error(error, errno, "making room for counters");
    expedite_begin(&expedite);
    good = kernel_pin(counters->kernel, name, chunk, error) &&
           kernel_put(counters->kernel, KERNEL_COUNTERS, &number, &chunk, error);
    expedite_end(&expedite);
    if (good)
        g_array_append_val(counters->chunks, chunk);
    else
        close(chunk);
    return good;
}

Counters *counters_new(const Kernel *kernel, GError **error)
{
    g_autoptr(Counters) counters = g_new0(Counters, 1);
    const guint common = COUNTERS_COMMON / COUNTERS_BLOCK;
    GError *problem = NULL;
    int chunk;

    counters->kernel = kernel;
    counters->block_size = kernel_cpus() * sizeof(struct counter_block);
    counters->spans = spans_new(common, kernel->sizes.counters * BLOCKS_OF_CHUNK - common);
    counters->chunks = g_array_new(FALSE, FALSE, sizeof(int));
    while (counters->chunks->len < kernel->sizes.counters &&
           chunk_find(counters, counters->chunks->len, &chunk, &problem))
        g_array_append_val(counters->chunks, chunk);
    if (problem) {
        g_propagate_error(error, problem);
        return NULL;
    }
    counters->stale = counters->chunks->len;
    if (counters->chunks->len == 0 && !chunk_add(counters, error))
        return NULL;
    return g_steal_pointer(&counters);
}

gboolean counters_restore_pins(const Counters *counters, guint *restored, GError **error)
{
    for (guint i = 0; i < counters->chunks->len; i++) {
        g_autofree char *name = chunk_name(i);

        if (!kernel_restore_pin(counters->kernel, name, g_array_index(counters->chunks, int, i),
                                restored, error))
            return FALSE;
    }
    return TRUE;
}

void counters_free(Counters *counters)
{
    if (!counters)
        return;
    for (guint i = 0; i < counters->chunks->len; i++)
        close(g_array_index(counters->chunks, int, i));
    g_array_unref(counters->chunks);
    spans_free(counters->spans);
    g_free(counters);
}

/* ---- blocks ---- */

/* The chunk of a block, whose number in it is in *key. */
static int block_find(const Counters *counters, guint block, guint *key)
{
    *key = block % BLOCKS_OF_CHUNK;
    return g_array_index(counters->chunks, int, block / BLOCKS_OF_CHUNK);
}

static void blocks_clear(const Counters *counters, guint first, guint n)
{
    g_autofree guint8 *zeros = g_malloc0(counters->block_size);

    for (guint block = first; block < first + n; block++) {
        guint key;
        int chunk = block_find(counters, block, &key);

        (void)bpf_map_update_elem(chunk, &key, zeros, BPF_ANY); /* a key in range: works */
    }
}

static guint blocks_for(guint n)
{
    return (n + COUNTERS_BLOCK - 1) / COUNTERS_BLOCK;
}

gboolean counters_take(Counters *counters, guint n, guint *first, GError **error)
{
    const guint blocks = blocks_for(n);
    guint block;

    if (!spans_take(counters->spans, blocks, &block)) {
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "%u counters are needed; fewer are free", n);
        return FALSE;
    }
    while (counters->chunks->len * BLOCKS_OF_CHUNK < block + blocks)
        if (!chunk_add(counters, error)) {
            spans_give_back(counters->spans, block, blocks);
            return FALSE;
        }
    if (block < counters->stale * BLOCKS_OF_CHUNK)
        blocks_clear(counters, block, blocks);
    *first = block * COUNTERS_BLOCK;
    return TRUE;
}

gboolean counters_take_at(Counters *counters, guint first, guint n)
{
    const guint block = first / COUNTERS_BLOCK, blocks = blocks_for(n);

    return first % COUNTERS_BLOCK == 0 &&
           (guint64)block + blocks <= (guint64)counters->chunks->len * BLOCKS_OF_CHUNK &&
           spans_take_at(counters->spans, block, blocks);
}

void counters_give_back(Counters *counters, guint first, guint n)
{
    blocks_clear(counters, first / COUNTERS_BLOCK, blocks_for(n));
    spans_give_back(counters->spans, first / COUNTERS_BLOCK, blocks_for(n));
}

/* ---- reading ---- */

void counters_hold(Counters *counters)
{
    counters->held = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_set_size(counters->held, (gint)counters->chunks->len);
}

void counters_let_go(Counters *counters)
{
    g_clear_pointer(&counters->held, g_ptr_array_unref);
}

/* All blocks of a chunk in their order (array maps give them so), or NULL when the kernel does not
 * do that with per-CPU arrays (before 5.13). */
static guint8 *chunk_read(const Counters *counters, int chunk)
{
    g_autofree guint8 *blocks = g_malloc(counters->block_size * BLOCKS_OF_CHUNK);
    g_autofree guint *keys = g_new(guint, BLOCKS_OF_CHUNK);
    LIBBPF_OPTS(bpf_map_batch_opts, options, .elem_flags = 0);
    guint count = BLOCKS_OF_CHUNK, next;
    int result = bpf_map_lookup_batch(chunk, NULL, &next, keys, blocks, &count, &options);

    if ((result != 0 && result != -ENOENT) || count != BLOCKS_OF_CHUNK) /* ENOENT: these are all */
        return NULL;
    return g_steal_pointer(&blocks);
}

/* Of all CPUs; `room` is for one that is not held. */
static const struct counter_block *block_read(const Counters *counters, guint block,
                                              struct counter_block *room)
{
    const guint number = block / BLOCKS_OF_CHUNK;
    guint key;
    int chunk = block_find(counters, block, &key);

    if (counters->held && !counters->held->pdata[number])
        counters->held->pdata[number] = chunk_read(counters, chunk);
    if (counters->held && counters->held->pdata[number])
        return (
            const struct counter_block *)(gconstpointer)((guint8 *)counters->held->pdata[number] +
                                                         key * counters->block_size);
    if (bpf_map_lookup_elem(chunk, &key, room) != 0)
        memset(room, 0, counters->block_size);
    return room;
}

void counters_read(const Counters *counters, guint first, guint n, guint64 *sums)
{
    g_autofree struct counter_block *room = g_malloc0(counters->block_size);
    const struct counter_block *cpus = NULL;
    const guint n_cpus = kernel_cpus();

    for (guint i = 0; i < n; i++) {
        const guint at = (first + i) % COUNTERS_BLOCK;

        if (!cpus || at == 0)
            cpus = block_read(counters, (first + i) / COUNTERS_BLOCK, room);
        sums[i] = 0;
        for (guint cpu = 0; cpu < n_cpus; cpu++)
            sums[i] += cpus[cpu].counts[at];
    }
}
