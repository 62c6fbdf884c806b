/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "datapath/bpf/layout.h"
#include "lane.h"

#define FAKE 50000 /* ifindex of ports that are rows only */
#define HOOKED 1000

/* What the kernel says that a map or program takes; 0 when it is neither. */
static guint64 descriptor_memory(int descriptor)
{
    g_autofree char *info = g_strdup_printf("/proc/self/fdinfo/%d", descriptor), *text = NULL;
    const char *at;

    if (!g_file_get_contents(info, &text, NULL, NULL))
        return 0;
    at = strstr(text, "memlock:");
    return at ? g_ascii_strtoull(at + strlen("memlock:"), NULL, 10) : 0;
}

static guint64 pin_memory(const char *path)
{
    int pin = bpf_obj_get(path);
    guint64 memory = pin < 0 ? 0 : descriptor_memory(pin);

    if (pin >= 0)
        close(pin);
    return memory;
}

static guint64 all_memory(gboolean is_printing)
{
    g_autofree char *directory = g_strdup_printf("%s/%d", lane_pins(), LAYOUT_VERSION);
    g_autoptr(GDir) pins = g_dir_open(directory, 0, NULL);
    guint64 all = 0, chunks = 0; /* of counters: each is pinned */

    for (const char *name; (name = g_dir_read_name(pins));) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        guint64 memory = pin_memory(path);

        if (g_str_has_prefix(name, "counters-"))
            chunks += memory;
        else if (memory > 0 && is_printing)
            printf("memory_%s %" G_GUINT64_FORMAT " octets\n", name, memory);
        all += memory;
    }
    if (is_printing)
        printf("memory_counter_chunks %" G_GUINT64_FORMAT " octets\n", chunks);
    return all;
}

/* ---- ports ---- */

static void bind_all(const Bound *bound)
{
    g_autofree DatapathPort *ports = g_new0(DatapathPort, LANE_CAPACITY);
    double unused;

    for (guint i = 0; i < LANE_CAPACITY; i++)
        ports[i] = (DatapathPort){FAKE + i, bound->shape, {bound->bindings[0], bound->bindings[1]}};
    lane_bind(ports, LANE_CAPACITY, &unused, &unused);
}

/* ---- hooks ---- */

static guint64 kernel_memory(void)
{
    g_autofree char *text = NULL;
    const char *at;

    g_assert_true(g_file_get_contents("/proc/meminfo", &text, NULL, NULL));
    at = strstr(text, "\nSlab:");
    g_assert_nonnull(at);
    return 1024 * g_ascii_strtoull(at + strlen("\nSlab:"), NULL, 10);
}

static double hook_memory(void)
{
    guint64 before = kernel_memory();

    for (guint port = 1; port <= HOOKED; port++)
        g_assert_true(datapath_attach(lane_datapath(), lane_ifindex(port), NULL));
    return ((double)kernel_memory() - (double)before) / HOOKED;
}

void bench_memory(G_GNUC_UNUSED const char *rules)
{
    Bound bound;

    printf("memory_per_port_of_%d_when_empty %.0f octets\n", LANE_CAPACITY,
           (double)all_memory(FALSE) / LANE_CAPACITY);
    lane_bound_init(&bound, "vdsm-no-mac-spoofing", 1, 1);
    bind_all(&bound);
    printf("memory_per_port_of_%d %.0f octets\n", LANE_CAPACITY,
           (double)all_memory(TRUE) / LANE_CAPACITY);
    bind_all(&bound); /* what is replaced is there until it is swept */
    printf("memory_per_port_of_%d_redefined_at_once %.0f octets\n", LANE_CAPACITY,
           (double)all_memory(FALSE) / LANE_CAPACITY);
    for (guint i = 0; i < LANE_CAPACITY; i++)
        g_assert_true(datapath_unbind(lane_datapath(), FAKE + i, NULL));
    lane_sweep();
    bound_clear(&bound);
    printf("memory_hooks_per_port %.0f octets\n", hook_memory());
    for (guint port = 1; port <= HOOKED; port++)
        g_assert_true(datapath_detach(lane_datapath(), lane_ifindex(port), NULL));
}
