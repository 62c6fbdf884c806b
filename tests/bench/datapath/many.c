/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "frame.h"
#include "lane.h"
#include "rules.h"
#include "series.h"

#define ROUNDS 20
#define STOCK_PORTS 500
#define FILTER "vdsm-no-mac-spoofing"

/* Where the sender's port is among those that libvirt has bound: what it costs depends on that. */
static const struct {
    const char *name;
    guint place;
} places[] = {
    {"stock_first_of_500", 1},
    {"stock_middle_of_500", STOCK_PORTS / 2},
    {"stock_last_of_500", STOCK_PORTS},
};

/* Port 1's own cases take turns while so many others have the filter, attached. Port 2, which
 * receives, has none. */
static const struct {
    guint ports;
    const char *none, *empty, *ours;
} steps[] = {
    {1, "none_beside_1", "empty_beside_1", "vdsm_1_of_1_port"},
    {100, "none_beside_100", "empty_beside_100", "vdsm_1_of_100_ports"},
    {STOCK_PORTS, "none_beside_500", "empty_beside_500", "vdsm_1_of_500_ports"},
    {1000, "none_beside_1000", "empty_beside_1000", "vdsm_1_of_1000_ports"},
};

static void run_stock(Series *series, const Lane *lane, const Rules *rules)
{
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        rules_apply(rules, STOCK_PORTS, places[i].place);
        series_add(series, places[i].name, lane_run(lane, places[i].name));
    }
    rules_apply(rules, 1, 1);
    series_add(series, "stock_1_port", lane_run(lane, "stock_1_port"));
    rules_clear();
}

static void run_step(Series *series, const Lane *lane, gsize step, const Rules *rules)
{
    series_add(series, steps[step].none, lane_run(lane, steps[step].none));
    lane_occupy(1, 1);
    series_add(series, steps[step].empty, lane_run(lane, steps[step].empty));
    lane_vacate(1, 1);
    lane_filter(FILTER, 1, 1, 1);
    series_add(series, steps[step].ours, lane_run(lane, steps[step].ours));
    lane_unfilter(1, 1);
    if (steps[step].ports == STOCK_PORTS)
        run_stock(series, lane, rules);
    lane_sweep();
}

static void print(const Series *series)
{
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        series_print(series, steps[i].ours);
        series_print_ratio(series, steps[i].ours, steps[i].none);
        series_print_ratio(series, steps[i].ours, steps[i].empty);
    }
    series_print(series, "none_beside_500");
    series_print(series, "stock_1_port");
    series_print_ratio(series, "stock_1_port", "none_beside_500");
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        series_print(series, places[i].name);
        series_print_ratio(series, places[i].name, "none_beside_500");
        series_print_ratio(series, places[i].name, "vdsm_1_of_500_ports");
    }
}

void bench_many(const char *path)
{
    const Lane lane = frame_lane();
    g_autoptr(Series) series = series_new();
    g_autoptr(Rules) rules = rules_new(path);
    guint ports = 1;

    for (gsize step = 0; step < G_N_ELEMENTS(steps); step++) {
        if (steps[step].ports > ports)
            lane_filter(FILTER, ports + 2, steps[step].ports + 1, 1);
        ports = steps[step].ports;
        for (guint round = 0; round < ROUNDS; round++)
            run_step(series, &lane, step, rules);
    }
    lane_unfilter(3, ports + 1);
    print(series);
    g_byte_array_unref(lane.octets);
}
