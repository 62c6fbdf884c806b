/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning addresses on ports of a bridge, of the frames that come from their guests.
 * usage: learn STOCK OWN tcx|clsact
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../kernel/wire.h"
#include "host.h"

#define THIRD "525400000003"

/* IPv4 and ARP with $IP, and what else the port may not do without. */
static const char own_ip[] =
    "<filter name='own-ip' chain='root'>%s"
    "<rule action='drop' direction='out' priority='100'>"
    "<mac match='no' srcmacaddr='$MAC'/></rule>"
    "<rule action='accept' direction='out' priority='200'><ip srcipaddr='%s'/></rule>"
    "<rule action='accept' direction='out' priority='200'><arp arpsrcipaddr='%s'/></rule>"
    "<rule action='accept' direction='out' priority='200'>"
    "<ip srcipaddr='0.0.0.0' protocol='udp' srcportstart='68' dstportstart='67'/></rule>"
    "<rule action='drop' direction='out' priority='500'><mac/></rule></filter>";

#define ARP(mac, sender, address)                                                                  \
    ALL mac "0806 0001 0800 06 04 0001" sender address "000000000000 0a000001"
#define PROBE ARP(OWN, OWN, "00000000")
#define UDP(source) "4500 001c 0000 0000 40 11 0000" source "0a000001 1000 1001 0008 0000"
#define IP(source) ALL OWN "0800" UDP(source)
#define DISCOVER ALL OWN "0800 4500 001c 0000 0000 40 11 0000 00000000 ffffffff 0044 0043 0008 0000"
#define FIRST "0a000005"
#define SECOND "0a000006"

/* ---- frames ---- */

typedef struct {
    Filterd *filterd;
    int from, to, other; /* guests 1, 2 and 3 */
} Fixture;

static void send(int from, const char *hex)
{
    g_autoptr(GByteArray) frame = wire_octets(hex);

    wire_send(from, frame, FALSE);
}

/* What was sent has gone its way; the mark comes from a guest that nothing is bound to. */
static guint arrivals(const Fixture *fixture)
{
    g_autoptr(GPtrArray) arrived = NULL;

    wire_mark(fixture->other, THIRD, FALSE);
    g_assert_true(wire_collect(fixture->to, &arrived));
    return arrived->len;
}

static guint arrivals_of(const Fixture *fixture, const char *hex)
{
    send(fixture->from, hex);
    return arrivals(fixture);
}

/* The daemon has seen all that there is to see. */
static void settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* ---- the port ---- */

static FilterdPortState state_of(const Fixture *fixture, const char *name)
{
    g_auto(FilterdPort) port = {0};

    g_assert_true(filterd_port_lookup(fixture->filterd, name, &port, NULL));
    return port.state;
}

static gboolean shows(const Fixture *fixture, const char *part)
{
    g_autofree char *xml =
        filterd_binding_xml(fixture->filterd, filterd_binding_lookup(fixture->filterd, "p1", NULL));

    return strstr(xml, part) != NULL;
}

static void define(const Fixture *fixture, const char *address)
{
    g_autoptr(GError) error = NULL;
    const char *uuid = catalogue_lookup(filterd_catalogue(fixture->filterd), "own-ip")
                           ? catalogue_uuid(filterd_catalogue(fixture->filterd), "own-ip")
                           : NULL;
    g_autofree char *element = uuid ? g_strdup_printf("<uuid>%s</uuid>", uuid) : g_strdup("");
    g_autofree char *xml = g_strdup_printf(own_ip, element, address, address);

    g_assert_nonnull(filterd_define(fixture->filterd, xml, strlen(xml), &error));
    g_assert_no_error(error);
}

static void bind_with(const Fixture *fixture, const char *port, const char *parameters)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(host_bind_with(fixture->filterd, port, "own-ip", parameters, &error));
    g_assert_no_error(error);
}

static void unbind(const Fixture *fixture)
{
    g_assert_true(filterd_binding_delete(fixture->filterd, "p1", NULL));
}

static void forget(const Fixture *fixture)
{
    unbind(fixture);
    g_assert_true(host_reaches(fixture->filterd, "p1", HOST_FORGOTTEN));
}

static void assert_learning(const Fixture *fixture)
{
    settle();
    g_assert_cmpint(state_of(fixture, "p1"), ==, FILTERD_LEARNING);
}

/* A frame that an address is learned of arrives, once. */
static void assert_learns(const Fixture *fixture, const char *hex)
{
    g_assert_cmpuint(arrivals_of(fixture, hex), ==, 0);
    settle();
    g_assert_cmpint(state_of(fixture, "p1"), ==, FILTERD_FILTERED);
    g_assert_cmpuint(arrivals(fixture), ==, 1);
}

static void assert_first(const Fixture *fixture)
{
    g_assert_cmpint(state_of(fixture, "p1"), ==, FILTERD_FILTERED);
    g_assert_true(shows(fixture, "<parameter name='IP' value='10.0.0.5'/>"));
    g_assert_cmpuint(arrivals_of(fixture, IP(FIRST)), ==, 1);
    g_assert_cmpuint(arrivals_of(fixture, ARP(OWN, OWN, FIRST)), ==, 1);
    g_assert_cmpuint(arrivals_of(fixture, IP(SECOND)), ==, 0);
    g_assert_cmpuint(arrivals_of(fixture, ARP(OWN, OWN, SECOND)), ==, 0);
    settle();
    g_assert_cmpuint(arrivals(fixture), ==, 0);
}

/* ---- any ---- */

/* What passes while nothing is known, and what nothing is learned of. */
static void test_closed(const Fixture *fixture)
{
    static const char *const dropped[] = {
        ARP(PEER, PEER, FIRST), /* another's MAC */
        ARP(OWN, PEER, FIRST),  /* only in the message */
        ALL PEER "0800" UDP(FIRST),
        IP("e0000001"), /* no host's address */
        IP("7f000001"),
        IP("ffffffff"),
        IP("00000000"), /* not DHCP */
        ARP(OWN, OWN, "e0000001"),
        ALL OWN "8100 0001 0800" UDP(FIRST), /* in a tag */
        ALL OWN "86dd 6000",
        ALL OWN "88b5 0001",
    };

    bind_with(fixture, "p1", "");
    assert_learning(fixture);
    g_assert_false(shows(fixture, "'IP'"));
    for (guint i = 0; i < G_N_ELEMENTS(dropped); i++) {
        g_assert_cmpuint(arrivals_of(fixture, dropped[i]), ==, 0);
        assert_learning(fixture);
        g_assert_cmpuint(arrivals(fixture), ==, 0);
    }
    g_assert_cmpuint(arrivals_of(fixture, PROBE), ==, 1);
    g_assert_cmpuint(arrivals_of(fixture, DISCOVER), ==, 1);
    assert_learning(fixture);
}

static void test_learned(Fixture *fixture)
{
    assert_learns(fixture, ARP(OWN, OWN, FIRST));
    assert_first(fixture);
    fixture->filterd = host_restart(fixture->filterd);
    assert_first(fixture);
    unbind(fixture); /* update-device: not a frame is lost */
    bind_with(fixture, "p1", "<parameter name='CTRL_IP_LEARNING' value='any'/>");
    assert_first(fixture);
    forget(fixture);
    bind_with(fixture, "p1", "");
    assert_learning(fixture);
    assert_learns(fixture, IP(FIRST));
    assert_first(fixture);
    forget(fixture);
}

/* Many frames at once: one address, and those of it that were told before come, too. */
static void test_burst(const Fixture *fixture)
{
    bind_with(fixture, "p1", "");
    send(fixture->from, ARP(OWN, OWN, FIRST));
    send(fixture->from, IP(SECOND));
    send(fixture->from, IP(FIRST));
    settle();
    g_assert_cmpuint(arrivals(fixture), ==, 2);
    assert_first(fixture);
    forget(fixture);
}

/* ---- meanwhile ---- */

static void test_delete(const Fixture *fixture)
{
    bind_with(fixture, "p1", "");
    send(fixture->from, ARP(OWN, OWN, FIRST));
    unbind(fixture);
    settle();
    g_assert_cmpuint(arrivals(fixture), ==, 0);
    g_assert_true(host_reaches(fixture->filterd, "p1", HOST_FORGOTTEN));
    g_assert_cmpuint(arrivals_of(fixture, IP(FIRST)), ==, 1);
}

static void test_redefine(const Fixture *fixture)
{
    bind_with(fixture, "p1", "");
    define(fixture, "10.0.0.6");
    g_assert_cmpint(state_of(fixture, "p1"), ==, FILTERD_FILTERED);
    g_assert_cmpuint(arrivals_of(fixture, IP(SECOND)), ==, 1);
    define(fixture, "$IP");
    assert_learning(fixture);
    assert_learns(fixture, ARP(OWN, OWN, FIRST));
    define(fixture, "$IP[0]");
    assert_first(fixture);
    define(fixture, "$IP");
    forget(fixture);
}

/* One guest's flood is told in part, and does not keep another one from being heard. */
static void test_flood(const Fixture *fixture)
{
    bind_with(fixture, "p1", "");
    bind_with(fixture, "p3", "<parameter name='CTRL_IP_LEARNING' value='ANY'/>");
    for (guint i = 0; i < 5000; i++)
        send(fixture->from, IP("e0000001"));
    send(fixture->other, ARP(OWN, OWN, FIRST)); /* bound with this MAC, too */
    settle();
    g_assert_cmpint(state_of(fixture, "p3"), ==, FILTERD_FILTERED);
    g_assert_cmpint(state_of(fixture, "p1"), ==, FILTERD_LEARNING);
    g_assert_true(filterd_binding_delete(fixture->filterd, "p3", NULL));
    g_assert_true(host_reaches(fixture->filterd, "p3", HOST_FORGOTTEN));
    forget(fixture);
}

static void test_refused(const Fixture *fixture)
{
    static const struct {
        const char *parameter, *text;
        int number;
    } cases[] = {
        {"none",
         "internal error: Cannot instantiate filter due to unresolvable variables or unavailable "
         "list elements: IP",
         1},
        {"bogus",
         "failed to parse configuration file filter 'own-ip' learning value 'bogus' invalid.", 32},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *parameter =
            g_strdup_printf("<parameter name='CTRL_IP_LEARNING' value='%s'/>", cases[i].parameter);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        g_assert_null(host_bind_with(fixture->filterd, "p1", "own-ip", parameter, &error));
        text = filterd_error_format(error);
        g_assert_cmpstr(text, ==, cases[i].text);
        g_assert_cmpint(filterd_error_number(error), ==, cases[i].number);
    }
}

int main(int argc, char **argv)
{
    Fixture fixture;

    g_assert_cmpint(argc, ==, 4);
    host_enter(argv[1], argv[2], argv[3]);
    (void)wire_port(3);
    fixture = (Fixture){host_start(), wire_socket(1, FALSE), wire_socket(2, FALSE),
                        wire_socket(3, FALSE)};
    define(&fixture, "$IP");
    test_refused(&fixture);
    test_closed(&fixture);
    test_learned(&fixture);
    test_burst(&fixture);
    test_delete(&fixture);
    test_redefine(&fixture);
    test_flood(&fixture);
    filterd_free(fixture.filterd);
    printf("addresses are learned of what guests send, and of nothing else\n");
    return 0;
}
