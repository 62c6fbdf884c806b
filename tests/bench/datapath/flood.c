/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"
#include "bench.h"
#include "frame.h"
#include "lane.h"
#include "series.h"

#define ROUNDS 15
#define RECEIVERS 300
#define LAST (1 + RECEIVERS)

/* The bridge floods nothing to the ports behind the last. */
static void set_flood(const char *word)
{
    g_autoptr(GString) batch = g_string_new(NULL);

    for (guint port = LAST + 1; port <= LANE_PORTS; port++)
        g_string_append_printf(batch, "link set dev p%u bcast_flood %s\n", port, word);
    batch_run("bridge -batch -", batch->str);
}

void bench_flood(G_GNUC_UNUSED const char *rules)
{
    const Lane lane = frame_arp_lane(RECEIVERS);
    g_autoptr(Series) series = series_new();

    set_flood("off");
    for (guint round = 0; round < ROUNDS; round++) {
        series_add(series, "arp_300_none", lane_run(&lane, "arp_300_none"));
        lane_occupy(1, LAST);
        series_add(series, "arp_300_empty", lane_run(&lane, "arp_300_empty"));
        lane_vacate(1, LAST);
        lane_filter("clean-traffic", 1, LAST, 1);
        series_add(series, "arp_300_clean", lane_run(&lane, "arp_300_clean"));
        lane_unfilter(1, LAST);
        lane_sweep();
    }
    set_flood("on");
    series_print(series, "arp_300_none");
    series_print(series, "arp_300_empty");
    series_print(series, "arp_300_clean");
    series_print_ratio(series, "arp_300_clean", "arp_300_none");
    series_print_ratio(series, "arp_300_clean", "arp_300_empty");
    g_byte_array_unref(lane.octets);
}
