/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's core without a socket: binding, unbinding, redefining, starting, memory; alone in
 * namespaces. usage: bench-filterd STOCK OWN PORTS
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datapath/expedite.h"
#include "filterd/filterd.h"
#include "kernel/wire.h"
#include "nwfilter/catalogue-dir.h"

#define LAST 500 /* binds of which the times are printed, with all others present */

#define ROUNDS 15

static FilterdSettings settings;

static void copy_filters(const char *stock, const char *own, const char *to)
{
    g_autoptr(Catalogue) filters = catalogue_new();
    g_autoptr(GPtrArray) problems = NULL, own_problems = NULL;
    g_autofree const char **names = NULL;

    g_assert_true(catalogue_load(filters, stock, CATALOGUE_LOAD_NONE, &problems, NULL));
    g_assert_true(catalogue_load(filters, own, CATALOGUE_LOAD_KEEP, &own_problems, NULL));
    names = catalogue_names(filters);
    for (const char **name = names; *name; name++)
        g_assert_true(catalogue_save(filters, *name, to, NULL));
}

static void make_devices(guint n)
{
    GString *lines = g_string_new(NULL);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(lines, "tuntap add d%u mode tap\nlink set d%u group 77\n", i, i);
    g_assert_true(g_file_set_contents("/mnt/devices", lines->str, -1, NULL));
    g_string_free(lines, TRUE);
    wire_run("ip -batch /mnt/devices");
}

/* At once, and not one by one with their namespace: of each the kernel waits for grace periods with
 * a lock that all network configuration of the machine needs. */
static void remove_devices(void)
{
    Expedite expedite;

    expedite_begin(&expedite);
    wire_run("ip link del group 77");
    expedite_end(&expedite);
}

/* KiB of memory that is the process's alone. */
static guint64 memory(void)
{
    g_autofree char *text = NULL;
    const char *at;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    at = strstr(text, "VmRSS:");
    return g_ascii_strtoull(at + strlen("VmRSS:"), NULL, 10);
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static void print_times(const char *what, double *ms, guint n)
{
    qsort(ms, n, sizeof *ms, compare);
    printf("%s_p50 %.3f ms\n%s_p99 %.3f ms\n", what, ms[n / 2], what, ms[n * 99 / 100]);
}

static double since(gint64 begin)
{
    return (double)(g_get_monotonic_time() - begin) / 1000;
}

static double bind_one(Filterd *filterd, guint number)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = g_strdup_printf(
        "<filterbinding><owner><name>vm-%u</name><uuid>d54df46f-1ab5-4a22-8618-%012x</uuid></owner>"
        "<portdev name='d%u'/><mac address='52:54:00:00:%02x:%02x'/>"
        "<filterref filter='vdsm-no-mac-spoofing'/></filterbinding>",
        number, number, number, number >> 8, number & 0xff);
    gint64 begin = g_get_monotonic_time();

    (void)filterd_binding_create(filterd, xml, strlen(xml), &error);
    g_assert_no_error(error);
    return since(begin);
}

static double unbind_one(Filterd *filterd, guint number)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("d%u", number);
    gint64 begin = g_get_monotonic_time();

    (void)filterd_binding_delete(filterd, name, &error);
    g_assert_no_error(error);
    return since(begin);
}

/* The thread's own time: what others on the machine do is not in it. */
static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

static void settle(Filterd *filterd, guint ms)
{
    const gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;

    while (g_get_monotonic_time() < end)
        (void)g_main_context_iteration(NULL, TRUE);
}

/* The filter that all ports have through an include, with another rule. */
static double redefine(Filterd *filterd, guint round, double *cpu)
{
    const char *uuid = catalogue_uuid(filterd_catalogue(filterd), "no-mac-spoofing");
    g_autofree char *text =
        g_strdup_printf("<filter name='no-mac-spoofing' chain='mac' priority='-800'><uuid>%s</uuid>"
                        "<rule action='return' direction='out'><mac srcmacaddr='$MAC'/></rule>"
                        "<rule action='drop' direction='out' priority='%u'><mac/></rule></filter>",
                        uuid, 600 + round);
    g_autoptr(GError) error = NULL;
    gint64 begin = g_get_monotonic_time();

    *cpu = cpu_ms();
    (void)filterd_define(filterd, text, strlen(text), &error);
    g_assert_no_error(error);
    *cpu = cpu_ms() - *cpu;
    return since(begin);
}

static void measure_redefine(Filterd *filterd)
{
    double ms[ROUNDS], cpu[ROUNDS];

    for (guint round = 0; round < ROUNDS; round++) {
        ms[round] = redefine(filterd, round, &cpu[round]);
        settle(filterd, 300);
    }
    print_times("redefine", ms, ROUNDS);
    qsort(cpu, ROUNDS, sizeof *cpu, compare);
    printf("redefine_cpu_p50 %.2f ms\n", cpu[ROUNDS / 2]);
}

static void measure(Filterd **filterd, guint n)
{
    g_autofree double *ms = g_new(double, n), *last = g_new(double, LAST);
    g_autoptr(GError) error = NULL;
    guint64 before;
    double cpu;
    gint64 begin;

    settle(*filterd, 300);
    before = memory();
    printf("memory_at_rest %.1f MiB\n", (double)before / 1024);
    cpu = cpu_ms();
    for (guint i = 0; i < n; i++) {
        ms[i] = bind_one(*filterd, i);
        (void)g_main_context_iteration(NULL, FALSE);
    }
    printf("create_mean_cpu %.3f ms\n", (cpu_ms() - cpu) / n);
    memcpy(last, ms + n - LAST, LAST * sizeof *last);
    print_times("create", last, LAST);
    settle(*filterd, 300);
    printf("memory_per_binding %.2f KiB\n", (double)(memory() - before) / n);
    measure_redefine(*filterd);
    filterd_free(*filterd);
    begin = g_get_monotonic_time();
    cpu = cpu_ms();
    *filterd = filterd_new(&settings, &error);
    g_assert_no_error(error);
    printf("restart %.1f ms\nrestart_cpu %.1f ms\n", since(begin), cpu_ms() - cpu);
    for (guint i = 0; i < LAST; i++)
        last[i] = unbind_one(*filterd, i);
    print_times("delete", last, LAST);
    for (guint i = 0; i < LAST; i++)
        last[i] = bind_one(*filterd, i);
    print_times("create_again", last, LAST);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Filterd *filterd;
    guint n;

    g_assert_cmpint(argc, ==, 4);
    n = (guint)atoi(argv[3]);
    settings.datapath = (DatapathConfig){.ports = 16384, .pins = wire_enter()};
    wire_run("mount -t tmpfs none /mnt"); /* a mount namespace of our own */
    g_assert_cmpint(g_mkdir("/mnt/filters", 0700), ==, 0);
    settings.filters = "/mnt/filters";
    settings.state = "/mnt/state";
    settings.grace_ms = 60000;
    copy_filters(argv[1], argv[2], settings.filters);
    make_devices(n);
    filterd = filterd_new(&settings, &error);
    g_assert_no_error(error);
    g_log_set_debug_enabled(FALSE);
    printf("ports %u ports\n", n);
    measure(&filterd, n);
    filterd_free(filterd);
    remove_devices();
    return 0;
}
