/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binding's life on ports of a bridge: what is forged passes only where nothing is bound.
 * usage: life STOCK OWN
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../kernel/wire.h"
#include "filterd/filterd.h"
#include "nwfilter/catalogue-dir.h"

#define OWN "525400000001"
#define PEER "525400000002"
#define ALL "ffffffffffff"
#define FORGED ALL PEER "88b5 0001"

static FilterdSettings settings;

static const char strict[] = "<filter name='strict' chain='root'>"
                             "<rule action='drop' direction='out'><mac/></rule></filter>";

static char *binding_text(const char *port, const char *filter)
{
    return g_strdup_printf("<filterbinding><owner><name>vm</name>"
                           "<uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>"
                           "<portdev name='%s'/><mac address='52:54:00:00:00:01'/>"
                           "<filterref filter='%s'/></filterbinding>",
                           port, filter);
}

static const Binding *create(Filterd *filterd, const char *port, const char *filter, GError **error)
{
    g_autofree char *xml = binding_text(port, filter);

    return filterd_binding_create(filterd, xml, strlen(xml), error);
}

/* How many of one frame arrive at the second guest. */
static guint arrivals(const char *hex)
{
    g_autoptr(GByteArray) frame = wire_octets(hex);
    int from = wire_socket(1, FALSE), to = wire_socket(2, FALSE);
    g_autoptr(GPtrArray) arrived = NULL;
    gboolean marker;

    wire_send(from, frame, FALSE);
    wire_mark(from, OWN, FALSE);
    marker = wire_collect(to, &arrived);
    close(from);
    close(to);
    return marker ? arrived->len : G_MAXUINT;
}

static void assert_refused(Filterd *filterd, const char *port, const char *filter, int number,
                           const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;

    g_assert_null(create(filterd, port, filter, &error));
    message = filterd_error_format(error);
    g_assert_cmpstr(message, ==, text);
    g_assert_cmpint(filterd_error_number(error), ==, number);
}

static void test_create(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) bindings = NULL;

    g_assert_cmpuint(arrivals(FORGED), ==, 1);
    assert_refused(filterd, "p1", "absent", 1,
                   "internal error: referenced filter 'absent' is missing");
    g_assert_cmpuint(arrivals(FORGED), ==, 1);
    g_assert_nonnull(create(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(arrivals(FORGED), ==, 0);
    assert_refused(filterd, "p1", "vdsm-no-mac-spoofing", 9,
                   "operation failed: binding 'p1' already exists");
    g_assert_nonnull(create(filterd, "nowhere", "vdsm-no-mac-spoofing", &error));
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
        "action='drop' direction='out'><ip srcipaddr='$IP'/></rule></filter>";
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL, *changed = NULL;

    g_assert_nonnull(filterd_define(filterd, strict, strlen(strict), &error));
    g_assert_no_error(error);
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_no_error(error);
    g_assert_nonnull(create(filterd, "p1", "strict", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(arrivals(FORGED), ==, G_MAXUINT); /* not even the marker */
    changed = g_strdup_printf(needs, catalogue_uuid(filterd_catalogue(filterd), "strict"));
    g_assert_null(filterd_define(filterd, changed, strlen(changed), &error));
    message = filterd_error_format(error);
    g_assert_nonnull(strstr(message, "unresolvable variables"));
    g_clear_error(&error);
    g_assert_false(filterd_undefine(filterd, "strict", &error));
    g_assert_cmpint(filterd_error_number(error), ==, 55);
}

/* Runs the daemon until the port is in the state; FALSE after a second. G_MAXUINT: not there. */
static gboolean reaches(Filterd *filterd, const char *name, guint state)
{
    const gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;

    for (;;) {
        g_auto(FilterdPort) port = {0};
        const gboolean is_there = filterd_port_lookup(filterd, name, &port, NULL);

        if (is_there ? port.state == state : state == G_MAXUINT)
            return TRUE;
        if (g_get_monotonic_time() > end)
            return FALSE;
        (void)g_main_context_iteration(NULL, TRUE); /* the audit's timer ends it, if nothing else */
    }
}

static void test_delete(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    g_assert_no_error(error);
    g_assert_false(filterd_binding_delete(filterd, "p1", &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING);
    g_clear_error(&error);
    g_assert_cmpuint(arrivals(FORGED), ==, G_MAXUINT); /* for its grace time, as before */
    g_assert_true(reaches(filterd, "p1", G_MAXUINT));
    g_assert_cmpuint(arrivals(FORGED), ==, 1);
    g_assert_true(filterd_undefine(filterd, "strict", &error));
    g_assert_no_error(error);
}

/* A device that comes, goes and comes again. */
static void test_device(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(create(filterd, "p3", "vdsm-no-mac-spoofing", &error));
    g_assert_no_error(error);
    g_assert_true(reaches(filterd, "p3", FILTERD_WAITING));
    (void)wire_port(3);
    g_assert_true(reaches(filterd, "p3", FILTERD_FILTERED));
    wire_run("ip link del p3");
    g_assert_true(reaches(filterd, "p3", FILTERD_GONE));
    (void)wire_port(3);
    g_assert_true(reaches(filterd, "p3", FILTERD_FILTERED));
    wire_run("ip link del p3");
    g_assert_true(reaches(filterd, "p3", FILTERD_GONE));
    g_assert_true(reaches(filterd, "p3", G_MAXUINT));
    g_assert_false(filterd_binding_delete(filterd, "p3", &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING);
}

static Filterd *restart(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    filterd_free(filterd);
    filterd = filterd_new(&settings, &error);
    g_assert_no_error(error);
    return filterd;
}

static gboolean has_problem(Filterd *filterd, const char *part)
{
    g_autoptr(GPtrArray) problems = filterd_problems(filterd);

    for (guint i = 0; i < problems->len; i++)
        if (strstr(problems->pdata[i], part))
            return TRUE;
    return FALSE;
}

static void cut_file(const char *path)
{
    g_autofree char *text = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    g_assert_true(g_file_set_contents(path, text, (gssize)length / 2, NULL));
}

/* Bindings are found again; of a damaged file the port stays filtered. */
static Filterd *test_restart(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(create(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_null(filterd_new(&settings, &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM);
    g_clear_error(&error);
    filterd = restart(filterd);
    g_assert_nonnull(filterd_binding_lookup(filterd, "p1", &error));
    g_assert_nonnull(filterd_binding_lookup(filterd, "nowhere", &error));
    g_assert_cmpuint(arrivals(FORGED), ==, 0);
    cut_file("/mnt/state/bindings/p1.xml");
    filterd = restart(filterd);
    g_assert_null(filterd_binding_lookup(filterd, "p1", NULL));
    g_assert_true(has_problem(filterd, "port p1"));
    g_assert_cmpuint(arrivals(FORGED), ==, 0);
    g_assert_nonnull(create(filterd, "p1", "vdsm-no-mac-spoofing", &error));
    g_assert_true(filterd_binding_delete(filterd, "p1", &error));
    filterd = restart(filterd);
    g_assert_cmpuint(arrivals(FORGED), ==, 0);
    g_assert_true(reaches(filterd, "p1", G_MAXUINT));
    g_assert_cmpuint(arrivals(FORGED), ==, 1);
    return filterd;
}

/* The filters of both directories, as files of a new one. */
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

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Filterd) filterd = NULL;

    g_assert_cmpint(argc, ==, 3);
    settings.datapath = (DatapathConfig){.ports = 16, .pins = wire_enter()};
    wire_run("mount -t tmpfs none /mnt"); /* a mount namespace of our own */
    g_assert_cmpint(g_mkdir("/mnt/filters", 0700), ==, 0);
    settings.filters = "/mnt/filters";
    settings.state = "/mnt/state";
    settings.grace_ms = 100;
    copy_filters(argv[1], argv[2], settings.filters);
    (void)wire_port(1);
    (void)wire_port(2);
    filterd = filterd_new(&settings, &error);
    g_assert_no_error(error);
    test_create(filterd);
    test_xml(filterd);
    test_define(filterd);
    test_delete(filterd);
    test_device(filterd);
    filterd = test_restart(filterd);
    printf("bindings come and go, and frames with them\n");
    return 0;
}
