/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port's share of the flow table: when it is used up, the port's new connections are dropped and
 * counted, the open ones go on, and the neighbour notices nothing. What is forgotten makes room.
 */
#include <stdio.h>
#include <unistd.h>

#include "datapath/datapath.h"
#include "decide/test-world.h"
#include "stock.h"
#include "wire.h"

#define QUOTA 4
#define ALL "ffffffffffff"

static const char *const text = "<filter name='a' chain='root'>\n"
                                "<rule action='accept' direction='out'><udp/></rule>\n"
                                "<rule action='drop' direction='inout'><all/></rule>\n</filter>";

static void bind_port(Datapath *datapath, guint ifindex)
{
    g_autoptr(Plan) plan = world_plan(&text, 1);
    g_autoptr(PlanValues) values = world_values(plan, 0);
    g_autoptr(GError) error = NULL;
    Bound bound;

    bound_init(&bound, plan, values, ENCAPSULATION_INSPECT);
    const DatapathPort port = {ifindex, bound.shape, {bound.bindings[0], bound.bindings[1]}};
    DatapathChange *change = datapath_prepare(datapath, &port, 1, &error);
    g_assert_no_error(error);
    g_assert_true(datapath_commit(change, &error));
    g_assert_true(datapath_attach(datapath, ifindex, &error));
    g_assert_no_error(error);
    bound_clear(&bound);
}

/* UDP from ten ports of a guest, each twice; how many frames come out at the third. */
static guint send_flows(guint guest, int to)
{
    int from = wire_socket(guest, FALSE);
    g_autoptr(GPtrArray) arrived = NULL;
    guint count;

    for (guint i = 0; i < 20; i++) {
        g_autofree char *hex = g_strdup_printf(
            ALL "52540000000%u 0800 4500 001c 0001 0000 40 11 0000 0a00000%u 0a000009"
                "%04x 0035 0008 0000",
            guest, guest, 1000 + i % 10);
        g_autoptr(GByteArray) frame = wire_octets(hex);

        wire_send(from, frame, FALSE);
    }
    wire_mark(from, guest == 1 ? "525400000001" : "525400000002", FALSE);
    g_assert_true(wire_collect(to, &arrived));
    count = arrived->len;
    close(from);
    return count;
}

int main(void)
{
    const DatapathConfig config = {wire_enter(), 8, QUOTA, DATAPATH_HOOK_ANY};
    g_autoptr(GError) error = NULL;
    guint n_expired = 0;

    guint port1 = wire_port(1), port2 = wire_port(2);
    (void)wire_port(3);
    Datapath *datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    bind_port(datapath, port1);
    bind_port(datapath, port2);
    int to = wire_socket(3, FALSE);
    g_assert_cmpuint(send_flows(1, to), ==, 2 * QUOTA);
    g_assert_cmpuint(send_flows(1, to), ==, 2 * QUOTA); /* the open ones go on */
    g_assert_cmpuint(send_flows(2, to), ==, 2 * QUOTA); /* a share of its own */
    g_assert_true(datapath_expire_flows(datapath, &n_expired, &error));
    g_assert_cmpuint(n_expired, ==, 0);
    g_assert_true(datapath_unbind(datapath, port1, &error));
    g_assert_true(datapath_expire_flows(datapath, &n_expired, &error));
    g_assert_cmpuint(n_expired, ==, QUOTA);
    bind_port(datapath, port1);
    g_assert_cmpuint(send_flows(1, to), ==, 2 * QUOTA);
    datapath_close(datapath);
    printf("a port opens %d connections, its neighbour as many\n", QUOTA);
    return 0;
}
