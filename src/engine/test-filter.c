/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/filter.h"

static const struct {
    guint major, minor;
    gboolean option, network, filtered;
} rows[] = {
    {3, 0, TRUE, TRUE, FALSE},   {3, 1, TRUE, TRUE, FALSE},  {3, 2, TRUE, TRUE, TRUE},
    {3, 3, TRUE, TRUE, TRUE},    {3, 9, TRUE, TRUE, TRUE},   {3, 10, TRUE, TRUE, TRUE},
    {3, 20, TRUE, TRUE, TRUE},   {2, 2, TRUE, TRUE, FALSE},  {2, 10, TRUE, TRUE, FALSE},
    {4, 0, TRUE, TRUE, TRUE},    {4, 1, TRUE, TRUE, TRUE},   {4, 7, TRUE, TRUE, TRUE},
    {10, 0, TRUE, TRUE, TRUE},   {3, 1, FALSE, TRUE, FALSE}, {3, 2, FALSE, TRUE, FALSE},
    {4, 7, FALSE, TRUE, FALSE},  {4, 7, TRUE, FALSE, FALSE}, {3, 2, TRUE, FALSE, FALSE},
    {4, 7, FALSE, FALSE, FALSE},
};

static void test_nic_filter(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("level %u.%u option %d network %d", rows[i].major, rows[i].minor,
                       rows[i].option, rows[i].network);
        Nic nic = {.network_id = rows[i].network ? (char *)"net" : NULL};
        Cluster cluster = {.level_major = rows[i].major, .level_minor = rows[i].minor};
        g_assert_cmpstr(nic_filter(&nic, &cluster, rows[i].option), ==,
                        rows[i].filtered ? "vdsm-no-mac-spoofing" : NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/nic-filter", test_nic_filter);
    return g_test_run();
}
