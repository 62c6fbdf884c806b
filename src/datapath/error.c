/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/error.h"

#include <stdlib.h>

G_DEFINE_QUARK(tapwall - datapath - error, datapath_error)

gboolean datapath_kernel_error(GError **error, int number, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_KERNEL, "%s: %s", what,
                g_strerror(abs(number)));
    return FALSE;
}
