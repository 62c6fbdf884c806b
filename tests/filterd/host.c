/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "../kernel/wire.h"
#include "nwfilter/catalogue-dir.h"

#define SECONDS 10

FilterdSettings host_settings;

static char *binding_text(const char *port, const char *filter, const char *parameters)
{
    return g_strdup_printf("<filterbinding><owner><name>vm</name>"
                           "<uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>"
                           "<portdev name='%s'/><mac address='52:54:00:00:00:01'/>"
                           "<filterref filter='%s'>%s</filterref></filterbinding>",
                           port, filter, parameters);
}

const Binding *host_bind_with(Filterd *filterd, const char *port, const char *filter,
                              const char *parameters, GError **error)
{
    g_autofree char *xml = binding_text(port, filter, parameters);

    return filterd_binding_create(filterd, xml, strlen(xml), error);
}

const Binding *host_bind(Filterd *filterd, const char *port, const char *filter, GError **error)
{
    return host_bind_with(filterd, port, filter, "", error);
}

guint host_arrivals(const char *hex)
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

/* ---- the main loop, until something is so ---- */

typedef gboolean (*Reached)(Filterd *filterd, const char *text, guint number);

static gboolean run_until(Filterd *filterd, Reached reached, const char *text, guint number)
{
    const gint64 end = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;

    while (!reached(filterd, text, number)) {
        if (g_get_monotonic_time() > end)
            return FALSE;
        (void)g_main_context_iteration(NULL, TRUE); /* the audit's timer ends it, if nothing else */
    }
    return TRUE;
}

static gboolean is_in(Filterd *filterd, const char *name, guint state)
{
    g_auto(FilterdPort) port = {0};

    return filterd_port_lookup(filterd, name, &port, NULL) ? port.state == state
                                                           : state == HOST_FORGOTTEN;
}

gboolean host_reaches(Filterd *filterd, const char *port, guint state)
{
    return run_until(filterd, is_in, port, state);
}

static gboolean is_reported(Filterd *filterd, const char *part, guint wanted)
{
    return (guint)host_has_problem(filterd, part) == wanted;
}

gboolean host_reports(Filterd *filterd, const char *part)
{
    return run_until(filterd, is_reported, part, TRUE);
}

gboolean host_reports_not(Filterd *filterd, const char *part)
{
    return run_until(filterd, is_reported, part, FALSE);
}

gboolean host_has_problem(Filterd *filterd, const char *part)
{
    g_autoptr(GPtrArray) problems = filterd_problems(filterd);

    for (guint i = 0; i < problems->len; i++)
        if (strstr(problems->pdata[i], part))
            return TRUE;
    return FALSE;
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

void host_enter(const char *stock, const char *own, const char *hook)
{
    host_settings = (FilterdSettings){
        .filters = HOST_FILTERS,
        .state = HOST_STATE,
        .grace_ms = 100,
        .datapath = {.ports = 128,
                     .pins = wire_enter(),
                     .hook =
                         strcmp(hook, "clsact") == 0 ? DATAPATH_HOOK_CLSACT : DATAPATH_HOOK_ANY},
    };
    wire_run("mount -t tmpfs none /mnt"); /* a mount namespace of our own */
    g_assert_cmpint(g_mkdir(HOST_FILTERS, 0700), ==, 0);
    copy_filters(stock, own, HOST_FILTERS);
    (void)wire_port(1);
    (void)wire_port(2);
}

Filterd *host_start(void)
{
    g_autoptr(GError) error = NULL;
    Filterd *filterd = filterd_new(&host_settings, &error);

    g_assert_no_error(error);
    return filterd;
}

Filterd *host_restart(Filterd *filterd)
{
    filterd_free(filterd);
    return host_start();
}
