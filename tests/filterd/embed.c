/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real qemu driver in a process of its own: it is a client of the filter daemon as virtqemud
 * is.
 *
 * usage: embed ROOT. Orders on stdin, a line each, answered by "ok MILLISECONDS" or "error NUMBER
 * TEXT": create FILE (a domain, left paused), find FILE (the name of one that runs), attach FILE,
 * update FILE, detach FILE (of a device), destroy. The end of stdin ends it.
 */
#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <string.h>

static gpointer run_events(gpointer nothing)
{
    while (virEventRunDefaultImpl() == 0)
        continue;
    return NULL;
}

static void answer(gboolean good, gint64 began)
{
    if (good) {
        printf("ok %.3f\n", (double)(g_get_monotonic_time() - began) / 1000);
    } else {
        g_autofree char *text = g_strdelimit(g_strdup(virGetLastErrorMessage()), "\n", ' ');

        printf("error %d %s\n", virGetLastErrorCode(), text);
    }
    (void)fflush(stdout);
}

static gboolean obey(virConnectPtr connection, virDomainPtr *domain, const char *order,
                     const char *xml)
{
    const gboolean other = strcmp(order, "create") == 0 || strcmp(order, "find") == 0;

    if (other && *domain)
        virDomainFree(*domain);
    if (strcmp(order, "create") == 0)
        return (*domain = virDomainCreateXML(connection, xml, VIR_DOMAIN_START_PAUSED)) != NULL;
    if (strcmp(order, "find") == 0)
        return (*domain = virDomainLookupByName(connection, xml)) != NULL;
    if (strcmp(order, "attach") == 0)
        return virDomainAttachDeviceFlags(*domain, xml, VIR_DOMAIN_AFFECT_LIVE) == 0;
    if (strcmp(order, "update") == 0)
        return virDomainUpdateDeviceFlags(*domain, xml, VIR_DOMAIN_AFFECT_LIVE) == 0;
    if (strcmp(order, "detach") == 0)
        return virDomainDetachDeviceFlags(*domain, xml, VIR_DOMAIN_AFFECT_LIVE) == 0;
    g_assert_cmpstr(order, ==, "destroy");
    return virDomainDestroy(*domain) == 0;
}

static void say_nothing(void *data, virErrorPtr error)
{
}

int main(int argc, char **argv)
{
    g_autofree char *uri = g_strdup_printf("qemu:///embed?root=%s", argc == 2 ? argv[1] : "");
    virConnectPtr connection;
    virDomainPtr domain = NULL;
    char line[1024];

    g_assert_cmpint(argc, ==, 2);
    virSetErrorFunc(NULL, say_nothing); /* they are answered, not printed */
    g_assert_cmpint(virEventRegisterDefaultImpl(), ==, 0);
    g_thread_unref(g_thread_new("events", run_events, NULL));
    connection = virConnectOpen(uri);
    answer(connection != NULL, g_get_monotonic_time());
    while (connection && fgets(line, sizeof line, stdin)) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 2);
        g_autofree char *xml = NULL;
        gint64 began;

        if (words[0] && words[1])
            g_assert_true(g_file_get_contents(words[1], &xml, NULL, NULL));
        began = g_get_monotonic_time();
        answer(obey(connection, &domain, words[0] ? words[0] : "", xml), began);
    }
    if (!connection)
        return 1;
    if (domain)
        virDomainFree(domain);
    return virConnectClose(connection) < 0;
}
