/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/private.h"

#define NAME_MAX_LENGTH 255
#define PATH_MAX_LENGTH 1024
#define DESCRIPTION_MAX_LENGTH 4096
#define BRIDGE_MAX_LENGTH 15 /* IFNAMSIZ - 1 */

static gboolean is_word(const char *text, gsize max, const char *extra)
{
    gsize length = text ? strlen(text) : 0;
    if (length == 0 || length > max)
        return FALSE;
    for (const char *c = text; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr(extra, *c))
            return FALSE;
    return TRUE;
}

gboolean name_check(const char *name, const char *verb, const char *type, GError **error)
{
    if (is_word(name, NAME_MAX_LENGTH, "-_."))
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "Cannot %s %s. The name '%.64s' is not allowed: it must be 1 to %d "
                         "characters out of a-z, A-Z, 0-9, '-', '_' and '.'.",
                         verb, type, name ? name : "", NAME_MAX_LENGTH);
}

gboolean description_check(const char *text, const char *verb, const char *type, GError **error)
{
    if (!text || (strlen(text) <= DESCRIPTION_MAX_LENGTH && g_utf8_validate(text, -1, NULL)))
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "Cannot %s %s. The description must be UTF-8 of at most %d bytes.", verb,
                         type, DESCRIPTION_MAX_LENGTH);
}

gboolean path_check(const char *path, const char *what, const char *verb, const char *type,
                    GError **error)
{
    if (!path)
        return TRUE;
    gboolean printable = g_utf8_validate(path, -1, NULL);
    for (const char *c = path; printable && *c; c++)
        printable = !g_ascii_iscntrl(*c);
    if (printable && *path == '/' && strlen(path) <= PATH_MAX_LENGTH)
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "Cannot %s %s. The %s path must be absolute, printable and at most %d "
                         "bytes long.",
                         verb, type, what, PATH_MAX_LENGTH);
}

gboolean address_is_valid(const char *address)
{
    return is_word(address, NAME_MAX_LENGTH, "-_.:%");
}

gboolean bridge_is_valid(const char *bridge)
{
    return is_word(bridge, BRIDGE_MAX_LENGTH, "-_.") && !g_str_equal(bridge, ".") &&
           !g_str_equal(bridge, "..");
}

gboolean name_conflict(GError **error, const char *verb, const char *type)
{
    if (!error || !g_error_matches(*error, STORE_ERROR, STORE_ERROR_CONFLICT))
        return engine_translate(error);
    g_clear_error(error);
    return engine_refuse(error, ENGINE_ERROR_CONFLICT,
                         "Cannot %s %s. The %s name is already in use, please choose a unique name "
                         "and try again.",
                         verb, type, type);
}
