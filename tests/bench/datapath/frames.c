/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "frame.h"
#include "lane.h"
#include "series.h"

#define ROUNDS 40
#define SENDER 1
#define RECEIVER 2 /* the next one */

typedef struct {
    const char *name;
    const char *filter; /* NULL: an empty program; "": none */
    guint last;         /* port that has it: the sender's, or the receiver's too */
    guint addresses;
} Case;

static const Case cases[] = {
    {"none", "", 0, 0},
    {"empty_1", NULL, SENDER, 0},
    {"empty_2", NULL, RECEIVER, 0},
    {"vdsm_1", "vdsm-no-mac-spoofing", SENDER, 1},
    {"vdsm_2", "vdsm-no-mac-spoofing", RECEIVER, 1},
    {"clean_1", "clean-traffic", SENDER, 1},
    {"clean_2", "clean-traffic", RECEIVER, 1},
    {"clean_1_100_addresses", "clean-traffic", SENDER, 100},
    {"clean_1_1000_addresses", "clean-traffic", SENDER, 1000},
};

static double run_case(const Case *row, const Lane *lane)
{
    const gboolean is_filtered = row->filter && *row->filter;
    double cost;

    if (is_filtered)
        lane_filter(row->filter, SENDER, row->last, row->addresses);
    if (!row->filter)
        lane_occupy(SENDER, row->last);
    cost = lane_run(lane, row->name);
    if (!row->filter)
        lane_vacate(SENDER, row->last);
    if (is_filtered)
        lane_unfilter(SENDER, row->last);
    return cost;
}

void bench_frames(G_GNUC_UNUSED const char *rules)
{
    const Lane lane = frame_lane();
    g_autoptr(Series) series = series_new();

    for (guint round = 0; round < ROUNDS; round++) {
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
            series_add(series, cases[i].name, run_case(&cases[i], &lane));
        lane_sweep();
    }
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        series_print(series, cases[i].name);
        if (cases[i].last > 0)
            series_print_ratio(series, cases[i].name, "none");
        if (cases[i].filter && *cases[i].filter)
            series_print_ratio(series, cases[i].name,
                               cases[i].last == RECEIVER ? "empty_2" : "empty_1");
    }
    series_print_ratio(series, "clean_1_100_addresses", "clean_1");
    series_print_ratio(series, "clean_1_1000_addresses", "clean_1");
    g_byte_array_unref(lane.octets);
}
