/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of a real bridge: what is forged does not pass, nor move the bridge's table; what is honest
 * does, whole. Once with tcx and once with clsact. usage: live STOCK OWN HOOK
 *   tcx     left to the data path, on a kernel that has it
 *   no-tcx  left to the data path, on a kernel that has only clsact
 *   clsact  told to
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath/datapath.h"
#include "stock.h"
#include "wire.h"

#define OWN "525400000001"
#define PEER "525400000002"
#define ALL "ffffffffffff"
#define ARP "0001 0800 06 04 "

static DatapathConfig config;
static Catalogue *filters;
static guint port1, port2, tells;
static gboolean is_clsact; /* else tcx */

/* `arrives`: at the second guest. Frames from the first. */
static const struct {
    const char *name, *hex;
    gboolean arrives;
} rows[] = {
    {"honest", ALL OWN "88b5 0001", TRUE},
    {"honest arp", ALL OWN "0806" ARP "0001" OWN "0a000001 000000000000 0a000002", TRUE},
    {"forged source", ALL PEER "88b5 0002", FALSE},
    {"forged arp", ALL OWN "0806" ARP "0001" PEER "0a000002 000000000000 0a000001", FALSE},
    {"priority tag, honest arp",
     ALL OWN "8100 0000 0806" ARP "0001" OWN "0a000001 000000000000 0a000002", TRUE},
    {"priority tag, forged arp",
     ALL OWN "8100 0000 0806" ARP "0001" PEER "0a000002 000000000000 0a000001", FALSE},
    {"tag 20, honest", ALL OWN "8100 0014 88b5 0003", TRUE},
    {"tag 20, forged source", ALL PEER "8100 0014 88b5 0004", FALSE},
    {"two tags, forged arp",
     ALL OWN "8100 0014 8100 0000 0806" ARP "0001" PEER "0a000002 000000000000 0a000001", FALSE},
    {"service tag, forged arp",
     ALL OWN "88a8 0014 8100 0000 0806" ARP "0001" PEER "0a000002 000000000000 0a000001", FALSE},
    {"snap, forged arp",
     ALL OWN "0024 aaaa03000000 0806" ARP "0001" PEER "0a000002 000000000000 0a000001", FALSE},
    {"header alone", ALL OWN "88b5", TRUE},
    {"header alone, forged", ALL PEER "88b5", FALSE},
};

static void bound_of(Bound *bound, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = catalogue_resolve(filters, name, &error);
    g_autoptr(Variables) variables = stock_variables(name, 1);
    g_autoptr(PlanValues) values = plan_bind(plan, variables, &error);

    g_assert_no_error(error);
    bound_init(bound, plan, values, ENCAPSULATION_INSPECT);
}

static void bind_port(Datapath *datapath, guint ifindex, const char *name)
{
    g_autoptr(GError) error = NULL;
    DatapathChange *change;
    Bound bound;

    bound_of(&bound, name);
    const DatapathPort port = {ifindex, bound.shape, {bound.bindings[0], bound.bindings[1]}};
    change = datapath_prepare(datapath, &port, 1, &error);
    g_assert_no_error(error);
    datapath_commit(change, &error);
    g_assert_no_error(error);
    bound_clear(&bound);
}

/* What of one frame comes out at the second guest. */
static guint send_one(int from, int to, const GByteArray *frame, gboolean split, guint *length)
{
    g_autoptr(GPtrArray) arrived = NULL;
    guint count;

    wire_send(from, frame, split);
    wire_mark(from, OWN, split);
    if (!wire_collect(to, &arrived))
        return G_MAXUINT; /* not even the marker */
    count = arrived->len;
    *length = count > 0 ? ((GByteArray *)arrived->pdata[0])->len : 0;
    return count;
}

static void try_rows(gboolean split)
{
    int from = wire_socket(1, split), to = wire_socket(2, FALSE);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) frame = wire_octets(rows[i].hex);
        guint length = 0, count = send_one(from, to, frame, split, &length);

        if (count != (rows[i].arrives ? 1 : 0))
            g_error("'%s'%s: %u frames arrived, expected %d", rows[i].name, split ? " (split)" : "",
                    count, rows[i].arrives);
        if (rows[i].arrives)
            g_assert_cmpuint(length, ==, frame->len);
    }
    g_assert_false(wire_has_learnt(1, "52:54:00:00:00:02"));
    close(from);
    close(to);
}

/* Long frames, in one piece and in many. */
static void try_jumbo(gboolean split)
{
    int from = wire_socket(1, split), to = wire_socket(2, FALSE);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) frame = wire_octets(rows[i].hex);
        guint length, count;

        if (frame->len < 16 || strstr(rows[i].name, "snap"))
            continue;
        g_byte_array_set_size(frame, 8000);
        count = send_one(from, to, frame, split, &length);
        g_assert_cmpuint(count, ==, rows[i].arrives ? 1 : 0);
    }
    close(from);
    close(to);
}

static guint64 sum(Datapath *datapath, guint ifindex, guint way)
{
    g_autoptr(GArray) counters = datapath_counters(datapath, ifindex, way);
    guint64 all = 0;

    for (guint i = 0; i < counters->len; i++)
        all += g_array_index(counters, guint64, i);
    return all;
}

static void tell(const DatapathDrop *drop, gpointer data)
{
    g_assert_cmpuint(drop->ifindex, ==, port1);
    g_assert_cmpuint(drop->way, ==, PLAN_FROM_VM);
    g_assert_cmpint(drop->reason, ==, REASON_RULE);
    g_assert_nonnull(drop->shape);
    g_assert_cmpuint(drop->sample_length, ==, MIN(drop->length, 128));
    g_assert_cmpint(memcmp(drop->sample, "\xff\xff\xff\xff\xff\xff", 6), ==, 0);
    tells++;
}

static void test_frames(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;

    bind_port(datapath, port1, "vdsm-no-mac-spoofing");
    bind_port(datapath, port2, "vdsm-no-mac-spoofing");
    for (guint split = 0; split < 2; split++) {
        try_rows(split == 1);
        try_jumbo(split == 1);
    }
    g_assert_cmpuint(sum(datapath, port1, PLAN_FROM_VM), >, 2 * G_N_ELEMENTS(rows));
    g_assert_cmpuint(sum(datapath, port2, PLAN_TO_VM), >, 2 * 5);
    g_assert_true(datapath_drops_read(datapath, tell, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(tells, >=, 5);
}

/* How many rule drops the origin at `line` has. */
static void test_counters(Datapath *datapath)
{
    int from = wire_socket(1, FALSE), to = wire_socket(2, FALSE);
    g_autoptr(GByteArray) forged = wire_octets(ALL PEER "88b5 0001");
    guint64 before = sum(datapath, port1, PLAN_FROM_VM);
    g_autoptr(GArray) counters = NULL;
    guint length, moved = 0;
    g_autoptr(GArray) old = datapath_counters(datapath, port1, PLAN_FROM_VM);

    g_assert_cmpuint(send_one(from, to, forged, FALSE, &length), ==, 0);
    g_assert_cmpuint(sum(datapath, port1, PLAN_FROM_VM), ==, before + 2); /* with the marker */
    counters = datapath_counters(datapath, port1, PLAN_FROM_VM);
    for (guint i = datapath_origin_counter(0); i < counters->len; i++)
        moved += g_array_index(counters, guint64, i) != g_array_index(old, guint64, i) ? 1 : 0;
    g_assert_cmpuint(moved, ==, 1); /* the rule of the drop; the marker passes by default */
    close(from);
    close(to);
}

/* A new process finds everything in force, and another cannot come in. */
static Datapath *test_reopen(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ports = NULL;
    guint64 before = sum(datapath, port1, PLAN_FROM_VM);

    g_assert_null(datapath_open(&config, &error));
    g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY);
    g_clear_error(&error);
    datapath_close(datapath);
    try_rows(FALSE);
    datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    ports = datapath_ports(datapath);
    g_assert_cmpuint(ports->len, ==, 2);
    g_assert_cmpuint(sum(datapath, port1, PLAN_FROM_VM), ==, before + 2 * G_N_ELEMENTS(rows));
    g_assert_true(datapath_attach(datapath, port1, &error)); /* it is: nothing to do */
    try_rows(FALSE);
    return datapath;
}

static void sweep(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;
    guint64 retired = datapath_retire(datapath);

    g_assert_true(datapath_wait_grace(&error));
    g_assert_true(datapath_sweep(datapath, retired, G_MAXUINT));
}

/* Another filter, and back; what is prepared only is not in force. */
static void test_change(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;
    Bound bound;

    bound_of(&bound, "no-other-l2-traffic");
    const DatapathPort port = {port1, bound.shape, {bound.bindings[0], bound.bindings[1]}};
    DatapathChange *change = datapath_prepare(datapath, &port, 1, &error);
    g_assert_no_error(error);
    try_rows(FALSE);
    datapath_abandon(change);
    try_rows(FALSE);
    change = datapath_prepare(datapath, &port, 1, &error);
    datapath_commit(change, &error);
    g_assert_no_error(error);
    bound_clear(&bound);
    int from = wire_socket(1, FALSE), to = wire_socket(2, FALSE);
    g_autoptr(GByteArray) honest = wire_octets(rows[0].hex);
    guint length;
    g_assert_cmpuint(send_one(from, to, honest, FALSE, &length), ==, G_MAXUINT);
    close(from);
    close(to);
    sweep(datapath);
    bind_port(datapath, port1, "vdsm-no-mac-spoofing");
    sweep(datapath);
    try_rows(FALSE);
}

/* Attached and not bound: nothing passes. Detached: everything does. */
static void test_unbind(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) forged = wire_octets(rows[2].hex);
    int from = wire_socket(1, FALSE), to = wire_socket(2, FALSE);
    guint64 strays = datapath_strays(datapath);
    guint length;

    g_assert_true(datapath_unbind(datapath, port1, &error));
    g_assert_cmpuint(send_one(from, to, forged, FALSE, &length), ==, G_MAXUINT);
    g_assert_cmpuint(datapath_strays(datapath), ==, strays + 2);
    sweep(datapath);
    g_assert_true(datapath_detach(datapath, port1, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(send_one(from, to, forged, FALSE, &length), ==, 1);
    g_assert_true(wire_has_learnt(1, "52:54:00:00:00:02"));
    close(from);
    close(to);
}

/* An ingress qdisc keeps clsact out, and that is said. */
static void test_ingress(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;
    guint port3 = wire_port(3);

    wire_run("tc qdisc add dev p3 ingress");
    if (is_clsact) {
        g_assert_false(datapath_attach(datapath, port3, &error));
        g_assert_error(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY);
        g_assert_nonnull(strstr(error->message, "ingress"));
    } else {
        g_assert_true(datapath_attach(datapath, port3, &error));
        g_assert_true(datapath_detach(datapath, port3, &error));
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(argc, ==, 4);
    filters = stock_filters(argv[1], argv[2]);
    is_clsact = strcmp(argv[3], "tcx") != 0;
    config.hook = strcmp(argv[3], "clsact") == 0 ? DATAPATH_HOOK_CLSACT : DATAPATH_HOOK_ANY;
    config.ports = 8;
    config.pins = wire_enter();
    port1 = wire_port(1);
    port2 = wire_port(2);
    Datapath *datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    g_assert_true(datapath_attach(datapath, port1, &error));
    g_assert_true(datapath_attach(datapath, port2, &error));
    g_assert_no_error(error);
    g_assert_cmpint(wire_has_clsact(1), ==, is_clsact);
    test_frames(datapath);
    test_counters(datapath);
    datapath = test_reopen(datapath);
    test_change(datapath);
    test_unbind(datapath);
    test_ingress(datapath);
    datapath_close(datapath);
    catalogue_free(filters);
    printf("forged frames stay out, honest ones pass, with %s\n", argv[3]);
    return 0;
}
