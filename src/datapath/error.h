/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

typedef enum {
    DATAPATH_ERROR_LIMIT,  /* larger than a limit of this room; the text names it */
    DATAPATH_ERROR_KERNEL, /* the kernel refused; the text has what, and its reason */
    DATAPATH_ERROR_BUSY,   /* something else is where we must be: a qdisc, a program, a pin */
    DATAPATH_ERROR_STATE,  /* pins that are not ours or not whole */
} DatapathError;

#define DATAPATH_ERROR datapath_error_quark()
GQuark datapath_error_quark(void);

/* Sets DATAPATH_ERROR_KERNEL with "WHAT: REASON" from an errno value, positive or negative. Gives
 * FALSE. */
gboolean datapath_kernel_error(GError **error, int number, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
