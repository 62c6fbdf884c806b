/* SPDX-License-Identifier: Apache-2.0 */
#include "guests.h"

#include <string.h>
#include <unistd.h>

#include "../kernel/wire.h"

/* IPv4 and ARP with $IP, and what else the port may not do without. */
static const char own_ip[] =
    "<rule action='drop' direction='out' priority='100'>"
    "<mac match='no' srcmacaddr='$MAC'/></rule>"
    "<rule action='accept' direction='out' priority='200'><ip srcipaddr='@ADDRESS@'/></rule>"
    "<rule action='accept' direction='out' priority='200'><arp arpsrcipaddr='@ADDRESS@'/></rule>"
    "<rule action='accept' direction='out' priority='200'>"
    "<ip srcipaddr='0.0.0.0' protocol='udp' srcportstart='68' dstportstart='67'/></rule>"
    "<rule action='drop' direction='out' priority='500'><mac/></rule>";

/* ---- frames ---- */

void guests_send(int from, const char *hex)
{
    g_autoptr(GByteArray) frame = wire_octets(hex);

    wire_send(from, frame, FALSE);
}

/* What was sent has gone its way; the mark comes from a guest that nothing is bound to. */
guint guests_arrivals(const Guests *guests)
{
    g_autoptr(GPtrArray) arrived = NULL;

    wire_mark(guests->other, THIRD, FALSE);
    g_assert_true(wire_collect(guests->to, &arrived));
    return arrived->len;
}

guint guests_arrivals_of(const Guests *guests, const char *hex)
{
    guests_send(guests->from, hex);
    return guests_arrivals(guests);
}

/* The daemon has seen all that there is to see. */
void guests_settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* ---- the port ---- */

FilterdPortState guests_state(const Guests *guests, const char *name)
{
    g_auto(FilterdPort) port = {0};

    g_assert_true(filterd_port_lookup(guests->filterd, name, &port, NULL));
    return port.state;
}

gboolean guests_shows(const Guests *guests, const char *part)
{
    g_autofree char *xml =
        filterd_binding_xml(guests->filterd, filterd_binding_lookup(guests->filterd, "p1", NULL));

    return strstr(xml, part) != NULL;
}

void guests_define_rules(const Guests *guests, const char *rules)
{
    const Catalogue *filters = filterd_catalogue(guests->filterd);
    g_autoptr(GError) error = NULL;
    const char *uuid = catalogue_lookup(filters, "own-ip") ? catalogue_uuid(filters, "own-ip") : "";
    g_autofree char *element = *uuid ? g_strdup_printf("<uuid>%s</uuid>", uuid) : g_strdup("");
    g_autofree char *xml =
        g_strdup_printf("<filter name='own-ip' chain='root'>%s%s</filter>", element, rules);

    g_assert_nonnull(filterd_define(guests->filterd, xml, strlen(xml), &error));
    g_assert_no_error(error);
}

void guests_define(const Guests *guests, const char *address)
{
    g_auto(GStrv) parts = g_strsplit(own_ip, "@ADDRESS@", 0);
    g_autofree char *rules = g_strjoinv(address, parts);

    guests_define_rules(guests, rules);
}

void guests_replug(Guests *guests)
{
    close(guests->from);
    wire_run("ip link del p1");
    g_assert_true(host_reaches(guests->filterd, "p1", FILTERD_GONE));
    (void)wire_port(1);
    guests->from = wire_socket(1, FALSE);
    while (guests_state(guests, "p1") == FILTERD_GONE)
        (void)g_main_context_iteration(NULL, TRUE);
}

void guests_bind(const Guests *guests, const char *port, const char *parameters)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind_with(guests->filterd, port, "own-ip", parameters, &error));
    g_assert_no_error(error);
}

void guests_unbind(const Guests *guests)
{
    g_assert_true(filterd_binding_delete(guests->filterd, "p1", NULL));
}

void guests_forget(const Guests *guests)
{
    guests_unbind(guests);
    g_assert_true(host_reaches(guests->filterd, "p1", HOST_FORGOTTEN));
}

void guests_assert_learning(const Guests *guests)
{
    guests_settle();
    g_assert_cmpint(guests_state(guests, "p1"), ==, FILTERD_LEARNING);
}

void guests_enter(Guests *guests, char **arguments)
{
    host_enter(arguments[1], arguments[2], arguments[3]);
    (void)wire_port(3);
    *guests =
        (Guests){host_start(), wire_socket(1, FALSE), wire_socket(2, FALSE), wire_socket(3, FALSE)};
    guests_define(guests, "$IP");
}
