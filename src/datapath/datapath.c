/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/datapath.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "datapath/datapath-private.h"
#include "datapath/tcx.h"

/* What a port may take on the average; counters and lists are shared by all. */
#define COUNTERS_PER_PORT 256
#define COUNTERS_MIN 65536
#define NUMBERS_PER_PORT 16
#define NUMBERS_MIN 65536
#define ENTRIES_PER_PORT 8
#define ENTRIES_MIN 32768
#define FLOWS_PER_PORT 16
#define FLOWS_MIN 65536
#define SHAPES 512

/* ---- opening ---- */

static gboolean take_lock(Datapath *datapath, GError **error)
{
    datapath->lock = open(datapath->pins, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (datapath->lock < 0)
        return datapath_kernel_error(error, errno, "opening %s", datapath->pins);
    if (flock(datapath->lock, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY, "another process works on %s",
                datapath->pins);
    return FALSE;
}

static gboolean open_kernel(Datapath *datapath, guint ports, GError **error)
{
    const KernelSizes sizes = {
        .ports = ports,
        .programs = N_WAYS * SHAPES,
        .counters = 1 + MAX(COUNTERS_MIN, COUNTERS_PER_PORT * ports) / COUNTERS_CHUNK,
        .buckets = MAX(NUMBERS_MIN, NUMBERS_PER_PORT * ports) / BUCKET_CELLS,
        .entries = MAX(ENTRIES_MIN, ENTRIES_PER_PORT * ports),
        .flows = MAX(FLOWS_MIN, FLOWS_PER_PORT * ports),
    };
    gboolean is_new;

    datapath->kernel = kernel_open(datapath->pins, &sizes, &is_new, error);
    return datapath->kernel && take_lock(datapath, error);
}

static gboolean open_tables(Datapath *datapath, GError **error)
{
    const KernelSizes *sizes = &datapath->kernel->sizes;

    datapath->n_slots = 2 * sizes->ports;
    datapath->slots = g_new0(Slot, datapath->n_slots);
    datapath->buckets = spans_new(0, sizes->buckets);
    datapath->ports = g_hash_table_new(NULL, NULL);
    datapath->counters = counters_new(datapath->kernel, error);
    datapath->shapes = datapath->counters ? shape_table_new(datapath->kernel, error) : NULL;
    if (!datapath->shapes)
        return FALSE;
    if (g_mkdir_with_parents(datapath->links, 0700) != 0)
        return datapath_kernel_error(error, errno, "making %s", datapath->links);
    return hooks_open(datapath, error) && datapath_find(datapath, error) &&
           drops_open(datapath, error) && frames_open(datapath, error);
}

static Datapath *open_pinned(const DatapathConfig *config, GError **error)
{
    g_autoptr(Datapath) datapath = g_new0(Datapath, 1);
    g_autofree char *layout = g_strdup_printf("%d", LAYOUT_VERSION);

    datapath->lock = -1;
    datapath->is_tcx = config->hook == DATAPATH_HOOK_ANY && tcx_is_known();
    datapath->flows = config->flows ? config->flows : DATAPATH_FLOWS;
    datapath->pins = g_build_filename(config->pins, layout, NULL);
    datapath->links = g_strconcat(datapath->pins, "-links", NULL);
    if (g_mkdir_with_parents(config->pins, 0700) != 0) {
        datapath_kernel_error(error, errno, "making %s", config->pins);
        return NULL;
    }
    if (!open_kernel(datapath, config->ports ? config->ports : DATAPATH_PORTS, error) ||
        !open_tables(datapath, error))
        return NULL;
    return g_steal_pointer(&datapath);
}

/* Unless another process works there, who is not done with it or knows better. */
static gboolean set_aside(const DatapathConfig *config, GError **error)
{
    g_autoptr(Datapath) damaged = g_new0(Datapath, 1);

    damaged->pins = g_strdup_printf("%s/%d", config->pins, LAYOUT_VERSION);
    damaged->links = g_strconcat(damaged->pins, "-links", NULL);
    return take_lock(damaged, error) && datapath_set_aside(damaged->pins, damaged->links, error);
}

Datapath *datapath_open(const DatapathConfig *config, GError **error)
{
    g_autoptr(GError) damage = NULL;
    Datapath *datapath = open_pinned(config, &damage);

    if (g_error_matches(damage, DATAPATH_ERROR, DATAPATH_ERROR_STATE)) {
        if (!set_aside(config, error))
            return NULL;
        datapath = open_pinned(config, error);
        if (datapath)
            datapath->damage = g_strdup(damage->message);
    } else if (damage) {
        g_propagate_error(error, g_steal_pointer(&damage));
    }
    return datapath;
}

const char *datapath_damage(const Datapath *datapath)
{
    return datapath->damage;
}

/* The folder may be another one by now. */
gboolean datapath_restore_pins(Datapath *datapath, guint *n_restored, GError **error)
{
    const gboolean is_there = g_file_test(datapath->pins, G_FILE_TEST_IS_DIR);

    *n_restored = 0;
    if (g_mkdir_with_parents(datapath->pins, 0700) != 0 ||
        g_mkdir_with_parents(datapath->links, 0700) != 0)
        return datapath_kernel_error(error, errno, "making %s", datapath->pins);
    if (!is_there) {
        close(datapath->lock);
        if (!take_lock(datapath, error))
            return FALSE;
    }
    return kernel_restore_pins(datapath->kernel, n_restored, error) &&
           counters_restore_pins(datapath->counters, n_restored, error);
}

static void slot_clear(Slot *slot)
{
    g_clear_pointer(&slot->entries, g_array_unref);
    g_clear_pointer(&slot->shape, shape_unref);
    memset(slot, 0, sizeof *slot);
}

void datapath_close(Datapath *datapath)
{
    if (!datapath)
        return;
    drops_close(datapath);
    frames_close(datapath);
    for (guint i = 0; i < datapath->n_slots; i++)
        slot_clear(&datapath->slots[i]);
    g_free(datapath->slots);
    counters_free(datapath->counters);
    spans_free(datapath->buckets);
    g_clear_pointer(&datapath->ports, g_hash_table_unref);
    shape_table_free(datapath->shapes);
    kernel_free(datapath->kernel);
    if (datapath->lock >= 0)
        close(datapath->lock);
    g_free(datapath->pins);
    g_free(datapath->links);
    g_free(datapath->damage);
    g_free(datapath);
}

/* ---- slots ---- */

static void delete_entries(const Datapath *datapath, const GArray *entries)
{
    for (guint i = 0; entries && i < entries->len; i++) {
        const SetEntry *entry = &g_array_index(entries, SetEntry, i);
        (void)bpf_map_delete_elem(datapath->kernel->maps[entry->map],
                                  &entry->key); /* twice: gone */
    }
}

void slot_release(Datapath *datapath, guint number)
{
    Slot *slot = &datapath->slots[number];

    delete_entries(datapath, slot->entries);
    if (slot->n_counters > 0)
        counters_give_back(datapath->counters, slot->counters, slot->n_counters);
    if (slot->n_buckets > 0)
        spans_give_back(datapath->buckets, slot->buckets, slot->n_buckets);
    if (slot->has_rest)
        (void)bpf_map_delete_elem(datapath->kernel->maps[KERNEL_ROW_RESTS], &number); /* or none */
    shape_table_drop(datapath->shapes, slot->index);
    slot_clear(slot);
}

static gboolean slot_find_free(Datapath *datapath, guint *slot, GError **error)
{
    for (guint i = 0; i < datapath->n_slots; i++) {
        const guint at = (datapath->next + i) % datapath->n_slots;

        if (datapath->slots[at].state != SLOT_FREE)
            continue;
        datapath->next = at + 1;
        *slot = at;
        return TRUE;
    }
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                "all %u rows are in use, some until what they were replaced by is swept",
                datapath->n_slots);
    return FALSE;
}

static gboolean slot_take_counters(Datapath *datapath, Slot *slot, GError **error)
{
    guint n = 0;

    for (guint way = 0; way < N_WAYS; way++)
        n += slot->shape->verdicts[way]->n_counters;
    if (!counters_take(datapath->counters, n, &slot->counters, error)) {
        g_prefix_error(error, "filter %s: ", slot->shape->programs[WAY_OUT]->name);
        return FALSE;
    }
    slot->n_counters = n;
    slot->first[WAY_OUT] = slot->counters;
    slot->first[WAY_IN] = slot->counters + slot->shape->verdicts[WAY_OUT]->n_counters;
    return TRUE;
}

static gboolean slot_write_entries(Datapath *datapath, const Slot *slot, GError **error)
{
    const __u8 present = 1;

    for (guint i = 0; i < slot->entries->len; i++) {
        const SetEntry *entry = &g_array_index(slot->entries, SetEntry, i);

        if (!kernel_put(datapath->kernel, entry->map, &entry->key, &present, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean slot_take_buckets(Datapath *datapath, Slot *slot, const GArray *buckets,
                                  GError **error)
{
    if (buckets->len == 0)
        return TRUE;
    if (!spans_take(datapath->buckets, buckets->len, &slot->buckets)) {
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "the lists of a port need %u buckets; fewer are free", buckets->len);
        return FALSE;
    }
    slot->n_buckets = buckets->len;
    return kernel_put_array(datapath->kernel, KERNEL_BUCKETS, slot->buckets, buckets, error);
}

static gboolean slot_write_row(Datapath *datapath, guint number, const DatapathPort *port,
                               const PortWords *words, GError **error)
{
    const Slot *slot = &datapath->slots[number];
    struct row row = {
        .port = port->ifindex,
        .flow_quota = datapath->flows,
        .shape = slot->index,
        .n_counters = slot->n_counters,
        .buckets = slot->buckets,
        .n_buckets = slot->n_buckets,
    };
    struct row_rest rest = {0};

    for (guint way = 0; way < N_WAYS; way++) {
        const Verdict *verdict = slot->shape->verdicts[way];

        row.way[way] = (struct row_way){
            .program = shape_table_program(slot->index, way),
            .want = verdict->want,
            .flags = shape_flags(slot->shape, way),
            .counters = slot->first[way],
        };
    }
    g_assert(port->told[1] + LAYOUT_RULES <= G_MAXUINT8);
    for (guint i = 0; port->told[1] > 0 && i < G_N_ELEMENTS(port->told); i++)
        row.way[WAY_OUT].told[i] = (__u8)(LAYOUT_RULES + port->told[i]);
    shape_fill_row(slot->shape, port->bindings, words, &row, &rest);
    if (slot->has_rest && !kernel_put(datapath->kernel, KERNEL_ROW_RESTS, &number, &rest, error))
        return FALSE;
    return kernel_put(datapath->kernel, KERNEL_ROWS, &number, &row, error);
}

/* Where the data path counts the port's connections; what is there already stays. */
static gboolean open_flow_count(Datapath *datapath, guint ifindex, GError **error)
{
    const __u32 none = 0;
    int result = bpf_map_update_elem(datapath->kernel->maps[KERNEL_FLOW_COUNTS], &ifindex, &none,
                                     BPF_NOEXIST);

    return result == 0 || result == -EEXIST ||
           datapath_kernel_error(error, result, "preparing connections of port %u", ifindex);
}

/* All that the slot's row refers to, then the row. */
static gboolean slot_fill(Datapath *datapath, guint number, const DatapathPort *port,
                          GError **error)
{
    Slot *slot = &datapath->slots[number];
    PortWords words;
    gboolean good;

    if ((port->shape->verdicts[WAY_OUT]->has_flows &&
         !open_flow_count(datapath, port->ifindex, error)) ||
        !port_words_init(&words, port->shape, port->bindings, error))
        return FALSE;
    good = slot_take_counters(datapath, slot, error) &&
           slot_take_buckets(datapath, slot, words.buckets, error) &&
           slot_write_entries(datapath, slot, error) &&
           slot_write_row(datapath, number, port, &words, error);
    port_words_clear(&words);
    return good;
}

/* A whole new slot for a port, or none. */
static gboolean slot_prepare(Datapath *datapath, const DatapathPort *port, guint *number,
                             GError **error)
{
    guint index;
    Slot *slot;

    if (!slot_find_free(datapath, number, error) ||
        !shape_table_use(datapath->shapes, port->shape, &index, error))
        return FALSE;
    slot = &datapath->slots[*number];
    slot->state = SLOT_PREPARED;
    slot->ifindex = port->ifindex;
    slot->index = index;
    slot->shape = shape_ref(port->shape);
    slot->entries = shape_entries(port->shape, port->bindings, *number);
    slot->has_rest = shape_has_rest(port->shape);
    if (slot_fill(datapath, *number, port, error))
        return TRUE;
    slot_release(datapath, *number);
    return FALSE;
}

/* ---- changes ---- */

struct DatapathChange {
    Datapath *datapath;
    GArray *slots; /* guint */
};

static DatapathChange *change_new(Datapath *datapath)
{
    DatapathChange *change = g_new(DatapathChange, 1);

    change->datapath = datapath;
    change->slots = g_array_new(FALSE, FALSE, sizeof(guint));
    return change;
}

static void change_free(DatapathChange *change)
{
    g_array_unref(change->slots);
    g_free(change);
}

void datapath_abandon(DatapathChange *change)
{
    if (!change)
        return;
    for (guint i = 0; i < change->slots->len; i++)
        slot_release(change->datapath, g_array_index(change->slots, guint, i));
    change_free(change);
}

static gboolean check_room(const Datapath *datapath, const DatapathPort *ports, guint n_ports,
                           GError **error)
{
    guint bound = g_hash_table_size(datapath->ports);

    for (guint i = 0; i < n_ports; i++)
        if (!g_hash_table_contains(datapath->ports, GUINT_TO_POINTER(ports[i].ifindex)))
            bound++;
    if (bound <= datapath->kernel->sizes.ports)
        return TRUE;
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT, "more than %u ports",
                datapath->kernel->sizes.ports);
    return FALSE;
}

DatapathChange *datapath_prepare(Datapath *datapath, const DatapathPort *ports, guint n_ports,
                                 GError **error)
{
    DatapathChange *change;

    if (!check_room(datapath, ports, n_ports, error))
        return NULL;
    change = change_new(datapath);
    for (guint i = 0; i < n_ports; i++) {
        guint slot;

        if (!slot_prepare(datapath, &ports[i], &slot, error)) {
            datapath_abandon(change);
            return NULL;
        }
        g_array_append_val(change->slots, slot);
    }
    return change;
}

static void slot_retire(Datapath *datapath, guint number)
{
    datapath->slots[number].state = SLOT_RETIRED;
    datapath->slots[number].retired = datapath->round;
}

/* The slot is what its port points to; what was, is retired. */
static void slot_enter(Datapath *datapath, guint number)
{
    Slot *slot = &datapath->slots[number];
    gpointer port = GUINT_TO_POINTER(slot->ifindex);
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(datapath->ports, port));

    if (before > 0)
        slot_retire(datapath, before - 1);
    slot->state = SLOT_LIVE;
    g_hash_table_insert(datapath->ports, port, GUINT_TO_POINTER(number + 1));
}

/* One call for all ports of a map, from `first` on; the kernel says how many it did. */
static gboolean flip(Datapath *datapath, const GArray *slots, KernelMap map, guint first, guint n,
                     guint *done, GError **error)
{
    g_autofree guint *keys = g_new(guint, n), *values = g_new(guint, n);
    LIBBPF_OPTS(bpf_map_batch_opts, options, .elem_flags = BPF_ANY);
    guint count = n;
    int result;

    if (n == 0)
        return TRUE;
    for (guint i = 0; i < n; i++) {
        const guint slot = g_array_index(slots, guint, first + i);

        keys[i] = datapath->slots[slot].ifindex;
        values[i] = slot + 1;
    }
    result = bpf_map_update_batch(datapath->kernel->maps[map], keys, values, &count, &options);
    *done += count;
    return result == 0 || datapath_kernel_error(error, result, "switching %u ports", n);
}

/* Near ports first. Returns how many they are. */
static guint sort_near(const Datapath *datapath, GArray *slots)
{
    GArray *far = g_array_new(FALSE, FALSE, sizeof(guint));
    guint near = 0;

    for (guint i = 0; i < slots->len; i++) {
        const guint slot = g_array_index(slots, guint, i);

        if (kernel_port_map(datapath->slots[slot].ifindex) == KERNEL_NEAR_PORTS)
            g_array_index(slots, guint, near++) = slot;
        else
            g_array_append_val(far, slot);
    }
    g_array_set_size(slots, near);
    g_array_append_vals(slots, far->data, far->len);
    g_array_unref(far);
    return near;
}

gboolean datapath_commit(DatapathChange *change, GError **error)
{
    Datapath *datapath = change->datapath;
    guint done = 0;
    const guint near = sort_near(datapath, change->slots), far = change->slots->len - near;
    gboolean good = flip(datapath, change->slots, KERNEL_NEAR_PORTS, 0, near, &done, error) &&
                    flip(datapath, change->slots, KERNEL_PORTS, near, far, &done, error);

    for (guint i = 0; i < done; i++)
        slot_enter(datapath, g_array_index(change->slots, guint, i));
    g_array_remove_range(change->slots, 0, done);
    datapath_abandon(change);
    return good;
}

gboolean datapath_unbind(Datapath *datapath, guint ifindex, GError **error)
{
    gpointer port = GUINT_TO_POINTER(ifindex);
    guint slot = GPOINTER_TO_UINT(g_hash_table_lookup(datapath->ports, port));
    const guint none = 0;
    int result;

    if (slot == 0)
        return TRUE;
    if (kernel_port_map(ifindex) == KERNEL_NEAR_PORTS)
        result = bpf_map_update_elem(datapath->kernel->maps[KERNEL_NEAR_PORTS], &ifindex, &none,
                                     BPF_ANY);
    else
        result = bpf_map_delete_elem(datapath->kernel->maps[KERNEL_PORTS], &ifindex);
    if (result != 0 && result != -ENOENT)
        return datapath_kernel_error(error, result, "unbinding port %u", ifindex);
    g_hash_table_remove(datapath->ports, port);
    (void)bpf_map_delete_elem(datapath->kernel->maps[KERNEL_FLOW_COUNTS], &ifindex); /* or none */
    slot_retire(datapath, slot - 1);
    return TRUE;
}

gboolean datapath_recognize(Datapath *datapath, guint ifindex, Shape *shape)
{
    guint number =
        GPOINTER_TO_UINT(g_hash_table_lookup(datapath->ports, GUINT_TO_POINTER(ifindex)));
    Slot *slot = &datapath->slots[number - (number > 0)];

    if (number == 0 || !shape_table_is(datapath->shapes, slot->index, shape))
        return FALSE;
    if (!slot->shape)
        slot->shape = shape_ref(shape);
    return TRUE;
}

GArray *datapath_ports(const Datapath *datapath)
{
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(guint));
    GHashTableIter iterator;
    gpointer port;

    g_hash_table_iter_init(&iterator, datapath->ports);
    while (g_hash_table_iter_next(&iterator, &port, NULL)) {
        guint ifindex = GPOINTER_TO_UINT(port);
        g_array_append_val(ports, ifindex);
    }
    return ports;
}

/* ---- sweeping ---- */

guint64 datapath_retire(Datapath *datapath)
{
    return datapath->round++;
}

/* membarrier(2): the global command returns after an RCU grace period, and programs run within
 * RCU's read side. On one CPU there is nothing to wait for and the kernel does not. */
gboolean datapath_wait_grace(GError **error)
{
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
        return TRUE;
    return datapath_kernel_error(error, errno, "waiting for a grace period");
}

gboolean datapath_sweep(Datapath *datapath, guint64 retired, guint most)
{
    for (guint i = 0; i < datapath->n_slots; i++) {
        if (datapath->slots[i].state != SLOT_RETIRED || datapath->slots[i].retired > retired)
            continue;
        if (most-- == 0)
            return FALSE;
        slot_release(datapath, i);
    }
    return TRUE;
}

gboolean datapath_expire_flows(Datapath *datapath, guint *n_expired, GError **error)
{
    guint8 frame[14] = {0};
    struct __sk_buff after = {0};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof frame,
                .ctx_out = &after, .ctx_size_out = sizeof after);
    int result = bpf_prog_test_run_opts(datapath->kernel->programs[KERNEL_EXPIRE_FLOWS], &run);

    if (result != 0)
        return datapath_kernel_error(error, result, "forgetting old connections");
    *n_expired = after.cb[0];
    return TRUE;
}

/* ---- counters ---- */

GArray *datapath_counters(const Datapath *datapath, guint ifindex, guint way)
{
    guint number =
        GPOINTER_TO_UINT(g_hash_table_lookup(datapath->ports, GUINT_TO_POINTER(ifindex)));
    const Slot *slot = &datapath->slots[number - (number > 0)];
    GArray *counters;
    guint end;

    g_assert(way < N_WAYS);
    if (number == 0)
        return NULL;
    end = way == WAY_OUT ? slot->first[WAY_IN] : slot->counters + slot->n_counters;
    counters = g_array_sized_new(FALSE, FALSE, sizeof(guint64), end - slot->first[way]);
    g_array_set_size(counters, end - slot->first[way]);
    counters_read(datapath->counters, slot->first[way], counters->len,
                  (guint64 *)(gpointer)counters->data);
    return counters;
}

gboolean datapath_counters_both(const Datapath *datapath, guint ifindex, GArray *counters,
                                guint *n_from_vm)
{
    guint number =
        GPOINTER_TO_UINT(g_hash_table_lookup(datapath->ports, GUINT_TO_POINTER(ifindex)));
    const Slot *slot = &datapath->slots[number - (number > 0)];

    if (number == 0)
        return FALSE;
    g_array_set_size(counters, slot->n_counters);
    counters_read(datapath->counters, slot->counters, slot->n_counters,
                  (guint64 *)(gpointer)counters->data);
    *n_from_vm = slot->first[WAY_IN] - slot->counters;
    return TRUE;
}

void datapath_counters_hold(const Datapath *datapath)
{
    counters_hold(datapath->counters);
}

void datapath_counters_let_go(const Datapath *datapath)
{
    counters_let_go(datapath->counters);
}

guint datapath_origin_counter(guint origin)
{
    return LAYOUT_RULES + origin;
}

guint datapath_flows(const Datapath *datapath, guint ifindex)
{
    guint count = 0;

    /* a port that never had one has no entry */
    (void)bpf_map_lookup_elem(datapath->kernel->maps[KERNEL_FLOW_COUNTS], &ifindex, &count);
    return count;
}

guint64 datapath_strays(const Datapath *datapath)
{
    guint64 counts[COUNTERS_COMMON];

    counters_read(datapath->counters, 0, COUNTERS_COMMON, counts);
    return counts[VERDICT_NO_ROW] + counts[VERDICT_NO_PROGRAM];
}
