/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "engine/private.h"

G_DEFINE_QUARK(tapwall - engine - error, engine_error)

gboolean engine_translate(GError **error)
{
    if (!error || !*error || (*error)->domain != STORE_ERROR)
        return FALSE;
    static const EngineError codes[] = {
        [STORE_ERROR_OPEN] = ENGINE_ERROR_INTERNAL,
        [STORE_ERROR_LOCKED] = ENGINE_ERROR_INTERNAL,
        [STORE_ERROR_DAMAGED] = ENGINE_ERROR_INTERNAL,
        [STORE_ERROR_SCHEMA] = ENGINE_ERROR_INTERNAL,
        [STORE_ERROR_NOT_FOUND] = ENGINE_ERROR_NOT_FOUND,
        [STORE_ERROR_CONFLICT] = ENGINE_ERROR_CONFLICT,
        [STORE_ERROR_REFERENCE] = ENGINE_ERROR_CONFLICT,
        [STORE_ERROR_FAILED] = ENGINE_ERROR_INTERNAL,
    };
    EngineError code = codes[(*error)->code];
    (*error)->domain = ENGINE_ERROR;
    (*error)->code = (int)code;
    return FALSE;
}

gboolean engine_reference(GError **error, const char *what)
{
    if (!error || !g_error_matches(*error, STORE_ERROR, STORE_ERROR_NOT_FOUND))
        return engine_translate(error);
    g_clear_error(error);
    return engine_refuse(error, ENGINE_ERROR_REFERENCE, "Entity not found: %s", what);
}

gboolean engine_refuse(GError **error, EngineError code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    GError *refusal = g_error_new_valist(ENGINE_ERROR, (int)code, format, arguments);
    va_end(arguments);
    g_propagate_error(error, refusal);
    return FALSE;
}
