/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the data path's maps hold is used up, one after the other: the error says what, nothing that
 * is in force changes, and what is given back can be used again. Tables that frames fill themselves
 * close, are counted, and go on for whoever has a place in them. usage: capacity
 */
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <unistd.h>

#include "datapath/bpf/layout.h"
#include "datapath/datapath.h"
#include "decide/test-world.h"
#include "stock.h"
#include "wire.h"

#define LOOPBACK 1 /* the port whose verdicts are looked at; the others are numbers only */
#define FIRST_OTHER 1001
#define LIST 4096     /* LIST_MAX */
#define RULES 1000    /* of a filter with many counters */
#define FLOWS 65536   /* what the tables hold at least */
#define ENTRIES 32768 /* of small sets, and of prefixes; a quarter of large ones */
#define SOURCES 16384

typedef struct {
    Datapath *datapath;
    int dispatch[N_WAYS];
} Fixture;

static void fixture_open(Fixture *fixture, guint ports, guint flows)
{
    static guint count;
    g_autofree char *pins = g_strdup_printf("/sys/fs/bpf/capacity-%u", ++count);
    const DatapathConfig config = {pins, ports, flows, DATAPATH_HOOK_ANY};
    g_autoptr(GError) error = NULL;

    fixture->datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    for (guint way = 0; way < N_WAYS; way++) {
        g_autofree char *path = g_strdup_printf("%s/%d/%s", pins, LAYOUT_VERSION,
                                                way == WAY_OUT ? "dispatch_out" : "dispatch_in");

        fixture->dispatch[way] = bpf_obj_get(path);
        g_assert_cmpint(fixture->dispatch[way], >=, 0);
    }
}

static void fixture_close(Fixture *fixture)
{
    for (guint way = 0; way < N_WAYS; way++)
        close(fixture->dispatch[way]);
    datapath_close(fixture->datapath);
}

/* The verdict's code when the frame is dropped; 0 when it passes. */
static guint run(const Fixture *fixture, guint way, guint ifindex, const GByteArray *frame)
{
    struct __sk_buff context = {.ifindex = ifindex}, after = {0};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->data, .data_size_in = frame->len,
                .ctx_in = &context, .ctx_size_in = sizeof context, .ctx_out = &after,
                .ctx_size_out = sizeof after);

    g_assert_cmpint(bpf_prog_test_run_opts(fixture->dispatch[way], &run), ==, 0);
    return run.retval == (guint)TC_ACT_UNSPEC ? 0 : after.cb[0];
}

/* ---- filters ---- */

/* What a list called A holds for fields of each type, by number. */
static const char *const forms[][2] = {
    {"MAC", "52:54:00:01:%02x:%02x"},
    {"IP", "10.1.%u.%u"},
    {"IPB", "10.2.%u.%u"},
    {"NET", "10.%u.%u.0"},
    {"IPV6", "fd00::%x:%x"},
    {"IPV6B", "fd01::%x:%x"},
};

static void add_list(Variables *variables, const char *name)
{
    for (gsize form = 0; form < G_N_ELEMENTS(forms); form++)
        for (guint i = 0; i < LIST && strcmp(forms[form][0], name) == 0; i++) {
            g_autoptr(GString) value = g_string_new(NULL);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            g_string_printf(value, forms[form][1], i / 256, i % 256);
#pragma GCC diagnostic pop
            g_assert_true(variables_add(variables, name, value->str, NULL));
        }
}

static void bound_of(Bound *bound, const char *rules)
{
    g_autofree char *text = g_strdup_printf("<filter name='a' chain='root'>\n%s</filter>", rules);
    g_autoptr(Plan) plan = world_plan((const char *const *)&text, 1);
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(PlanValues) values = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < plan->n_slots; i++)
        add_list(variables, plan->slots[i].name);
    values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    bound_init(bound, plan, values, ENCAPSULATION_INSPECT);
}

static gboolean bind_bound(Fixture *fixture, guint ifindex, const Bound *bound, GError **error)
{
    const DatapathPort port = {ifindex, bound->shape, {bound->bindings[0], bound->bindings[1]}};
    DatapathChange *change = datapath_prepare(fixture->datapath, &port, 1, error);

    return change && datapath_commit(change, error);
}

static void sweep(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    guint64 retired = datapath_retire(fixture->datapath);

    g_assert_true(datapath_wait_grace(&error));
    g_assert_true(datapath_sweep(fixture->datapath, retired, G_MAXUINT));
}

/* ---- what binding takes ---- */

#define DROP_OUT "<rule action='drop' direction='out' priority='900'/>\n"
#define ACCEPT_OUT(what) "<rule action='accept' direction='out'>" what "</rule>\n" DROP_OUT
#define ETHERNET "525400000002 525400010000"
#define IP6_TO(last) "fd01000000000000000000000000" last

/* `rules`: of every port; # is the port's number. `passing` does, `dropped` does not. */
static const struct {
    const char *name, *rules;
    guint ports, fits; /* how many can be bound, at most when not exactly told (0) */
    const char *words; /* of the error */
    const char *passing, *dropped;
} rows[] = {
    {"ports", ACCEPT_OUT("<mac protocolid='0x88b5'/>"), 3, 3, "more than 3 ports",
     ETHERNET "88b5 0000", ETHERNET "88b6 0000"},
    {"shapes", ACCEPT_OUT("<mac protocolid='0x9#'/>"), 600, 512, "more than 512 different filters",
     ETHERNET "9001 0000", ETHERNET "9002 0000"},
    {"counters", NULL, 64, 0, "counters", ETHERNET "88b5 0000", ETHERNET "1000 0000"},
    {"numbers", ACCEPT_OUT("<mac srcmacaddr='$MAC'/>"), 64, 0, "the lists of a port need",
     ETHERNET "88b5 0000", "525400000002 525400000009 88b5 0000"},
    {"sets", ACCEPT_OUT("<ip srcipaddr='$IP[@1]' dstipaddr='$IPB[@1]'/>"), 64, ENTRIES / LIST,
     "map sets", ETHERNET "0800 45000014000100004011 0000 0a010000 0a020000",
     ETHERNET "0800 45000014000100004011 0000 0a010000 0a020001"},
    {"large sets", ACCEPT_OUT("<ipv6 srcipaddr='$IPV6[@1]' dstipaddr='$IPV6B[@1]'/>"), 64,
     ENTRIES / 4 / LIST, "map large_sets",
     ETHERNET "86dd 60000000 0000 3b40 fd000000000000000000000000000000" IP6_TO("0000"),
     ETHERNET "86dd 60000000 0000 3b40 fd000000000000000000000000000000" IP6_TO("0001")},
    {"prefixes", ACCEPT_OUT("<ip srcipaddr='$NET' srcipmask='24'/>"), 64, ENTRIES / LIST,
     "map prefixes", ETHERNET "0800 45000014000100004011 0000 0a000005 0a020000",
     ETHERNET "0800 45000014000100004011 0000 0b000005 0a020000"},
    {"large prefixes",
     ACCEPT_OUT("<ipv6 srcipaddr='$IPV6[@1]' dstipaddr='$IPV6B[@1]' dstipmask='127'/>"), 64,
     ENTRIES / 4 / LIST, "map large_prefixes",
     ETHERNET "86dd 60000000 0000 3b40 fd000000000000000000000000000000" IP6_TO("0001"),
     ETHERNET "86dd 60000000 0000 3b40 fd000000000000000000000000000000" IP6_TO("0002")},
};

static char *rules_of(guint row, guint number)
{
    GString *rules = g_string_new(rows[row].rules);
    g_autofree char *digits = g_strdup_printf("%03x", number);

    if (rows[row].rules) {
        g_string_replace(rules, "#", digits, 0);
        return g_string_free(rules, FALSE);
    }
    for (guint i = 0; i < RULES; i++)
        g_string_append_printf(
            rules, "<rule action='drop' direction='inout'><mac protocolid='0x%04x'/></rule>\n",
            0x1000 + i);
    return g_string_free(rules, FALSE);
}

static void check_in_force(const Fixture *fixture, guint row)
{
    g_autoptr(GByteArray) passing = wire_octets(rows[row].passing);
    g_autoptr(GByteArray) dropped = wire_octets(rows[row].dropped);

    g_assert_cmpuint(run(fixture, WAY_OUT, LOOPBACK, passing), ==, 0);
    g_assert_cmpuint(run(fixture, WAY_OUT, LOOPBACK, dropped), !=, 0);
}

static guint port_of(guint number)
{
    return number == 0 ? LOOPBACK : FIRST_OTHER + number;
}

/* The filter of port `number`; *bound is replaced when it is another one than the last's. */
static gboolean bind_number(Fixture *fixture, guint row, guint number, Bound *bound, GError **error)
{
    if (!bound->shape || (rows[row].rules && strchr(rows[row].rules, '#'))) {
        g_autofree char *rules = rules_of(row, number + 1);

        if (bound->shape)
            bound_clear(bound);
        bound_of(bound, rules);
    }
    return bind_bound(fixture, port_of(number), bound, error);
}

static void test_full(gconstpointer data)
{
    const guint row = GPOINTER_TO_UINT(data);
    g_autoptr(GError) error = NULL;
    Fixture fixture;
    Bound bound = {0};
    guint n = 0;

    fixture_open(&fixture, rows[row].ports, 0);
    while (bind_number(&fixture, row, n, &bound, &error))
        n++;
    g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
    if (!strstr(error->message, rows[row].words))
        g_error("%s: %s", rows[row].name, error->message);
    g_clear_error(&error);
    g_assert_cmpuint(n, >=, 2);
    if (rows[row].fits > 0)
        g_assert_cmpuint(n, ==, rows[row].fits);
    check_in_force(&fixture, row);
    g_autoptr(GArray) ports = datapath_ports(fixture.datapath);
    g_assert_cmpuint(ports->len, ==, n);
    g_assert_true(datapath_unbind(fixture.datapath, port_of(n - 1), &error));
    sweep(&fixture);
    g_assert_true(bind_number(&fixture, row, n, &bound, &error)); /* again one too few, or not */
    g_assert_no_error(error);
    g_assert_false(bind_number(&fixture, row, n + 1, &bound, &error));
    g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
    check_in_force(&fixture, row);
    bound_clear(&bound);
    fixture_close(&fixture);
}

/* Twice as many rows as ports, for changes: what was replaced keeps its row until it is swept. */
static void test_rows(void)
{
    g_autoptr(GError) error = NULL;
    Fixture fixture;
    Bound bound;

    fixture_open(&fixture, 2, 0);
    bound_of(&bound, rows[0].rules);
    for (guint i = 0; i < 4; i++)
        g_assert_true(bind_bound(&fixture, LOOPBACK, &bound, &error));
    g_assert_false(bind_bound(&fixture, LOOPBACK, &bound, &error));
    g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT);
    g_assert_nonnull(strstr(error->message, "all 4 rows"));
    g_clear_error(&error);
    check_in_force(&fixture, 0);
    sweep(&fixture);
    g_assert_true(bind_bound(&fixture, LOOPBACK, &bound, &error));
    check_in_force(&fixture, 0);
    bound_clear(&bound);
    fixture_close(&fixture);
}

/* ---- one filter ---- */

static char *long_rules(guint n)
{
    GString *rules = g_string_new(NULL);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(
            rules,
            "<rule action='drop' direction='out'><ip srcipaddr='10.1.%u.%u' dstipaddr='10.2.%u.%u' "
            "protocol='udp' srcportstart='%u' dstportstart='%u'/></rule>\n",
            i / 256, i % 256, i / 256, i % 256, i + 1, i + 2);
    return g_string_free(rules, FALSE);
}

/* Whether it may be defined. */
static gboolean is_within_limits(guint n)
{
    g_autofree char *rules = long_rules(n);
    g_autofree char *text = g_strdup_printf("<filter name='a' chain='root'>\n%s</filter>", rules);
    g_autoptr(Plan) plan = world_plan((const char *const *)&text, 1);

    return shape_check(plan, NULL);
}

/* The longest filter that may be defined is one that the kernel takes. */
static void test_longest(void)
{
    guint good = 256, bad = 4096;
    g_autoptr(GError) error = NULL;
    Fixture fixture;
    Bound bound;

    while (bad - good > 1) {
        const guint middle = (good + bad) / 2;

        *(is_within_limits(middle) ? &good : &bad) = middle;
    }
    g_autofree char *rules = long_rules(good);
    fixture_open(&fixture, 2, 0);
    bound_of(&bound, rules);
    g_assert_true(bind_bound(&fixture, LOOPBACK, &bound, &error));
    g_assert_no_error(error);
    g_test_message("%u rules", good);
    bound_clear(&bound);
    fixture_close(&fixture);
}

/* ---- what frames take ---- */

static guint64 counter(const Fixture *fixture, guint ifindex, guint way, guint verdict)
{
    g_autoptr(GArray) counters = datapath_counters(fixture->datapath, ifindex, way);

    return g_array_index(counters, guint64, verdict);
}

/* The frame of a connection by number: of UDP from the guest, or of TCP towards it, from as many
 * sources and, of each, the port given. */
static guint run_udp(const Fixture *fixture, guint ifindex, guint number)
{
    g_autofree char *hex = g_strdup_printf(
        "525400000002 525400000001 0800 4500001c000100004011 0000 0a00%04x 0a000009 %04x 0035"
        "0008 0000",
        number >> 12, number & 0xfff);
    g_autoptr(GByteArray) frame = wire_octets(hex);

    return run(fixture, WAY_OUT, ifindex, frame);
}

static guint run_tcp(const Fixture *fixture, guint source, guint port)
{
    g_autofree char *hex = g_strdup_printf(
        "525400000001 525400000002 0800 45000028000100004006 0000 0a01%04x 0a000001 %04x 0016"
        "00000001 00000000 5002 ffff 00000000",
        source, port);
    g_autoptr(GByteArray) frame = wire_octets(hex);

    return run(fixture, WAY_IN, LOOPBACK, frame);
}

static guint expire(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    guint n = 0;

    g_assert_true(datapath_expire_flows(fixture->datapath, &n, &error));
    return n;
}

/* One port fills the whole table, with a share as large as that; its neighbour notices when it
 * begins something new. */
static void test_flows(void)
{
    const guint neighbour = wire_port(1), own = 10;
    g_autoptr(GError) error = NULL;
    Fixture fixture;
    Bound bound;
    guint n = 0;

    fixture_open(&fixture, 4, 2 * FLOWS);
    bound_of(&bound, "<rule action='accept' direction='out'><udp/></rule>\n"
                     "<rule action='drop' direction='inout'><all/></rule>\n");
    g_assert_true(bind_bound(&fixture, LOOPBACK, &bound, &error));
    g_assert_true(bind_bound(&fixture, neighbour, &bound, &error));
    for (guint i = 0; i < own; i++)
        g_assert_cmpuint(run_udp(&fixture, neighbour, i), ==, 0);
    while (n < 2 * FLOWS && run_udp(&fixture, LOOPBACK, n) == 0)
        n++;
    g_assert_cmpuint(n, ==, FLOWS - own);
    g_assert_cmpuint(run_udp(&fixture, LOOPBACK, n), ==, VERDICT_FLOW_TABLE);
    g_assert_cmpuint(run_udp(&fixture, neighbour, own), ==, VERDICT_FLOW_TABLE);
    g_assert_cmpuint(counter(&fixture, neighbour, WAY_OUT, VERDICT_FLOW_TABLE), ==, 1);
    g_assert_cmpuint(counter(&fixture, LOOPBACK, WAY_OUT, VERDICT_FLOW_TABLE), ==, 2);
    for (guint i = 0; i < own; i++)
        g_assert_cmpuint(run_udp(&fixture, neighbour, i), ==, 0);
    g_assert_cmpuint(run_udp(&fixture, LOOPBACK, 0), ==, 0);
    g_assert_true(datapath_unbind(fixture.datapath, LOOPBACK, &error));
    g_assert_cmpuint(expire(&fixture), ==, n);
    g_assert_cmpuint(run_udp(&fixture, neighbour, own), ==, 0);
    bound_clear(&bound);
    fixture_close(&fixture);
}

/* A source that cannot be counted has no connection; the ones that are go on, and their limit is
 * theirs. */
static void test_sources(void)
{
    g_autoptr(GError) error = NULL;
    Fixture fixture;
    Bound bound;
    guint n = 0;

    fixture_open(&fixture, 4, 2 * FLOWS);
    bound_of(&bound,
             "<rule action='drop' direction='in'><tcp dstportstart='22' connlimit-above='2'/>"
             "</rule>\n<rule action='accept' direction='inout'><all/></rule>\n");
    g_assert_true(bind_bound(&fixture, LOOPBACK, &bound, &error));
    while (n < FLOWS && run_tcp(&fixture, n, 1000) == 0)
        n++;
    g_assert_cmpuint(n, ==, SOURCES);
    for (guint i = 0; i < 3; i++) /* trying again does not help */
        g_assert_cmpuint(run_tcp(&fixture, n, 1000), ==, VERDICT_FLOW_TABLE);
    g_assert_cmpuint(counter(&fixture, LOOPBACK, WAY_IN, VERDICT_FLOW_TABLE), ==, 4);
    g_assert_cmpuint(run_tcp(&fixture, 0, 1000), ==, 0);
    g_assert_cmpuint(run_tcp(&fixture, 0, 1001), ==, 0);
    g_assert_cmpuint(run_tcp(&fixture, 0, 1002), >=, LAYOUT_RULES); /* its third */
    g_assert_true(datapath_unbind(fixture.datapath, LOOPBACK, &error));
    g_assert_cmpuint(expire(&fixture), >, SOURCES);
    g_assert_true(bind_bound(&fixture, LOOPBACK, &bound, &error));
    g_assert_cmpuint(run_tcp(&fixture, n, 1000), ==, 0);
    bound_clear(&bound);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void)wire_enter();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/capacity/", rows[i].name, NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_full);
    }
    g_test_add_func("/capacity/rows", test_rows);
    g_test_add_func("/capacity/longest", test_longest);
    g_test_add_func("/capacity/flows", test_flows);
    g_test_add_func("/capacity/sources", test_sources);
    return g_test_run();
}
