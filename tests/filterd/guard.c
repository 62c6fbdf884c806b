/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others do to the host: hooks taken away, files of filters written, devices replaced while
 * nobody looked. usage: guard STOCK OWN tcx|clsact
 */
#include <glib/gstdio.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "../kernel/wire.h"
#include "host.h"

#define FILTER_FILE HOST_FILTERS "/theirs.xml"

static void write_filter(const char *text)
{
    g_assert_true(g_file_set_contents(FILTER_FILE, text, -1, NULL));
}

/* ---- hooks ---- */

/* As a careless administrator does. */
static void take_hooks_away(guint ifindex)
{
    g_autofree char *pins =
        g_strdup_printf("sh -c 'rm %s/*-links/%u-*'", host_settings.datapath.pins, ifindex);

    if (host_settings.datapath.hook == DATAPATH_HOOK_CLSACT)
        wire_run("tc qdisc del dev p1 clsact");
    else
        wire_run(pins);
}

static void test_hooks(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    take_hooks_away(if_nametoindex("p1"));
    g_assert_true(host_reports(filterd, "took a port's hook away"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(host_arrivals(ALL OWN "88b5 0001"), ==, 1);
}

/* ---- the folder of filters ---- */

static const char open_text[] = "<filter name='theirs'><rule action='accept' direction='inout'/>"
                                "</filter>";
static const char closed_text[] =
    "<filter name='theirs'><rule action='drop' direction='out'><mac protocolid='0x88b5'/></rule>"
    "</filter>";

static gboolean has_rules(const Filterd *filterd, guint n)
{
    const Filter *filter = catalogue_lookup(filterd_catalogue(filterd), "theirs");

    return n == 0 ? !filter : filter && filter->entries->len == n;
}

static void run_until_rules(Filterd *filterd, guint n)
{
    const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (!has_rules(filterd, n) && g_get_monotonic_time() < end)
        (void)g_main_context_iteration(NULL, TRUE);
    g_assert_true(has_rules(filterd, n));
}

static void test_folder(Filterd *filterd)
{
    static const char two_rules[] =
        "<filter name='theirs'><rule action='drop' direction='out'><mac protocolid='0x88b5'/>"
        "</rule><rule action='accept' direction='inout'/></filter>";
    g_autoptr(GError) error = NULL;

    write_filter(open_text);
    run_until_rules(filterd, 1);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_nonnull(host_bind(filterd, "p1", "theirs", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    write_filter(two_rules);
    run_until_rules(filterd, 2);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    write_filter("<filter name='theirs'><rule"); /* half of it */
    g_assert_true(host_reports(filterd, "theirs.xml"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    write_filter(closed_text);
    run_until_rules(filterd, 1);
    g_assert_false(host_has_problem(filterd, "theirs.xml"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpint(g_unlink(FILTER_FILE), ==, 0);
    g_assert_true(host_reports(filterd, "its file is gone"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
}

/* Nobody uses it any more, so it goes with its file. */
static void test_unused(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    filterd_reload(filterd);
    g_assert_true(has_rules(filterd, 0));
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
}

/* ---- devices ---- */

static void add_device(const char *name, guint ifindex)
{
    g_autofree char *line = g_strdup_printf("ip link add %s index %u type bridge", name, ifindex);

    wire_run(line);
}

static guint index_of(const Filterd *filterd, const char *name)
{
    g_auto(FilterdPort) port = {0};

    g_assert_true(filterd_port_lookup(filterd, name, &port, NULL));
    return port.ifindex;
}

/* A number that was a bound device's is a way in for no other. */
static void test_reuse(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    add_device("q1", 1001);
    g_assert_nonnull(host_bind(filterd, "q1", "vdsm-no-mac-spoofing", &error));
    wire_run("ip link del q1");
    add_device("q2", 1001);
    g_assert_nonnull(host_bind(filterd, "q2", "vdsm-no-mac-spoofing", &error)); /* unheard of yet */
    g_assert_no_error(error);
    g_assert_true(host_reaches(filterd, "q1", FILTERD_GONE));
    g_assert_true(host_reaches(filterd, "q1", HOST_FORGOTTEN));
    g_assert_cmpuint(index_of(filterd, "q2"), ==, 1001);
    g_assert_true(host_reaches(filterd, "q2", FILTERD_FILTERED));
    wire_run("ip link del q2");
    add_device("q3", 1001);
    g_assert_true(host_reaches(filterd, "q2", FILTERD_GONE));
    add_device("q2", 1002);
    g_assert_true(host_reaches(filterd, "q2", FILTERD_FILTERED));
    g_assert_cmpuint(index_of(filterd, "q2"), ==, 1002);
    wire_run("ip link del q2");
    wire_run("ip link del q3");
}

/* More events than the socket holds: what they said is seen all the same. */
static void test_overrun(Filterd *filterd)
{
    GString *lines = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(host_reaches(filterd, "q2", HOST_FORGOTTEN));
    g_assert_nonnull(host_bind(filterd, "q4", "vdsm-no-mac-spoofing", &error));
    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    for (guint i = 0; i < 20000; i++)
        g_string_append_printf(lines, "link set g2 alias a%u\n", i);
    g_string_append(lines, "link add q4 type bridge\nlink del p1\n");
    g_assert_true(g_file_set_contents("/mnt/lines", lines->str, -1, NULL));
    g_string_free(lines, TRUE);
    wire_run("ip -batch /mnt/lines");
    g_assert_true(host_reports(filterd, "events of devices were lost"));
    g_assert_true(host_reaches(filterd, "q4", FILTERD_FILTERED));
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
}

int main(int argc, char **argv)
{
    Filterd *filterd;

    g_assert_cmpint(argc, ==, 4);
    host_enter(argv[1], argv[2], argv[3]);
    filterd = host_start();
    test_hooks(filterd);
    test_folder(filterd);
    test_unused(filterd);
    test_reuse(filterd);
    test_overrun(filterd);
    filterd_free(filterd);
    printf("hooks, files and devices are seen to change\n");
    return 0;
}
