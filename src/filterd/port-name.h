/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* A network device's name as the kernel takes it (dev_valid_name() in net/core/dev.c): 1 to 15
 * octets, not "." or "..", without '/', ':' and white space. So it is never a path. Errors:
 * FILTERD_ERROR_INVALID_BINDING. */
gboolean port_name_check(const char *name, GError **error);
