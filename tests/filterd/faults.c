/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host lacks: room, a bpf file system, a filter that still compiles. Nothing is open
 * afterwards that was not, and the others go on. usage: faults STOCK OWN
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "../kernel/wire.h"
#include "host.h"

static char *redefinition(const Filterd *filterd, const char *rules)
{
    const char *uuid = catalogue_uuid(filterd_catalogue(filterd), "mine");

    return g_strdup_printf("<filter name='mine'><uuid>%s</uuid>%s</filter>",
                           uuid ? uuid : "a0a0a0a0-1ab5-4a22-8618-4560ef5fac2c", rules);
}

static gboolean define(Filterd *filterd, const char *rules, GError **error)
{
    g_autofree char *xml = redefinition(filterd, rules);

    return filterd_define(filterd, xml, strlen(xml), error) != NULL;
}

#define NO_88B5 "<rule action='drop' direction='out'><mac protocolid='0x88b5'/></rule>"
#define NEEDS_X "<rule action='drop' direction='out'><mac srcmacaddr='$X'/></rule>"

/* The disk of the bindings, then that of the filters, is full. */
static void test_full(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(define(filterd, NO_88B5, &error));
    g_assert_nonnull(host_bind(filterd, "p2", "mine", &error));
    g_assert_no_error(error);
    wire_run("sh -c 'dd if=/dev/zero of=/mnt/fill bs=4k 2>/dev/null; true'");
    g_assert_null(host_bind(filterd, "p1", "mine", &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM);
    g_clear_error(&error);
    g_assert_null(filterd_binding_lookup(filterd, "p1", NULL));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    g_assert_false(define(filterd, "<rule action='accept' direction='inout'/>", &error));
    g_assert_cmpint(filterd_error_number(error), ==, FILTERD_ERROR_SYSTEM);
    g_clear_error(&error);
    g_assert_true(filterd_binding_delete(filterd, "p2", &error));
    g_assert_no_error(error);
    g_assert_true(host_reaches(filterd, "p2", HOST_FORGOTTEN));
    wire_run("rm /mnt/fill");
    g_assert_nonnull(host_bind(filterd, "p1", "mine", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
}

/* An upgrade, or an editor while the daemon was away, left a filter that a port cannot have. */
static Filterd *test_upgrade(Filterd *filterd)
{
    g_autofree char *bad = redefinition(filterd, NEEDS_X);
    g_autoptr(GError) error = NULL;

    filterd_free(filterd);
    g_assert_true(g_file_set_contents(HOST_FILTERS "/mine.xml", bad, -1, NULL));
    filterd = host_start();
    g_assert_true(host_has_problem(filterd, "port p1: what was in force before stays"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_nonnull(host_bind(filterd, "p2", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_true(define(filterd, NO_88B5, &error));
    g_assert_no_error(error);
    g_assert_false(host_has_problem(filterd, "port p1"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    return filterd;
}

/* So many rules of one kind as the data path has no place for, or just. */
static char *limits(guint n)
{
    GString *rules = g_string_new(NULL);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(rules,
                               "<rule action='drop' direction='out'>"
                               "<tcp dstportstart='%u' connlimit-above='2'/></rule>",
                               i + 1);
    return g_string_free(rules, FALSE);
}

static void write_filter(const char *name, const char *uuid, const char *rules)
{
    g_autofree char *path = g_strdup_printf(HOST_FILTERS "/%s.xml", name);
    g_autofree char *xml =
        g_strdup_printf("<filter name='%s'><uuid>%s</uuid>%s</filter>", name, uuid, rules);

    g_assert_true(g_file_set_contents(path, xml, -1, NULL));
}

static void assert_long_file(Filterd *filterd, const char *name)
{
    g_autofree char *part = g_strdup_printf("filter %s: what is in force is not its file", name);

    g_assert_true(host_has_problem(filterd, part));
    g_assert_true(host_has_problem(filterd, "connlimit-above"));
}

/* A filter that the data path cannot take is refused when it is defined, and its file is not read,
 * while the daemon runs nor when it starts. On entry "mine" drops FORGED on p1. */
static Filterd *test_long(Filterd *filterd)
{
    static const char outer[] = "a0a0a0a0-1ab5-4a22-8618-4560ef5fac2d";
    g_autofree char *uuid = g_strdup(catalogue_uuid(filterd_catalogue(filterd), "mine"));
    g_autofree char *many = limits(9), *most = limits(8), *few = limits(4);
    g_autofree char *with_mine = g_strconcat("<filterref filter='mine'/>", most, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(define(filterd, many, &error));
    g_assert_nonnull(strstr(error->message, "filter mine"));
    g_assert_nonnull(strstr(error->message, "connlimit-above"));
    g_clear_error(&error);
    write_filter("mine", uuid, many);
    write_filter("outer", outer, many);
    filterd_reload(filterd);
    assert_long_file(filterd, "mine");
    assert_long_file(filterd, "outer");
    g_assert_null(catalogue_lookup(filterd_catalogue(filterd), "outer"));
    g_assert_true(define(filterd, NO_88B5, &error)); /* the same as before: nothing to do */
    write_filter("mine", uuid, NO_88B5);
    write_filter("outer", outer, with_mine);
    filterd_reload(filterd);
    g_assert_false(host_has_problem(filterd, "connlimit-above"));
    g_assert_nonnull(catalogue_lookup(filterd_catalogue(filterd), "outer"));
    write_filter("mine", uuid, few); /* not by itself */
    filterd_reload(filterd);
    assert_long_file(filterd, "mine");
    g_assert_false(host_has_problem(filterd, "filter outer: what"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    write_filter("mine", uuid, many);
    filterd = host_restart(filterd);
    assert_long_file(filterd, "mine");
    g_assert_null(catalogue_lookup(filterd_catalogue(filterd), "mine"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    write_filter("mine", uuid, NO_88B5);
    g_assert_cmpint(g_unlink(HOST_FILTERS "/outer.xml"), ==, 0);
    filterd_reload(filterd);
    g_assert_false(host_has_problem(filterd, "filter mine"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    return filterd;
}

/* A device that comes while its filter cannot be had is closed, until it can. */
static void test_closed(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p3", "absent", &error));
    g_assert_no_error(error);
    (void)wire_port(3);
    g_assert_true(host_reports(filterd, "port p3: nothing passes"));
    g_assert_true(host_reaches(filterd, "p3", FILTERD_FILTERED));
    g_assert_nonnull(filterd_define(filterd, "<filter name='absent'/>", 23, &error));
    g_assert_no_error(error);
    g_assert_false(host_has_problem(filterd, "port p3"));
}

/* Nobody knows what was bound, and nothing is in the kernel: closed until it is bound anew. */
static Filterd *test_unreadable(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(filterd_binding_delete(filterd, "p2", &error));
    g_assert_true(host_reaches(filterd, "p2", HOST_FORGOTTEN));
    filterd_free(filterd);
    g_assert_true(g_file_set_contents(HOST_STATE "/bindings/p2.xml", "<", -1, NULL));
    filterd = host_start();
    g_assert_true(host_has_problem(filterd, "port p2"));
    g_assert_cmpuint(host_arrivals(ALL OWN "88b6 0001"), ==, G_MAXUINT);
    g_assert_nonnull(host_bind(filterd, "p2", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(ALL OWN "88b7 0001"), ==, 1);
    g_assert_false(host_has_problem(filterd, "port p2"));
    return filterd;
}

/* Someone took pins away while there was no daemon: what is in force stays so until the same, made
 * anew, takes its place. */
static Filterd *test_pins(Filterd *filterd)
{
    g_autofree char *line =
        g_strdup_printf("sh -c 'rm %s/*/near_ports'", host_settings.datapath.pins);
    g_autofree char *left =
        g_strdup_printf("sh -c '! ls %s | grep damaged'", host_settings.datapath.pins);

    for (guint i = 0; i < 2; i++) {
        filterd_free(filterd);
        wire_run(line);
        g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
        filterd = host_start();
        g_assert_true(host_has_problem(filterd, "what was pinned was not whole"));
        g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
        g_assert_cmpuint(host_arrivals(ALL OWN "88b7 0001"), ==, 1);
        wire_run(left);
    }
    filterd = host_restart(filterd);
    g_assert_false(host_has_problem(filterd, "not whole"));
    return filterd;
}

/* The second one says so, changes nothing, and takes nothing apart that looks damaged to it. */
static void test_two(void)
{
    FilterdSettings settings = host_settings;
    g_autofree char *take =
        g_strdup_printf("sh -c 'rm %s/*/near_ports'", host_settings.datapath.pins);
    g_autoptr(GError) error = NULL;

    g_assert_null(filterd_new(&settings, &error));
    g_assert_nonnull(strstr(error->message, "another tapwalld works with '" HOST_STATE "'"));
    g_clear_error(&error);
    settings.state = "/mnt/second";
    for (guint i = 0; i < 2; i++) {
        g_assert_null(filterd_new(&settings, &error));
        g_assert_nonnull(strstr(error->message, "another process works on"));
        g_clear_error(&error);
        if (i == 0)
            wire_run(take);
    }
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
}

/* Clear words, and no daemon. */
static void test_no_start(void)
{
    FilterdSettings settings = host_settings;
    g_autoptr(GError) error = NULL;

    settings.state = "/proc/state";
    g_assert_null(filterd_new(&settings, &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM);
    g_clear_error(&error);
    settings.state = "/mnt/other";
    settings.datapath.pins = "/mnt/pins"; /* on no bpf file system */
    g_assert_null(filterd_new(&settings, &error));
    g_assert_nonnull(strstr(error->message, "/mnt/pins"));
}

int main(int argc, char **argv)
{
    Filterd *filterd;

    g_assert_cmpint(argc, ==, 3);
    host_enter(argv[1], argv[2], "tcx");
    wire_run("mount -o remount,size=2m /mnt");
    filterd = host_start();
    test_no_start();
    test_full(filterd);
    filterd = test_upgrade(filterd);
    filterd = test_long(filterd);
    test_closed(filterd);
    filterd = test_unreadable(filterd);
    filterd = test_pins(filterd);
    test_two();
    g_assert_true(host_reports(filterd, "someone took a pin away"));
    filterd_free(filterd);
    printf("what a host lacks is said, and opens nothing\n");
    return 0;
}
