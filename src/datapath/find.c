/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>

#include "datapath/datapath-private.h"

/*
 * After a restart: the kernel's maps say what is bound. Rows that no port points to, entries of
 * sets of such rows, and shapes that no row names were being prepared, or waited for a sweep, when
 * the process ended; whatever looked at them has long finished.
 */

static gboolean find_port(Datapath *datapath, guint ifindex, guint number, GError **error)
{
    Slot *slot = number < datapath->n_slots ? &datapath->slots[number] : NULL;
    struct row row;
    int result;

    result = bpf_map_lookup_elem(datapath->kernel->maps[KERNEL_ROWS], &number, &row);
    if (result != 0)
        return datapath_kernel_error(error, result, "reading row %u", number);
    if (!slot || row.port != ifindex || slot->state != SLOT_FREE ||
        !counters_take_at(datapath->counters, row.way[WAY_OUT].counters, row.n_counters) ||
        !spans_take_at(datapath->buckets, row.buckets, row.n_buckets) ||
        !shape_table_use_found(datapath->shapes, row.shape)) {
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_STATE,
                    "%s: the row of port %u is not whole", datapath->pins, ifindex);
        return FALSE;
    }
    *slot = (Slot){
        .state = SLOT_LIVE,
        .ifindex = ifindex,
        .index = row.shape,
        .counters = row.way[WAY_OUT].counters,
        .n_counters = row.n_counters,
        .first = {row.way[WAY_OUT].counters, row.way[WAY_IN].counters},
        .buckets = row.buckets,
        .n_buckets = row.n_buckets,
        .has_rest = TRUE, /* perhaps */
        .entries = g_array_new(FALSE, TRUE, sizeof(SetEntry)),
    };
    g_hash_table_insert(datapath->ports, GUINT_TO_POINTER(ifindex), GUINT_TO_POINTER(number + 1));
    return TRUE;
}

static gboolean find_far_ports(Datapath *datapath, GError **error)
{
    const int map = datapath->kernel->maps[KERNEL_PORTS];
    guint key, bound;
    gboolean is_first = TRUE;

    while (bpf_map_get_next_key(map, is_first ? NULL : &key, &key) == 0) {
        is_first = FALSE;
        if (bpf_map_lookup_elem(map, &key, &bound) == 0 &&
            !find_port(datapath, key, bound - 1, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean find_near_ports(Datapath *datapath, GError **error)
{
    g_autofree guint *keys = g_new(guint, NEAR_PORTS), *bound = g_new0(guint, NEAR_PORTS);
    LIBBPF_OPTS(bpf_map_batch_opts, options, .elem_flags = 0);
    guint count = NEAR_PORTS, next;
    int result = bpf_map_lookup_batch(datapath->kernel->maps[KERNEL_NEAR_PORTS], NULL, &next, keys,
                                      bound, &count, &options);

    if (result != 0 && result != -ENOENT) /* which says that these are all */
        return datapath_kernel_error(error, result, "reading the bound ports");
    for (guint i = 0; i < count; i++)
        if (bound[i] > 0 && !find_port(datapath, keys[i], bound[i] - 1, error))
            return FALSE;
    return TRUE;
}

static guint entry_slot(const SetEntry *entry)
{
    const gboolean is_set = entry->map == KERNEL_SETS || entry->map == KERNEL_LARGE_SETS;

    return is_set ? entry->key.set.slot : entry->key.prefix.slot;
}

/* To its slot when that lives, else among those to delete: not at once, or the walk would begin
 * anew. */
static void keep_entry(Datapath *datapath, const SetEntry *entry, GArray *orphans)
{
    const guint slot = entry_slot(entry);
    const gboolean is_live = slot < datapath->n_slots && datapath->slots[slot].state == SLOT_LIVE;

    g_array_append_vals(is_live ? datapath->slots[slot].entries : orphans, entry, 1);
}

static void find_entries(Datapath *datapath, KernelMap map, GArray *orphans)
{
    SetEntry entry = {.map = map};
    gboolean is_first = TRUE;

    while (bpf_map_get_next_key(datapath->kernel->maps[map], is_first ? NULL : &entry.key,
                                &entry.key) == 0) {
        is_first = FALSE;
        keep_entry(datapath, &entry, orphans);
    }
}

static void find_all_entries(Datapath *datapath)
{
    g_autoptr(GArray) orphans = g_array_new(FALSE, TRUE, sizeof(SetEntry));

    for (KernelMap map = KERNEL_SETS; map <= KERNEL_LARGE_PREFIXES; map++)
        find_entries(datapath, map, orphans);
    for (guint i = 0; i < orphans->len; i++) {
        const SetEntry *entry = &g_array_index(orphans, SetEntry, i);
        (void)bpf_map_delete_elem(datapath->kernel->maps[entry->map], &entry->key);
    }
}

/* Rests of rows that no port points to. Those that are found first stay until all are known. */
static void find_rests(Datapath *datapath)
{
    const int map = datapath->kernel->maps[KERNEL_ROW_RESTS];
    g_autoptr(GArray) orphans = g_array_new(FALSE, FALSE, sizeof(guint));
    gboolean is_first = TRUE;
    guint slot;

    while (bpf_map_get_next_key(map, is_first ? NULL : &slot, &slot) == 0) {
        is_first = FALSE;
        if (slot >= datapath->n_slots || datapath->slots[slot].state != SLOT_LIVE)
            g_array_append_val(orphans, slot);
    }
    for (guint i = 0; i < orphans->len; i++)
        (void)bpf_map_delete_elem(map, &g_array_index(orphans, guint, i)); /* it was there */
}

gboolean datapath_find(Datapath *datapath, GError **error)
{
    if (!find_near_ports(datapath, error) || !find_far_ports(datapath, error))
        return FALSE;
    find_all_entries(datapath);
    find_rests(datapath);
    shape_table_clean(datapath->shapes);
    return TRUE;
}
