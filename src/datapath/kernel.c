/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datapath/object.h"

#define LOG_SIZE (1u << 20) /* of the verifier's log, of which the last lines are told */

static const char *const map_names[N_KERNEL_MAPS] = {
    [KERNEL_NEAR_PORTS] = "near_ports",
    [KERNEL_PORTS] = "ports",
    [KERNEL_ROWS] = "rows",
    [KERNEL_ROW_RESTS] = "row_rests",
    [KERNEL_BUCKETS] = "buckets",
    [KERNEL_COUNTERS] = "counters",
    [KERNEL_SCRATCHES] = "scratches",
    [KERNEL_DROP_RATES] = "drop_rates",
    [KERNEL_PROGRAMS] = "programs",
    [KERNEL_SETS] = "sets",
    [KERNEL_LARGE_SETS] = "large_sets",
    [KERNEL_PREFIXES] = "prefixes",
    [KERNEL_LARGE_PREFIXES] = "large_prefixes",
    [KERNEL_DROPS] = "drops",
    [KERNEL_FRAMES] = "frames",
    [KERNEL_FLOW_COUNTS] = "flow_counts",
    [KERNEL_FLOWS] = "flows",
    [KERNEL_CONNECTIONS] = "connections",
    [KERNEL_SHAPES] = "shapes",
};

/* `entry`: where it is in the table of programs; 0 for the others. */
static const struct {
    const char *name;
    guint entry;
} program_rows[N_KERNEL_PROGRAMS] = {
    [KERNEL_DISPATCH_OUT] = {"dispatch_out", 0},
    [KERNEL_DISPATCH_IN] = {"dispatch_in", 0},
    [KERNEL_UNWRAP] = {"unwrap", PROGRAM_UNWRAP},
    [KERNEL_DROPPED] = {"dropped", PROGRAM_DROPPED},
    [KERNEL_FLOW] = {"flow", PROGRAM_FLOW},
    [KERNEL_FLOW_INSIDE] = {"flow_inside", PROGRAM_FLOW_INSIDE},
    [KERNEL_EXPIRE_FLOWS] = {"expire_flows", 0},
    [KERNEL_REPLAY] = {"replay", 0},
    [KERNEL_PASSED] = {"passed", PROGRAM_PASSED},
    [KERNEL_CLOSED] = {"closed", 0},
};

static Kernel *kernel_empty(void)
{
    Kernel *kernel = g_new0(Kernel, 1);

    memset(kernel->maps, -1, sizeof kernel->maps);
    memset(kernel->programs, -1, sizeof kernel->programs);
    return kernel;
}

void kernel_free(Kernel *kernel)
{
    if (!kernel)
        return;
    for (guint i = 0; i < N_KERNEL_MAPS; i++)
        if (kernel->maps[i] >= 0)
            close(kernel->maps[i]);
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++)
        if (kernel->programs[i] >= 0)
            close(kernel->programs[i]);
    g_free(kernel->directory);
    g_free(kernel);
}

gboolean kernel_put(const Kernel *kernel, KernelMap map, gconstpointer key, gconstpointer value,
                    GError **error)
{
    int result = bpf_map_update_elem(kernel->maps[map], key, value, BPF_ANY);

    if (result == -E2BIG || result == -ENOSPC) {
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT, "the map %s is full",
                    map_names[map]);
        return FALSE;
    }
    return result == 0 || datapath_kernel_error(error, result, "writing %s", map_names[map]);
}

gboolean kernel_put_array(const Kernel *kernel, KernelMap map, guint first, const GArray *values,
                          GError **error)
{
    LIBBPF_OPTS(bpf_map_batch_opts, options, .elem_flags = BPF_ANY);
    g_autofree guint *keys = g_new(guint, values->len);
    guint count = values->len;
    int result;

    for (guint i = 0; i < values->len; i++)
        keys[i] = first + i;
    result = bpf_map_update_batch(kernel->maps[map], keys, values->data, &count, &options);
    return result == 0 || datapath_kernel_error(error, result, "writing %s", map_names[map]);
}

KernelMap kernel_port_map(guint ifindex)
{
    return ifindex < NEAR_PORTS ? KERNEL_NEAR_PORTS : KERNEL_PORTS;
}

guint kernel_cpus(void)
{
    return (guint)MAX(1, libbpf_num_possible_cpus());
}

/* ---- loading ---- */

static guint map_size(KernelMap map, const KernelSizes *sizes)
{
    switch (map) {
    case KERNEL_PORTS:
    case KERNEL_FLOW_COUNTS:
        return sizes->ports;
    case KERNEL_FLOWS:
        return sizes->flows;
    case KERNEL_CONNECTIONS:
        return MAX(1, sizes->flows / 4);
    case KERNEL_ROWS:
    case KERNEL_ROW_RESTS:
    case KERNEL_DROP_RATES:
        return 2 * sizes->ports;
    case KERNEL_COUNTERS:
        return sizes->counters;
    case KERNEL_BUCKETS:
        return sizes->buckets;
    case KERNEL_PROGRAMS:
    case KERNEL_SHAPES:
        return FIRST_SHAPE + MAX(sizes->programs, N_WAYS * NEAR_SHAPES);
    case KERNEL_SETS:
    case KERNEL_PREFIXES:
        return sizes->entries;
    case KERNEL_LARGE_SETS:
    case KERNEL_LARGE_PREFIXES:
        return MAX(1, sizes->entries / 4);
    case KERNEL_NEAR_PORTS:
    case KERNEL_SCRATCHES:
    case KERNEL_DROPS:
    case KERNEL_FRAMES:
    case N_KERNEL_MAPS:
        return 0; /* as the object has it */
    }
    g_assert_not_reached();
}

static void object_resize(struct bpf_object *object, const KernelSizes *sizes)
{
    for (KernelMap i = 0; i < N_KERNEL_MAPS; i++) {
        struct bpf_map *map = bpf_object__find_map_by_name(object, map_names[i]);

        if (map_size(i, sizes) > 0)
            (void)bpf_map__set_max_entries(map, map_size(i, sizes)); /* it is not loaded yet */
    }
}

static gboolean keep(int *kept, int descriptor, const char *name, GError **error)
{
    *kept = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return *kept >= 0 || datapath_kernel_error(error, errno, "keeping %s", name);
}

/* The object's descriptors as ours, so that the object can go. */
static gboolean kernel_take(Kernel *kernel, struct bpf_object *object, GError **error)
{
    for (guint i = 0; i < N_KERNEL_MAPS; i++)
        if (!keep(&kernel->maps[i], bpf_object__find_map_fd_by_name(object, map_names[i]),
                  map_names[i], error))
            return FALSE;
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++)
        if (!keep(&kernel->programs[i],
                  bpf_program__fd(bpf_object__find_program_by_name(object, program_rows[i].name)),
                  program_rows[i].name, error))
            return FALSE;
    return TRUE;
}

static gboolean kernel_fill_table(Kernel *kernel, GError **error)
{
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++)
        if (program_rows[i].entry > 0 &&
            !kernel_put(kernel, KERNEL_PROGRAMS, &program_rows[i].entry, &kernel->programs[i],
                        error))
            return FALSE;
    return TRUE;
}

/* The last lines of the verifier's log. */
static const char *last_words(char *log)
{
    guint lines = 0;

    g_strchomp(log);
    for (char *at = log + strlen(log); at > log; at--)
        if (*at == '\n' && ++lines == 4)
            return at + 1;
    return log;
}

static struct bpf_object *object_load(const KernelSizes *sizes, GError **error)
{
    g_autofree char *log = g_malloc0(LOG_SIZE);
    LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = log, .kernel_log_size = LOG_SIZE);
    struct bpf_object *object;
    const char *words;
    int result;

    libbpf_set_print(NULL); /* what it has to say comes back as errors */
    object = bpf_object__open_mem(datapath_object, datapath_object_size, &options);
    if (!object) {
        datapath_kernel_error(error, errno, "reading the data path's own programs");
        return NULL;
    }
    object_resize(object, sizes);
    result = bpf_object__load(object);
    if (result == 0)
        return object;
    words = last_words(log); /* of the verifier; none when it was not even asked */
    datapath_kernel_error(error, result, "the kernel refuses the data path's programs%s%s%s",
                          *words ? " (" : "", words, *words ? ")" : "");
    bpf_object__close(object);
    return NULL;
}

Kernel *kernel_load(const KernelSizes *sizes, GError **error)
{
    g_autoptr(Kernel) kernel = kernel_empty();
    struct bpf_object *object = object_load(sizes, error);
    gboolean good;

    if (!object)
        return NULL;
    kernel->sizes = *sizes;
    good = kernel_take(kernel, object, error) && kernel_fill_table(kernel, error);
    bpf_object__close(object);
    return good ? g_steal_pointer(&kernel) : NULL;
}

/* ---- pins ---- */

const char *kernel_pin_name(guint number)
{
    if (number < N_KERNEL_MAPS)
        return map_names[number];
    number -= N_KERNEL_MAPS;
    return number < N_KERNEL_PROGRAMS ? program_rows[number].name : NULL;
}

static gboolean pin_one(const char *directory, const char *name, int descriptor, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int result = bpf_obj_pin(descriptor, path);

    return result == 0 || datapath_kernel_error(error, result, "pinning %s", path);
}

static gboolean pin_all(const Kernel *kernel, const char *directory, GError **error)
{
    for (guint i = 0; i < N_KERNEL_MAPS; i++)
        if (!pin_one(directory, map_names[i], kernel->maps[i], error))
            return FALSE;
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++)
        if (!pin_one(directory, program_rows[i].name, kernel->programs[i], error))
            return FALSE;
    return TRUE;
}

/* Half a set of pins, left by who was stopped while making it. Nothing uses it. */
static void remove_pins(const char *directory)
{
    for (guint i = 0; i < N_KERNEL_MAPS; i++) {
        g_autofree char *path = g_build_filename(directory, map_names[i], NULL);
        (void)unlink(path); /* most are not there */
    }
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++) {
        g_autofree char *path = g_build_filename(directory, program_rows[i].name, NULL);
        (void)unlink(path);
    }
    (void)rmdir(directory); /* if it stays, mkdir says so */
}

static Kernel *kernel_make(const char *directory, const KernelSizes *sizes, GError **error)
{
    g_autofree char *fresh = g_strconcat(directory, "-new", NULL); /* no dots there */
    g_autoptr(Kernel) kernel = kernel_load(sizes, error);

    if (!kernel)
        return NULL;
    remove_pins(fresh);
    if (g_mkdir_with_parents(fresh, 0700) != 0) {
        datapath_kernel_error(error, errno, "making %s", fresh);
        return NULL;
    }
    if (!pin_all(kernel, fresh, error))
        return NULL;
    if (rename(fresh, directory) != 0) {
        datapath_kernel_error(error, errno, "naming %s", directory);
        return NULL;
    }
    return g_steal_pointer(&kernel);
}

static gboolean get_one(const char *directory, const char *name, int *descriptor, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    *descriptor = bpf_obj_get(path);
    if (*descriptor >= 0)
        return TRUE;
    if (errno != ENOENT) /* it may be there */
        return datapath_kernel_error(error, errno, "opening pin %s", path);
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_STATE, "pin %s: %s", path, g_strerror(errno));
    return FALSE;
}

static gboolean read_size(int map, guint *size, GError **error)
{
    struct bpf_map_info info = {0};
    __u32 length = sizeof info;
    int result = bpf_obj_get_info_by_fd(map, &info, &length);

    if (result != 0)
        return datapath_kernel_error(error, result, "asking for a map's size");
    *size = info.max_entries;
    return TRUE;
}

static gboolean read_sizes(Kernel *kernel, GError **error)
{
    if (!read_size(kernel->maps[KERNEL_PORTS], &kernel->sizes.ports, error) ||
        !read_size(kernel->maps[KERNEL_PROGRAMS], &kernel->sizes.programs, error) ||
        !read_size(kernel->maps[KERNEL_COUNTERS], &kernel->sizes.counters, error) ||
        !read_size(kernel->maps[KERNEL_BUCKETS], &kernel->sizes.buckets, error) ||
        !read_size(kernel->maps[KERNEL_SETS], &kernel->sizes.entries, error) ||
        !read_size(kernel->maps[KERNEL_FLOWS], &kernel->sizes.flows, error))
        return FALSE;
    kernel->sizes.programs -= FIRST_SHAPE;
    return TRUE;
}

static Kernel *kernel_find(const char *directory, GError **error)
{
    g_autoptr(Kernel) kernel = kernel_empty();

    for (guint i = 0; i < N_KERNEL_MAPS; i++)
        if (!get_one(directory, map_names[i], &kernel->maps[i], error))
            return NULL;
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++)
        if (!get_one(directory, program_rows[i].name, &kernel->programs[i], error))
            return NULL;
    return read_sizes(kernel, error) ? g_steal_pointer(&kernel) : NULL;
}

Kernel *kernel_open(const char *directory, const KernelSizes *sizes, gboolean *is_new,
                    GError **error)
{
    Kernel *kernel;

    *is_new = !g_file_test(directory, G_FILE_TEST_IS_DIR);
    kernel = *is_new ? kernel_make(directory, sizes, error) : kernel_find(directory, error);
    if (kernel)
        kernel->directory = g_strdup(directory);
    return kernel;
}

gboolean kernel_restore_pin(const Kernel *kernel, const char *name, int descriptor, guint *restored,
                            GError **error)
{
    g_autofree char *path = g_build_filename(kernel->directory, name, NULL);

    if (access(path, F_OK) == 0)
        return TRUE;
    if (!pin_one(kernel->directory, name, descriptor, error))
        return FALSE;
    ++*restored;
    return TRUE;
}

gboolean kernel_restore_pins(const Kernel *kernel, guint *restored, GError **error)
{
    for (guint i = 0; i < N_KERNEL_MAPS; i++)
        if (!kernel_restore_pin(kernel, map_names[i], kernel->maps[i], restored, error))
            return FALSE;
    for (guint i = 0; i < N_KERNEL_PROGRAMS; i++)
        if (!kernel_restore_pin(kernel, program_rows[i].name, kernel->programs[i], restored, error))
            return FALSE;
    return TRUE;
}

gboolean kernel_pin(const Kernel *kernel, const char *name, int map, GError **error)
{
    g_autofree char *path = NULL;

    if (!kernel->directory)
        return TRUE;
    path = g_build_filename(kernel->directory, name, NULL);
    (void)unlink(path); /* seldom is anything there */
    return pin_one(kernel->directory, name, map, error);
}

int kernel_pinned(const Kernel *kernel, const char *name)
{
    g_autofree char *path = NULL;

    if (!kernel->directory)
        return -1;
    path = g_build_filename(kernel->directory, name, NULL);
    return bpf_obj_get(path);
}

/* ---- verdicts ---- */

static int code_map_fd(const Kernel *kernel, CodeMap map)
{
    for (guint i = 0; i < N_KERNEL_MAPS; i++)
        if (strcmp(map_names[i], code_map_name(map)) == 0)
            return kernel->maps[i];
    g_assert_not_reached();
}

static GArray *code_relocate(const Kernel *kernel, const Code *code)
{
    GArray *instructions = g_array_copy(code->instructions);

    for (guint i = 0; i < code->references->len; i++) {
        const CodeReference *reference = &g_array_index(code->references, CodeReference, i);

        g_array_index(instructions, struct bpf_insn, reference->at).imm =
            code_map_fd(kernel, reference->map);
    }
    return instructions;
}

static void explain_refusal(const GArray *instructions, const char *name, GError **error)
{
    g_autofree char *log = g_malloc0(LOG_SIZE);
    LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = LOG_SIZE, .log_level = 1);
    int descriptor = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL",
                                   (const struct bpf_insn *)(gconstpointer)instructions->data,
                                   instructions->len, &options);

    if (descriptor >= 0)
        close(descriptor);
    datapath_kernel_error(error, errno, "the kernel refuses a program of %u instructions (%s)",
                          instructions->len, last_words(log));
}

int kernel_load_code(const Kernel *kernel, const Code *code, const char *name, GError **error)
{
    g_autoptr(GArray) instructions = code_relocate(kernel, code);
    int descriptor = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL",
                                   (const struct bpf_insn *)(gconstpointer)instructions->data,
                                   instructions->len, NULL);

    if (descriptor < 0)
        explain_refusal(instructions, name, error);
    return descriptor;
}
