/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: figures that were taken in rounds in which the cases took turns: a figure is the median
 * over the rounds, a ratio the median of the ratios within a round.
 * Owner: series_free.
 */

typedef struct Series Series;

Series *series_new(void);
void series_free(Series *series);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Series, series_free)

/* One more round of a case. */
void series_add(Series *series, const char *name, double cost);

double series_median(const Series *series, const char *name);
double series_ratio(const Series *series, const char *name, const char *to);

/* "NAME median ns". */
void series_print(const Series *series, const char *name);

/* "NAME_to_TO ratio ratio". */
void series_print_ratio(const Series *series, const char *name, const char *to);
