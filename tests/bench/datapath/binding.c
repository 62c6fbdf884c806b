/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "bench.h"
#include "lane.h"

#define ROUNDS 9
#define PORTS 1000
#define FAKE 1000000 /* ifindex of ports that are rows only */

typedef struct {
    double first, further, attach; /* seconds, the least of all rounds */
} Binding;

/* Binds and attaches a port; `start` is when it began. */
static void bind_port(const Bound *bound, guint port, double start, double *least, Binding *binding)
{
    const DatapathPort row = {
        lane_ifindex(port), bound->shape, {bound->bindings[0], bound->bindings[1]}};
    double before, unused;

    lane_bind(&row, 1, &unused, &unused);
    before = lane_seconds();
    g_assert_true(datapath_attach(lane_datapath(), row.ifindex, NULL));
    *least = MIN(*least, lane_seconds() - start);
    binding->attach = MIN(binding->attach, lane_seconds() - before);
}

/* From the filter's name to attached; and again for another port of the shape, which then is at
 * hand. */
static void bind_round(Binding *binding)
{
    double start = lane_seconds();
    Bound bound;

    lane_bound_init(&bound, "clean-traffic", 1, 1);
    bind_port(&bound, 1, start, &binding->first, binding);
    bind_port(&bound, 2, lane_seconds(), &binding->further, binding);
    lane_unfilter(1, 2);
    lane_sweep();
    bound_clear(&bound);
}

static void bind_all(const Bound *bound, double *prepare, double *commit)
{
    g_autofree DatapathPort *ports = g_new0(DatapathPort, PORTS);

    for (guint i = 0; i < PORTS; i++)
        ports[i] = (DatapathPort){FAKE + i, bound->shape, {bound->bindings[0], bound->bindings[1]}};
    lane_bind(ports, PORTS, prepare, commit);
}

static void bench_redefinition(void)
{
    double prepare = 1, commit = 1, p, c;
    Bound bound, other;

    lane_bound_init(&bound, "vdsm-no-mac-spoofing", 1, 1);
    lane_bound_init(&other, "no-mac-spoofing", 1, 1);
    bind_all(&bound, &p, &c);
    for (guint round = 0; round < ROUNDS; round++) {
        bind_all(round % 2 ? &bound : &other, &p, &c);
        lane_sweep();
        prepare = MIN(prepare, p);
        commit = MIN(commit, c);
    }
    for (guint i = 0; i < PORTS; i++)
        g_assert_true(datapath_unbind(lane_datapath(), FAKE + i, NULL));
    lane_sweep();
    bound_clear(&bound);
    bound_clear(&other);
    printf("redefine_1000_ports_prepare %.3f ms\n", prepare * 1e3);
    printf("redefine_1000_ports_switch %.3f ms\n", commit * 1e3);
}

void bench_binding(G_GNUC_UNUSED const char *rules)
{
    Binding binding = {1, 1, 1};

    for (guint round = 0; round < ROUNDS; round++)
        bind_round(&binding);
    printf("filter_to_attached_first_of_shape %.3f ms\n", binding.first * 1e3);
    printf("filter_to_attached_further %.3f ms\n", binding.further * 1e3);
    printf("attach_both_ways %.3f ms\n", binding.attach * 1e3);
    bench_redefinition();
}
