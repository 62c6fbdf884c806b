/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filtering costs. Frames are put in at a port of a bridge by XDP live-frame test runs (Linux
 * 5.18) and forwarded to others; cases take turns, and a figure is the median over all rounds; a
 * ratio is that of two cases in one round. Needs root. usage: bench-datapath STOCK OWN RULES
 * [PART]...
 *
 * STOCK, OWN: folders of filters. RULES: the script that asks libvirt for its own rules. PART: of
 * the table below; all without.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "kernel/wire.h"
#include "lane.h"

/* The file that they are in; the caller frees. Before the namespaces: libvirtd has its own. */
static char *rules_of_libvirt(const char *script, const char *own)
{
    char *path = g_strdup("/tmp/stock-rules-XXXXXX");
    g_autofree char *command = NULL;
    int file = g_mkstemp(path);

    g_assert_cmpint(file, >=, 0);
    close(file);
    command =
        g_strdup_printf("/usr/bin/python3 '%s' '%s' vdsm-no-mac-spoofing 3 %s", script, own, path);
    wire_run(command);
    return path;
}

static const struct {
    const char *name;
    void (*run)(const char *rules);
} parts[] = {
    {"frames", bench_frames},   {"many", bench_many},     {"flood", bench_flood},
    {"binding", bench_binding}, {"memory", bench_memory},
};

static gboolean is_asked_for(const char *name, int argc, char **argv)
{
    gboolean is_named = argc == 4;

    for (int i = 4; i < argc; i++)
        is_named = is_named || strcmp(name, argv[i]) == 0;
    return is_named;
}

int main(int argc, char **argv)
{
    g_assert_cmpint(argc, >=, 4);
    setvbuf(stdout, NULL, _IOLBF, 0);
    g_autofree char *rules = rules_of_libvirt(argv[3], argv[2]);
    lane_open(argv[1], argv[2]);
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (is_asked_for(parts[i].name, argc, argv))
            parts[i].run(rules);
    lane_close();
    (void)unlink(rules); /* it was there */
    return 0;
}
