/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binding's life on ports of a bridge: what is forged passes only where nothing is bound.
 * usage: life STOCK OWN tcx|clsact
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../kernel/wire.h"
#include "host.h"

static const char strict[] = "<filter name='strict' chain='root'>"
                             "<rule action='drop' direction='out'><mac/></rule></filter>";

static void assert_refused(Filterd *filterd, const char *port, const char *filter, int number,
                           const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;

    g_assert_null(host_bind(filterd, port, filter, &error));
    message = filterd_error_format(error);
    g_assert_cmpstr(message, ==, text);
    g_assert_cmpint(filterd_error_number(error), ==, number);
}

static void test_create(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) bindings = NULL;

    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    assert_refused(filterd, "p1", "absent", 1,
                   "internal error: referenced filter 'absent' is missing");
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    assert_refused(filterd, "p1", "vdsm-no-mac-spoofing", 9,
                   "operation failed: binding 'p1' already exists");
    g_assert_nonnull(host_bind(filterd, "nowhere", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    bindings = filterd_bindings(filterd);
    g_assert_cmpuint(bindings->len, ==, 2);
}

/* A parameter MAC is there once the filter is in force, as in libvirt. */
static void test_xml(Filterd *filterd)
{
    g_autofree char *bound =
        filterd_binding_xml(filterd, filterd_binding_lookup(filterd, "p1", NULL));
    g_autofree char *waiting =
        filterd_binding_xml(filterd, filterd_binding_lookup(filterd, "nowhere", NULL));

    g_assert_nonnull(strstr(bound, "<parameter name='MAC' value='52:54:00:00:00:01'/>"));
    g_assert_nonnull(strstr(waiting, "<filterref filter='vdsm-no-mac-spoofing'/>"));
}

static void test_define(Filterd *filterd)
{
    static const char needs[] =
        "<filter name='strict' chain='root'><uuid>%s</uuid><rule "
        "action='drop' direction='out'><ip srcipaddr='$GATEWAY'/></rule></filter>";
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL, *changed = NULL;

    g_assert_nonnull(filterd_define(filterd, strict, strlen(strict), &error));
    g_assert_no_error(error);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_no_error(error);
    g_assert_nonnull(host_bind(filterd, "p1", "strict", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(FORGED), ==, G_MAXUINT); /* not even the marker */
    changed = g_strdup_printf(needs, catalogue_uuid(filterd_catalogue(filterd), "strict"));
    g_assert_null(filterd_define(filterd, changed, strlen(changed), &error));
    message = filterd_error_format(error);
    g_assert_nonnull(strstr(message, "unresolvable variables"));
    g_clear_error(&error);
    g_assert_false(filterd_undefine(filterd, "strict", &error));
    g_assert_cmpint(filterd_error_number(error), ==, 55);
}

static void test_delete(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_no_error(error);
    g_assert_false(filterd_binding_delete(filterd, "p1", &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING);
    g_clear_error(&error);
    g_assert_cmpuint(host_arrivals(FORGED), ==, G_MAXUINT); /* for its grace time, as before */
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    g_assert_true(filterd_undefine(filterd, "strict", &error));
    g_assert_no_error(error);
}

/* A device that comes, goes and comes again. */
static void test_device(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p3", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_true(host_reaches(filterd, "p3", FILTERD_WAITING));
    (void)wire_port(3);
    g_assert_true(host_reaches(filterd, "p3", FILTERD_FILTERED));
    wire_run("ip link del p3");
    g_assert_true(host_reaches(filterd, "p3", FILTERD_GONE));
    (void)wire_port(3);
    g_assert_true(host_reaches(filterd, "p3", FILTERD_FILTERED));
    wire_run("ip link del p3");
    g_assert_true(host_reaches(filterd, "p3", FILTERD_GONE));
    g_assert_true(host_reaches(filterd, "p3", HOST_FORGOTTEN));
    g_assert_false(filterd_binding_delete(filterd, "p3", &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING);
}

static void cut_file(const char *path)
{
    g_autofree char *text = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    g_assert_true(g_file_set_contents(path, text, (gssize)length / 2, NULL));
}

static guint64 dropped(const Filterd *filterd, const char *name)
{
    g_auto(FilterdPort) port = {0};

    g_assert_true(filterd_port_lookup(filterd, name, &port, NULL));
    return port.frames.dropped[0];
}

#define MANY 70

/* More ports of the same filter, or none of them. */
static void set_many(Filterd *filterd, gboolean wanted)
{
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *name = g_strdup_printf("t%u", i);
        g_autofree char *add = g_strdup_printf("ip tuntap add %s mode tap", name);
        g_autoptr(GError) error = NULL;

        if (wanted) {
            wire_run(add);
            g_assert_nonnull(host_bind(filterd, name, "counted", &error));
        } else {
            g_assert_true(filterd_binding_delete(filterd, name, &error));
        }
        g_assert_no_error(error);
    }
}

/* Of many ports the counters are read in another way. */
static guint64 dropped_of_all(const Filterd *filterd)
{
    g_autoptr(GArray) ports = filterd_ports(filterd);
    guint64 sum = 0;

    g_assert_cmpuint(ports->len, >=, MANY);
    for (guint i = 0; i < ports->len; i++)
        sum += g_array_index(ports, FilterdPort, i).frames.dropped[0];
    return sum;
}

/* Frames are counted over changes and restarts. */
static Filterd *test_counts(Filterd *filterd)
{
    static const char rule[] = "<filter name='counted'><uuid>a0a0a0a0-1ab5-4a22-8618-4560ef5fac2c"
                               "</uuid><rule action='drop' direction='out' priority='%d'>"
                               "<mac protocolid='0x88b5'/></rule></filter>";
    g_autofree char *first = g_strdup_printf(rule, 500), *second = g_strdup_printf(rule, 501);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(filterd_define(filterd, first, strlen(first), &error));
    g_assert_nonnull(host_bind(filterd, "p1", "counted", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(FORGED) + host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(dropped(filterd, "p1"), ==, 2);
    set_many(filterd, TRUE);
    g_assert_cmpuint(dropped_of_all(filterd), ==, 2);
    g_assert_nonnull(filterd_define(filterd, second, strlen(second), &error));
    g_assert_cmpuint(dropped(filterd, "p1"), ==, 2);
    g_assert_cmpuint(dropped_of_all(filterd), ==, 2);
    set_many(filterd, FALSE);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(dropped(filterd, "p1"), ==, 3);
    filterd = host_restart(filterd);
    g_assert_cmpuint(dropped(filterd, "p1"), ==, 1); /* since the last change before */
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_cmpuint(dropped(filterd, "p1"), ==, 2);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_nonnull(host_bind(filterd, "p1", "counted", &error));
    g_assert_cmpuint(dropped(filterd, "p1"), ==, 0);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
    return filterd;
}

#define ENCAPSULATION(word) "<parameter name='TAPWALL_ENCAPSULATION' value='" word "'/>"

/* A forged ARP in a priority tag: seen through, or, as by libvirt, not. */
static void test_encapsulation(Filterd *filterd)
{
    static const char tagged[] =
        ALL OWN "8100 0000 0806 0001 0800 06 04 0001" PEER "0a000002 000000000000 0a000001";
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p1", "no-arp-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(tagged), ==, 0);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_null(
        host_bind_with(filterd, "p1", "no-arp-mac-spoofing", ENCAPSULATION("both"), &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_INVALID_ARG);
    g_clear_error(&error);
    g_assert_cmpuint(host_arrivals(tagged), ==, 0); /* the deleted one's filter */
    g_assert_nonnull(
        host_bind_with(filterd, "p1", "no-arp-mac-spoofing", ENCAPSULATION("opaque"), &error));
    g_assert_no_error(error);
    g_assert_cmpuint(host_arrivals(tagged), ==, 1);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
}

/* Bindings are found again; of a damaged file the port stays filtered. */
static Filterd *test_restart(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_null(filterd_new(&host_settings, &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM);
    g_clear_error(&error);
    filterd = host_restart(filterd);
    g_assert_nonnull(filterd_binding_lookup(filterd, "p1", &error));
    g_assert_nonnull(filterd_binding_lookup(filterd, "nowhere", &error));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    cut_file("/mnt/state/bindings/p1.xml");
    filterd = host_restart(filterd);
    g_assert_null(filterd_binding_lookup(filterd, "p1", NULL));
    g_assert_true(host_has_problem(filterd, "port p1"));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    filterd = host_restart(filterd);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    return filterd;
}

/* A daemon with another layout of the pins: its hooks stay until ours are there, then go. */
static Filterd *test_upgrade(Filterd *filterd)
{
    g_autofree char *rename_pins = g_strdup_printf(
        "sh -c 'cd %s && for f in *; do mv $f 1${f#[0-9]}; done'", host_settings.datapath.pins);
    g_autofree char *older = g_build_filename(host_settings.datapath.pins, "1", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    filterd_free(filterd);
    wire_run(rename_pins);
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    filterd = host_start();
    g_assert_cmpuint(host_arrivals(FORGED), ==, 0);
    g_assert_false(g_file_test(older, G_FILE_TEST_EXISTS));
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_true(host_reaches(filterd, "p1", HOST_FORGOTTEN));
    g_assert_cmpuint(host_arrivals(FORGED), ==, 1);
    return filterd;
}

int main(int argc, char **argv)
{
    Filterd *filterd;

    g_assert_cmpint(argc, ==, 4);
    host_enter(argv[1], argv[2], argv[3]);
    filterd = host_start();
    test_create(filterd);
    test_xml(filterd);
    test_define(filterd);
    test_delete(filterd);
    test_device(filterd);
    filterd = test_counts(filterd);
    test_encapsulation(filterd);
    filterd = test_restart(filterd);
    filterd = test_upgrade(filterd);
    filterd_free(filterd);
    printf("bindings come and go, and frames with them\n");
    return 0;
}
