/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others do to the host: hooks taken away, files of filters written, devices replaced while
 * nobody looked. usage: guard STOCK OWN tcx|clsact
 */
#include <bpf/bpf.h>
#include <glib/gstdio.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../kernel/wire.h"
#include "datapath/bpf/layout.h"
#include "datapath/kernel.h"
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

static gboolean is_restored_within(Filterd *filterd, guint restored, guint ms)
{
    const gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;

    while (filterd_figures(filterd).hooks_restored < restored && g_get_monotonic_time() < end)
        (void)g_main_context_iteration(NULL, FALSE);
    return filterd_figures(filterd).hooks_restored == restored;
}

/* Seen at once and not only when the audit comes by: five times of which that would do one or two.
 */
static void test_hooks(Filterd *filterd)
{
    const guint ifindex = if_nametoindex("p1");
    guint at_once = 0;
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    for (guint i = 1; i <= 5; i++) {
        take_hooks_away(ifindex);
        at_once += is_restored_within(filterd, i, 50);
        g_assert_true(is_restored_within(filterd, i, 10000));
    }
    g_assert_cmpuint(at_once, >=, 3);
    g_assert_true(host_reports(filterd, "took a port's hook away"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(host_arrivals(ALL OWN "88b5 0001"), ==, 1);
}

static int open_link(guint ifindex)
{
    g_autofree char *path =
        g_strdup_printf("%s/%u-links/%u-out", host_settings.datapath.pins, LAYOUT_VERSION, ifindex);
    int link = bpf_obj_get(path);

    g_assert_cmpint(link, >=, 0);
    return link;
}

/* What the link runs is from now on a program that passes all. */
static void replace_program(int link)
{
    static const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "passes", "GPL", code, 2, NULL);

    g_assert_cmpint(program, >=, 0);
    g_assert_cmpint(bpf_link_update(link, program, NULL), ==, 0);
    close(program);
    close(link);
}

/* The folder with the pins of all links; and a link that is detached, or that another program is
 * put into, although its pin stays. */
static void test_links(Filterd *filterd)
{
    const guint ifindex = if_nametoindex("p1"), before = filterd_figures(filterd).hooks_restored;
    g_autofree char *folder =
        g_strdup_printf("sh -c 'rm -r %s/*-links'", host_settings.datapath.pins);
    int link;

    if (host_settings.datapath.hook == DATAPATH_HOOK_CLSACT)
        return;
    wire_run(folder);
    g_assert_true(is_restored_within(filterd, before + 1, 10000));
    take_hooks_away(ifindex); /* the new folder is watched, too */
    g_assert_true(is_restored_within(filterd, before + 2, 10000));
    link = open_link(ifindex);
    g_assert_cmpint(bpf_link_detach(link), ==, 0);
    close(link);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    g_assert_true(is_restored_within(filterd, before + 3, 2000));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    replace_program(open_link(ifindex));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    g_assert_true(is_restored_within(filterd, before + 4, 2000));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(host_arrivals(ALL OWN "88b5 0001"), ==, 1);
}

/* Of maps and programs, which the kernel does without until a new process looks for them: one, then
 * all with their folder. */
static Filterd *test_pins(Filterd *filterd)
{
    static const char *const ways[] = {"/*/rows", "/*[0-9]"};
    const guint all = N_KERNEL_MAPS + N_KERNEL_PROGRAMS + 1; /* and counters of some ports */

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *line =
            g_strdup_printf("sh -c 'rm -r %s%s'", host_settings.datapath.pins, ways[i]);
        g_autofree char *words =
            g_strdup_printf("%u times someone took a pin", i == 0 ? 1 : all + 1);

        wire_run(line);
        g_assert_true(host_reports(filterd, words));
        g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    }
    filterd = host_restart(filterd);
    g_assert_false(host_has_problem(filterd, "was not whole"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(host_arrivals(ALL OWN "88b5 0001"), ==, 1);
    return filterd;
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

static gint64 since(const Filterd *filterd, const char *name)
{
    g_auto(FilterdPort) port = {0};

    g_assert_true(filterd_port_lookup(filterd, name, &port, NULL));
    return port.since;
}

/* Another device of a bound one's name and number is seen by its event, not by the next audit. */
static void test_twin(Filterd *filterd)
{
    const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    const guint restored = filterd_figures(filterd).hooks_restored;
    g_autoptr(GError) error = NULL;
    gint64 before;

    add_device("q5", 1005);
    g_assert_nonnull(host_bind(filterd, "q5", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    before = since(filterd, "q5");
    wire_run("ip link del q5");
    add_device("q5", 1005);
    while (since(filterd, "q5") == before && g_get_monotonic_time() < end)
        (void)g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(since(filterd, "q5"), !=, before);
    g_assert_true(host_reaches(filterd, "q5", FILTERD_FILTERED));
    g_assert_cmpuint(filterd_figures(filterd).hooks_restored, ==, restored);
    wire_run("ip link del q5");
    g_assert_true(host_reaches(filterd, "q5", HOST_FORGOTTEN));
}

/* A device that was called otherwise when the daemon began has its name back. */
static Filterd *test_renamed(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    add_device("q6", 1006);
    g_assert_nonnull(host_bind(filterd, "q6", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    wire_run("ip link set q6 name other6");
    g_assert_true(host_reports(filterd, "its device 1006 is called other6 now; it stays filtered"));
    wire_run("ip link set other6 name q6");
    g_assert_true(host_reports_not(filterd, "is called"));
    wire_run("ip link set q6 name other6");
    filterd = host_restart(filterd);
    g_assert_true(host_reaches(filterd, "q6", FILTERD_WAITING));
    g_assert_true(host_has_problem(filterd, "device 1006 is filtered"));
    wire_run("ip link set other6 name q6");
    g_assert_true(host_reaches(filterd, "q6", FILTERD_FILTERED));
    g_assert_false(host_has_problem(filterd, "device 1006"));
    wire_run("ip link del q6");
    g_assert_true(host_reaches(filterd, "q6", HOST_FORGOTTEN));
    return filterd;
}

/* The name of a bound device is another one's now: the guest behind the first is still held. */
static void test_name_taken(Filterd *filterd)
{
    const guint ifindex = if_nametoindex("p1");
    g_autoptr(GError) error = NULL;

    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    wire_run("ip link set p1 name first");
    add_device("p1", 1007);
    g_assert_true(host_reports(filterd, "filtered as port p1 was"));
    g_assert_true(host_reaches(filterd, "p1", FILTERD_FILTERED));
    g_assert_cmpuint(index_of(filterd, "p1"), ==, 1007);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(host_arrivals(ALL OWN "88b5 0001"), ==, 1);
    wire_run("ip link del p1");
    g_assert_true(host_reaches(filterd, "p1", FILTERD_GONE));
    wire_run("ip link set first name p1");
    g_assert_true(host_reaches(filterd, "p1", FILTERD_FILTERED));
    g_assert_cmpuint(index_of(filterd, "p1"), ==, ifindex);
    g_assert_false(host_has_problem(filterd, "filtered as port p1 was"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
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
    test_links(filterd);
    filterd = test_pins(filterd);
    test_folder(filterd);
    test_unused(filterd);
    test_reuse(filterd);
    test_twin(filterd);
    filterd = test_renamed(filterd);
    test_name_taken(filterd);
    test_overrun(filterd);
    filterd_free(filterd);
    printf("hooks, files and devices are seen to change\n");
    return 0;
}
