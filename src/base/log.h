/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The daemons' log: one line per event on stderr, or in the journal when stderr is the journal's,
 * fields first ("vm=... status=... text"). Only daemons and tools call it (rule 11).
 */

/* Installs the writer; debug messages are dropped unless verbose. */
void log_init(const char *program, gboolean verbose);

void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);
