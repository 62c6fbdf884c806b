/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port's filter and values are changed again and again while frames flow. Every frame is judged
 * by the old ones or by the new ones, whole: what neither lets through never arrives, what both do
 * always does. usage: flips
 */
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datapath/datapath.h"
#include "decide/test-world.h"
#include "nwfilter/plan.h"
#include "stock.h"
#include "wire.h"

#define ROUNDS 8000        /* of sending: a batch of frames each; see stock_every() */
#define FLIPS_MIN 20       /* on the busiest machine; an idle one makes hundreds */
#define FLIPS_PER_SWEEP 12 /* there are 32 slots */
#define ALL "ffffffffffff"
#define ARP "0806 0001 0800 06 04 0001"

/* ARP with MAC and address of the port, and markers; nothing else. Two filters that judge alike
 * but are two shapes, with an address each. */
static const char *const texts[] = {
    "<filter name='a' chain='root'>\n"
    "<rule action='accept' direction='out'><mac protocolid='0x88b6'/></rule>\n"
    "<rule action='accept' direction='out'>"
    "<arp srcmacaddr='$MAC' arpsrcipaddr='$IP'/></rule>\n"
    "<rule action='drop' direction='out'/>\n</filter>",
    "<filter name='a' chain='root'>\n"
    "<rule action='drop' direction='out'><arp match='no' arpsrcipaddr='$IP'/></rule>\n"
    "<rule action='accept' direction='out'><mac protocolid='0x88b6'/></rule>\n"
    "<rule action='accept' direction='out'><mac srcmacaddr='$MAC'/></rule>\n"
    "<rule action='drop' direction='out'/>\n</filter>",
};

static const char *const macs[] = {"52:54:00:00:00:01", "52:54:00:00:00:02"};
static const char *const addresses[] = {"10.0.0.1", "10.0.0.2"};

/* Each value of one port with the other's: no filter passes them. */
static const char *const mixed[] = {
    ALL "525400000001" ARP "525400000001 0a000002 000000000000 0a000009",
    ALL "525400000002" ARP "525400000002 0a000001 000000000000 0a000009",
};
static const char *const proper[] = {
    ALL "525400000001" ARP "525400000001 0a000001 000000000000 0a000009",
    ALL "525400000002" ARP "525400000002 0a000002 000000000000 0a000009",
};

static guint rounds;

static void bound_of(Bound *bound, guint filter, guint values)
{
    g_autoptr(Plan) plan = world_plan(&texts[filter], 1);
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(PlanValues) bound_values = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(variables_add(variables, "MAC", macs[values], NULL));
    g_assert_true(variables_add(variables, "IP", addresses[values], NULL));
    bound_values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    bound_init(bound, plan, bound_values, ENCAPSULATION_INSPECT);
}

static void bind_port(Datapath *datapath, guint ifindex, const Bound *bound)
{
    g_autoptr(GError) error = NULL;
    const DatapathPort port = {ifindex, bound->shape, {bound->bindings[0], bound->bindings[1]}};
    DatapathChange *change = datapath_prepare(datapath, &port, 1, &error);

    g_assert_no_error(error);
    g_assert_true(datapath_commit(change, &error));
}

static void sweep(Datapath *datapath)
{
    g_autoptr(GError) error = NULL;
    guint64 retired = datapath_retire(datapath);

    g_assert_true(datapath_wait_grace(&error));
    g_assert_true(datapath_sweep(datapath, retired, G_MAXUINT));
}

/* In a process of its own: the frames, and a marker behind every eighth round. */
static pid_t send_all(void)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    int from = wire_socket(1, FALSE);
    for (guint i = 0; i < rounds; i++) {
        for (guint f = 0; f < 4; f++) {
            const char *hex = f < 2 ? mixed[f] : proper[f - 2];
            g_autoptr(GByteArray) frame = wire_octets(hex);

            wire_send(from, frame, FALSE);
        }
        wire_mark(from, i % 2 ? "525400000001" : "525400000003", FALSE);
    }
    _exit(0);
}

/* What arrived: markers all, of the others only proper ones. Returns how many proper ones. */
static guint check_arrived(int to)
{
    guint count = 0;

    for (guint i = 0; i < rounds; i++) {
        g_autoptr(GPtrArray) frames = NULL;

        if (!wire_collect(to, &frames))
            g_error("marker %u did not arrive", i);
        for (guint f = 0; f < frames->len; f++) {
            const GByteArray *frame = frames->pdata[f];

            if (frame->data[11] != frame->data[31]) {
                for (guint b = 0; b < frame->len; b++)
                    fprintf(stderr, "%02x", frame->data[b]);
                g_error(" arrived: MAC and address do not agree");
            }
            count++;
        }
    }
    return count;
}

int main(void)
{
    const DatapathConfig config = {wire_enter(), 16, 0, DATAPATH_HOOK_ANY};
    g_autoptr(GError) error = NULL;
    guint flips = 0, arrived;
    Bound bounds[4];
    int status = 0;

    rounds = ROUNDS / stock_every();
    guint port1 = wire_port(1);
    (void)wire_port(2);
    Datapath *datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < 4; i++)
        bound_of(&bounds[i], i / 2, i % 2);
    bind_port(datapath, port1, &bounds[0]);
    g_assert_true(datapath_attach(datapath, port1, &error));
    int to = wire_socket(2, FALSE);
    pid_t child = send_all();
    while (waitpid(child, &status, WNOHANG) == 0) {
        bind_port(datapath, port1, &bounds[++flips % 4]);
        if (flips % FLIPS_PER_SWEEP == 0)
            sweep(datapath);
    }
    g_assert_cmpint(status, ==, 0);
    arrived = check_arrived(to);
    printf("%u flips, %u of %u frames passed, none by a mixture\n", flips, arrived, 2 * rounds);
    g_assert_cmpuint(flips, >=, FLIPS_MIN);
    /* some of them at each time, however the two processes got their turns */
    g_assert_cmpuint(arrived, >, 0);
    g_assert_cmpuint(arrived, <, 2 * rounds);
    for (guint i = 0; i < 4; i++)
        bound_clear(&bounds[i]);
    datapath_close(datapath);
    return 0;
}
