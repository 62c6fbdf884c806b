/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: the first guest is given addresses by a server on the third one's wire.
 * usage: leases STOCK OWN tcx|clsact
 */
#include <stdio.h>
#include <string.h>

#include "../kernel/wire.h"
#include "guests.h"

#define MAC_OWN 0x525400000001u
#define MAC_PEER 0x525400000002u
#define FIRST 0x0a000005u
#define SECOND 0x0a000006u
#define SERVER 0x0a000001u
#define OTHER_SERVER 0x0a000002u
#define LONG 3600

enum { OFFER = 2, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7 };

/* ---- messages ---- */

typedef struct {
    guint type;
    guint32 source;           /* of the datagram */
    guint64 client;           /* 0: OWN */
    guint32 current, given;   /* ciaddr, yiaddr */
    guint32 requested, lease; /* options */
    guint fragment;           /* field of the datagram */
    gboolean is_cut;          /* without an end of options */
} Message;

static void add(GString *hex, guint64 number, guint octets)
{
    g_string_append_printf(hex, "%0*" G_GINT64_MODIFIER "x", (int)(2 * octets), number);
}

static void add_option(GString *hex, guint option, guint32 number, guint octets)
{
    if (number == 0)
        return;
    add(hex, option, 1);
    add(hex, octets, 1);
    add(hex, number, octets);
}

/* RFC 2131, section 2 */
static char *message_text(const Message *message, gboolean is_reply)
{
    GString *hex = g_string_new(is_reply ? "02010600" : "01010600");

    add(hex, 1, 8); /* transaction, seconds and flags */
    add(hex, message->current, 4);
    add(hex, message->given, 4);
    add(hex, 0, 8);
    add(hex, message->client ? message->client : MAC_OWN, 6);
    g_string_append_printf(hex, "%0404d63825363", 0); /* the rest of the fields, the cookie */
    add_option(hex, 53, message->type, 1);
    add_option(hex, 54, SERVER, 4);
    add_option(hex, 50, message->requested, 4);
    add_option(hex, 51, message->lease, 4);
    if (!message->is_cut)
        add(hex, 255, 1);
    return g_string_free(hex, FALSE);
}

static char *frame_text(const Message *message, gboolean is_reply)
{
    g_autofree char *text = message_text(message, is_reply);
    const guint length = (guint)strlen(text) / 2 + 8;

    return g_strdup_printf("ffffffffffff %s 0800 4500 %04x 0000 %04x 40 11 0000 %08x ffffffff "
                           "%s %04x 0000 %s",
                           is_reply ? THIRD : OWN, length + 20, message->fragment, message->source,
                           is_reply ? "0043 0044" : "0044 0043", length, text);
}

static void server_says(const Guests *guests, const Message *message)
{
    g_autofree char *hex = frame_text(message, TRUE);

    guests_send(guests->other, hex);
    guests_settle();
    (void)guests_arrivals(guests); /* it was for all */
}

static guint client_says(const Guests *guests, const Message *message)
{
    g_autofree char *hex = frame_text(message, FALSE);
    const guint arrived = guests_arrivals_of(guests, hex);

    guests_settle();
    return arrived;
}

static void acknowledge(const Guests *guests, guint32 address, guint seconds)
{
    const Message ack = {ACK, SERVER, .given = address, .lease = seconds};

    server_says(guests, &ack);
}

/* ---- what holds ---- */

static gboolean passes(const Guests *guests, guint32 address)
{
    g_autofree char *hex = g_strdup_printf("ffffffffffff" OWN "0800 4500 001c 0000 0000 40 11 0000 "
                                           "%08x 0a000001 1000 1001 0008 0000",
                                           address);

    return guests_arrivals_of(guests, hex) == 1;
}

static void assert_leases(const Guests *guests, gboolean has_first, gboolean has_second)
{
    g_assert_cmpint(guests_state(guests, "p1"), ==,
                    has_first || has_second ? FILTERD_FILTERED : FILTERD_LEARNING);
    g_assert_cmpint(passes(guests, FIRST), ==, has_first);
    g_assert_cmpint(passes(guests, SECOND), ==, has_second);
    g_assert_cmpint(guests_shows(guests, "<parameter name='IP' value='10.0.0.5'/>"), ==, has_first);
    g_assert_cmpint(guests_shows(guests, "<parameter name='IP' value='10.0.0.6'/>"), ==,
                    has_second);
}

static void begin(const Guests *guests, const char *more)
{
    g_autofree char *parameters =
        g_strconcat("<parameter name='CTRL_IP_LEARNING' value='dhcp'/>", more, NULL);

    guests_bind(guests, "p1", parameters);
    assert_leases(guests, FALSE, FALSE);
}

/* ---- tests ---- */

#define ONE_SERVER "<parameter name='DHCPSERVER' value='10.0.0.1'/>"

static const Message no_leases[] = {
    {OFFER, SERVER, .given = FIRST, .lease = LONG},
    {NAK, SERVER, .given = FIRST, .lease = LONG},
    {ACK, SERVER, .given = FIRST}, /* to an INFORM */
    {ACK, SERVER, .given = SECOND},
    {ACK, SERVER, .lease = LONG},
    {ACK, SERVER, .given = 0xe0000001u, .lease = LONG},
    {ACK, SERVER, .given = FIRST, .lease = LONG, .client = MAC_PEER},
    {ACK, SERVER, .given = FIRST, .lease = LONG, .is_cut = TRUE},
    {ACK, SERVER, .given = FIRST, .lease = LONG, .fragment = 0x2000},
    {ACK, OTHER_SERVER, .given = FIRST, .lease = LONG},
};

/* Nothing is a lease but what a server says, and only of those that may say it. */
static void test_not(const Guests *guests)
{
    const Message from_guest = {ACK, SERVER, .given = FIRST, .lease = LONG};
    g_autofree char *own = frame_text(&from_guest, TRUE);

    begin(guests, ONE_SERVER);
    for (guint i = 0; i < G_N_ELEMENTS(no_leases); i++) {
        server_says(guests, &no_leases[i]);
        assert_leases(guests, FALSE, FALSE);
    }
    g_assert_cmpuint(guests_arrivals_of(guests, own), ==, 0); /* from the VM itself */
    guests_settle();
    assert_leases(guests, FALSE, FALSE);
    acknowledge(guests, SECOND, LONG);
    for (guint i = 0; i < G_N_ELEMENTS(no_leases); i++) { /* these its own filter lets in */
        server_says(guests, &no_leases[i]);
        assert_leases(guests, FALSE, TRUE);
    }
    guests_forget(guests);
}

static void test_life(Guests *guests)
{
    const Message release = {RELEASE, SECOND, .current = SECOND, .is_cut = TRUE};
    const Message pieces = {RELEASE, FIRST, .current = FIRST, .fragment = 0x2000};
    const Message decline = {DECLINE, FIRST, .requested = FIRST};

    begin(guests, "");
    acknowledge(guests, FIRST, LONG);
    assert_leases(guests, TRUE, FALSE);
    acknowledge(guests, SECOND, G_MAXUINT32); /* for good */
    assert_leases(guests, TRUE, TRUE);
    guests->filterd = host_restart(guests->filterd);
    assert_leases(guests, TRUE, TRUE);
    g_assert_cmpuint(client_says(guests, &release), ==, 1);
    assert_leases(guests, TRUE, FALSE);
    g_assert_cmpuint(client_says(guests, &pieces), ==, 0); /* nobody could read it */
    assert_leases(guests, TRUE, FALSE);
    guests_unbind(guests); /* update-device */
    guests_bind(guests, "p1", "<parameter name='CTRL_IP_LEARNING' value='DHCP'/>");
    assert_leases(guests, TRUE, FALSE);
    g_assert_cmpuint(client_says(guests, &decline), ==, 1);
    assert_leases(guests, FALSE, FALSE);
    guests_forget(guests);
}

/* Until the address is gone, by the clock. */
static void run_out(const Guests *guests, const char *address)
{
    g_autofree char *parameter = g_strdup_printf("<parameter name='IP' value='%s'/>", address);
    const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (guests_shows(guests, parameter)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        (void)g_main_context_iteration(NULL, TRUE);
    }
}

static void test_ends(Guests *guests)
{
    begin(guests, "");
    acknowledge(guests, FIRST, 1);
    acknowledge(guests, SECOND, LONG);
    acknowledge(guests, FIRST, 2); /* renewed */
    assert_leases(guests, TRUE, TRUE);
    run_out(guests, "10.0.0.5");
    assert_leases(guests, FALSE, TRUE);
    acknowledge(guests, SECOND, 1); /* a server may make it shorter */
    run_out(guests, "10.0.0.6");
    assert_leases(guests, FALSE, FALSE);
    acknowledge(guests, FIRST, 1);
    guests->filterd = host_restart(guests->filterd);
    run_out(guests, "10.0.0.5");
    assert_leases(guests, FALSE, FALSE);
    guests_forget(guests);
}

/* A lease given while no daemon runs. */
static void test_unheard(Guests *guests)
{
    const Message ack = {ACK, SERVER, .given = FIRST, .lease = LONG};
    g_autofree char *hex = frame_text(&ack, TRUE);

    begin(guests, "");
    filterd_free(guests->filterd);
    guests_send(guests->other, hex);
    (void)guests_arrivals(guests);
    guests->filterd = host_start();
    guests_settle();
    assert_leases(guests, TRUE, FALSE);
    guests_forget(guests);
}

/* A lease that is told while its port is bound anew. */
static void test_rebound(const Guests *guests)
{
    const Message ack = {ACK, SERVER, .given = SECOND, .lease = LONG};
    g_autofree char *hex = frame_text(&ack, TRUE);

    begin(guests, "");
    acknowledge(guests, FIRST, LONG);
    guests_send(guests->other, hex);
    (void)guests_arrivals(guests);
    guests_unbind(guests);
    guests_bind(guests, "p1", "<parameter name='CTRL_IP_LEARNING' value='dhcp'/>");
    guests_settle();
    assert_leases(guests, TRUE, TRUE);
    guests_forget(guests);
}

/* Lists that must be equally long: what cannot be judged as it should be is closed. */
static void test_closed(const Guests *guests)
{
    const Message release = {RELEASE, FIRST, .current = SECOND};

    guests_define_rules(guests, "<rule action='accept' direction='out' priority='100'>"
                                "<ip srcipaddr='$IP' protocol='udp' dstportstart='$PORTS'/></rule>"
                                "<rule action='drop' direction='out' priority='500'><mac/></rule>");
    begin(guests, "<parameter name='PORTS' value='4097'/><parameter name='PORTS' value='4097'/>");
    acknowledge(guests, FIRST, LONG);
    g_assert_true(host_has_problem(guests->filterd, "what it learned is not in force"));
    g_assert_cmpint(guests_state(guests, "p1"), ==, FILTERD_LEARNING);
    g_assert_false(passes(guests, FIRST));
    acknowledge(guests, SECOND, LONG);
    assert_leases(guests, TRUE, TRUE);
    (void)client_says(guests, &release); /* is dropped: nothing is allowed to port 67 */
    assert_leases(guests, TRUE, TRUE);
    acknowledge(guests, SECOND, 1);
    run_out(guests, "10.0.0.6");
    g_assert_true(host_has_problem(guests->filterd, "what it learned is not in force"));
    g_assert_false(passes(guests, FIRST));
    g_assert_false(passes(guests, SECOND));
    guests_define(guests, "$IP");
    assert_leases(guests, TRUE, FALSE);
    guests_forget(guests);
}

/* What is too much to be told does not pass. */
static void test_flood(const Guests *guests)
{
    const Message release = {RELEASE, FIRST, .current = SECOND};
    g_autofree char *hex = frame_text(&release, FALSE);
    const guint per_second = 32;
    guint seconds = 1, arrived;
    gint64 begun;

    begin(guests, "");
    acknowledge(guests, FIRST, LONG);
    begun = g_get_monotonic_time() / G_USEC_PER_SEC;
    for (guint i = 0; i < 500; i++)
        guests_send(guests->from, hex);
    seconds += (guint)(g_get_monotonic_time() / G_USEC_PER_SEC - begun);
    arrived = guests_arrivals(guests);
    g_assert_cmpuint(arrived, >=, per_second);
    g_assert_cmpuint(arrived, <=, per_second * seconds);
    guests_settle();
    assert_leases(guests, TRUE, FALSE);
    guests_forget(guests);
}

int main(int argc, char **argv)
{
    Guests guests;

    g_assert_cmpint(argc, ==, 4);
    guests_enter(&guests, argv);
    test_not(&guests);
    test_life(&guests);
    test_ends(&guests);
    test_unheard(&guests);
    test_rebound(&guests);
    test_closed(&guests);
    test_flood(&guests);
    filterd_free(guests.filterd);
    printf("leases begin and end as servers and clients say\n");
    return 0;
}
