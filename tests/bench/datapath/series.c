/* SPDX-License-Identifier: Apache-2.0 */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>

struct Series {
    GHashTable *rounds; /* name -> GArray of double */
};

Series *series_new(void)
{
    Series *series = g_new(Series, 1);

    series->rounds =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    return series;
}

void series_free(Series *series)
{
    if (!series)
        return;
    g_hash_table_unref(series->rounds);
    g_free(series);
}

void series_add(Series *series, const char *name, double cost)
{
    GArray *rounds = g_hash_table_lookup(series->rounds, name);

    if (!rounds) {
        rounds = g_array_new(FALSE, FALSE, sizeof(double));
        g_hash_table_insert(series->rounds, g_strdup(name), rounds);
    }
    g_array_append_val(rounds, cost);
}

static const GArray *rounds_of(const Series *series, const char *name)
{
    const GArray *rounds = g_hash_table_lookup(series->rounds, name);

    if (!rounds)
        g_error("nothing was measured of %s", name);
    return rounds;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double middle(GArray *values)
{
    g_array_sort(values, compare);
    return g_array_index(values, double, values->len / 2);
}

double series_median(const Series *series, const char *name)
{
    const GArray *rounds = rounds_of(series, name);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

    g_array_append_vals(values, rounds->data, rounds->len);
    return middle(values);
}

double series_ratio(const Series *series, const char *name, const char *to)
{
    const GArray *rounds = rounds_of(series, name), *others = rounds_of(series, to);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

    g_assert_cmpuint(rounds->len, ==, others->len);
    for (guint i = 0; i < rounds->len; i++) {
        const double ratio = g_array_index(rounds, double, i) / g_array_index(others, double, i);
        g_array_append_val(values, ratio);
    }
    return middle(values);
}

void series_print(const Series *series, const char *name)
{
    printf("%s %.0f ns\n", name, series_median(series, name));
}

void series_print_ratio(const Series *series, const char *name, const char *to)
{
    printf("%s_to_%s %.3f ratio\n", name, to, series_ratio(series, name, to));
}
