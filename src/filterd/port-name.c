/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/port-name.h"

#include <net/if.h>
#include <string.h>

#include "filterd/error.h"

static gboolean is_allowed(const char *name)
{
    if (*name == '\0' || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return FALSE;
    for (; *name; name++)
        if (*name == '/' || *name == ':' || g_ascii_isspace(*name) || *name == '\v')
            return FALSE;
    return TRUE;
}

gboolean port_name_check(const char *name, GError **error)
{
    if (is_allowed(name))
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_INVALID_BINDING,
                "port dev name '%s' is no device's: expected 1 to %d characters without '/', ':' "
                "and blanks",
                name, IFNAMSIZ - 1);
    return FALSE;
}
