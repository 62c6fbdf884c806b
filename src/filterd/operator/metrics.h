/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/filterd.h"

/*
 * Purpose: figures for Prometheus, over HTTP at /metrics (text format 0.0.4).
 * Owner: metrics_free, before filterd_free.
 * Invariants: a port costs five series, whatever its filter; rules have none.
 */

typedef struct Metrics Metrics;

/* Serves on "ADDRESS:PORT", "[ADDRESS]:PORT", or the path of a socket that is made with mode 0600.
 * Errors: G_IO_ERROR; they name the address. */
Metrics *metrics_new(Filterd *filterd, const char *address, GError **error);
void metrics_free(Metrics *metrics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metrics, metrics_free)

/* The text. */
GString *metrics_format(Filterd *filterd);
