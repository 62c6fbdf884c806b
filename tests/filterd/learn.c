/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning addresses on ports of a bridge, of the frames that come from their guests.
 * usage: learn STOCK OWN tcx|clsact
 */
#include <stdio.h>
#include <string.h>

#include "../kernel/wire.h"
#include "guests.h"

#define ARP(mac, sender, address)                                                                  \
    ALL mac "0806 0001 0800 06 04 0001" sender address "000000000000 0a000001"
#define PROBE ARP(OWN, OWN, "00000000")
#define UDP(source) "4500 001c 0000 0000 40 11 0000" source "0a000001 1000 1001 0008 0000"
#define IP(source) ALL OWN "0800" UDP(source)
#define DISCOVER ALL OWN "0800 4500 001c 0000 0000 40 11 0000 00000000 ffffffff 0044 0043 0008 0000"
#define FIRST "0a000005"
#define SECOND "0a000006"

/* A frame that an address is learned of arrives, once. */
static void assert_learns(const Guests *guests, const char *hex)
{
    g_assert_cmpuint(guests_arrivals_of(guests, hex), ==, 0);
    guests_settle();
    g_assert_cmpint(guests_state(guests, "p1"), ==, FILTERD_FILTERED);
    g_assert_cmpuint(guests_arrivals(guests), ==, 1);
}

static void assert_first(const Guests *guests)
{
    g_assert_cmpint(guests_state(guests, "p1"), ==, FILTERD_FILTERED);
    g_assert_true(guests_shows(guests, "<parameter name='IP' value='10.0.0.5'/>"));
    g_assert_cmpuint(guests_arrivals_of(guests, IP(FIRST)), ==, 1);
    g_assert_cmpuint(guests_arrivals_of(guests, ARP(OWN, OWN, FIRST)), ==, 1);
    g_assert_cmpuint(guests_arrivals_of(guests, IP(SECOND)), ==, 0);
    g_assert_cmpuint(guests_arrivals_of(guests, ARP(OWN, OWN, SECOND)), ==, 0);
    guests_settle();
    g_assert_cmpuint(guests_arrivals(guests), ==, 0);
}

/* ---- any ---- */

/* What passes while nothing is known, and what nothing is learned of. */
static void test_closed(const Guests *guests)
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

    guests_bind(guests, "p1", "");
    guests_assert_learning(guests);
    g_assert_false(guests_shows(guests, "'IP'"));
    for (guint i = 0; i < G_N_ELEMENTS(dropped); i++) {
        g_assert_cmpuint(guests_arrivals_of(guests, dropped[i]), ==, 0);
        guests_assert_learning(guests);
        g_assert_cmpuint(guests_arrivals(guests), ==, 0);
    }
    g_assert_cmpuint(guests_arrivals_of(guests, PROBE), ==, 1);
    g_assert_cmpuint(guests_arrivals_of(guests, DISCOVER), ==, 1);
    guests_assert_learning(guests);
}

static void test_learned(Guests *guests)
{
    assert_learns(guests, ARP(OWN, OWN, FIRST));
    assert_first(guests);
    guests->filterd = host_restart(guests->filterd);
    assert_first(guests);
    guests_unbind(guests); /* update-device: not a frame is lost */
    guests_bind(guests, "p1", "<parameter name='CTRL_IP_LEARNING' value='any'/>");
    assert_first(guests);
    guests_forget(guests);
    guests_bind(guests, "p1", "");
    guests_assert_learning(guests);
    assert_learns(guests, IP(FIRST));
    assert_first(guests);
    guests_forget(guests);
}

/* Many frames at once: one address, and those of it that were told before come, too. */
static void test_burst(const Guests *guests)
{
    guests_bind(guests, "p1", "");
    guests_send(guests->from, ARP(OWN, OWN, FIRST));
    guests_send(guests->from, IP(SECOND));
    guests_send(guests->from, IP(FIRST));
    guests_settle();
    g_assert_cmpuint(guests_arrivals(guests), ==, 2);
    assert_first(guests);
    guests_forget(guests);
}

/* ---- meanwhile ---- */

static void test_delete(const Guests *guests)
{
    guests_bind(guests, "p1", "");
    guests_send(guests->from, ARP(OWN, OWN, FIRST));
    guests_unbind(guests);
    guests_settle();
    g_assert_cmpuint(guests_arrivals(guests), ==, 0);
    g_assert_true(host_reaches(guests->filterd, "p1", HOST_FORGOTTEN));
    g_assert_cmpuint(guests_arrivals_of(guests, IP(FIRST)), ==, 1);
}

static void test_redefine(const Guests *guests)
{
    guests_bind(guests, "p1", "");
    guests_define(guests, "10.0.0.6");
    g_assert_cmpint(guests_state(guests, "p1"), ==, FILTERD_FILTERED);
    g_assert_cmpuint(guests_arrivals_of(guests, IP(SECOND)), ==, 1);
    guests_define(guests, "$IP");
    guests_assert_learning(guests);
    assert_learns(guests, ARP(OWN, OWN, FIRST));
    guests_define(guests, "$IP[0]");
    assert_first(guests);
    guests_define(guests, "$IP");
    guests_forget(guests);
}

/* What cannot be in force is not learned, however often it is tried. */
static void test_useless(const Guests *guests)
{
    guests_define_rules(guests, "<rule action='drop' direction='out'>"
                                "<ipv6 srcipaddr='$IP'/></rule>");
    guests_bind(guests, "p1", "");
    guests_assert_learning(guests);
    g_assert_cmpuint(guests_arrivals_of(guests, IP(FIRST)), ==, 0);
    guests_assert_learning(guests);
    g_assert_cmpuint(guests_arrivals_of(guests, IP(SECOND)), ==, 0);
    guests_assert_learning(guests);
    g_assert_true(host_has_problem(guests->filterd, "what it learned is not in force"));
    guests_define(guests, "$IP");
    guests_assert_learning(guests);
    g_assert_false(host_has_problem(guests->filterd, "what it learned is not in force"));
    assert_learns(guests, IP(FIRST));
    assert_first(guests);
    guests_forget(guests);
}

/* The device goes and with it what was learned of who had it. */
static void test_device(Guests *guests)
{
    guests_bind(guests, "p1", "");
    assert_learns(guests, IP(FIRST));
    guests_replug(guests);
    guests_assert_learning(guests);
    assert_learns(guests, ARP(OWN, OWN, FIRST));
    assert_first(guests);
    guests_forget(guests);
}

/* One guest's flood is told in part, and does not keep another one from being heard. */
static void test_flood(const Guests *guests)
{
    guests_bind(guests, "p1", "");
    guests_bind(guests, "p3", "<parameter name='CTRL_IP_LEARNING' value='ANY'/>");
    for (guint i = 0; i < 5000; i++)
        guests_send(guests->from, IP("e0000001"));
    guests_send(guests->other, ARP(OWN, OWN, FIRST)); /* bound with this MAC, too */
    guests_settle();
    g_assert_cmpint(guests_state(guests, "p3"), ==, FILTERD_FILTERED);
    g_assert_cmpint(guests_state(guests, "p1"), ==, FILTERD_LEARNING);
    g_assert_true(filterd_binding_delete(guests->filterd, "p3", NULL));
    g_assert_true(host_reaches(guests->filterd, "p3", HOST_FORGOTTEN));
    guests_forget(guests);
}

static void test_refused(const Guests *guests)
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

        g_assert_null(host_bind_with(guests->filterd, "p1", "own-ip", parameter, &error));
        text = filterd_error_format(error);
        g_assert_cmpstr(text, ==, cases[i].text);
        g_assert_cmpint(filterd_error_number(error), ==, cases[i].number);
    }
}

int main(int argc, char **argv)
{
    Guests guests;

    g_assert_cmpint(argc, ==, 4);
    guests_enter(&guests, argv);
    test_refused(&guests);
    test_closed(&guests);
    test_learned(&guests);
    test_burst(&guests);
    test_delete(&guests);
    test_redefine(&guests);
    test_useless(&guests);
    test_device(&guests);
    test_flood(&guests);
    filterd_free(guests.filterd);
    printf("addresses are learned of what guests send, and of nothing else\n");
    return 0;
}
