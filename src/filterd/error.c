/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/error.h"

#include <string.h>

#include "nwfilter/error.h"

G_DEFINE_QUARK(filterd - error - quark, filterd_error)

/* libvirt's words for its numbers (virterror.c); the others have none. */
static const struct {
    int number;
    const char *words;
} rows[] = {
    {FILTERD_ERROR_INTERNAL, "internal error: %s"},
    {FILTERD_ERROR_NO_SUPPORT, "this function is not supported by the connection driver: %s"},
    {FILTERD_ERROR_NO_CONNECT, "no connection driver available for %s"},
    {FILTERD_ERROR_INVALID_ARG, "invalid argument: %s"},
    {FILTERD_ERROR_OPERATION_FAILED, "operation failed: %s"},
    {FILTERD_ERROR_XML, "XML error: %s"},
    {FILTERD_ERROR_OPERATION_DENIED, "operation forbidden: %s"},
    {FILTERD_ERROR_PARSE_FAILED, "failed to parse configuration file %s"},
    {FILTERD_ERROR_OPERATION_INVALID, "Requested operation is not valid: %s"},
    {FILTERD_ERROR_NO_NWFILTER, "Network filter not found: %s"},
    {FILTERD_ERROR_CONFIG_UNSUPPORTED, "unsupported configuration: %s"},
    {FILTERD_ERROR_INVALID_SCHEMA, "XML document failed to validate against schema: %s"},
    {FILTERD_ERROR_INVALID_BINDING, "Invalid network filter binding: %s"},
    {FILTERD_ERROR_NO_BINDING, "Network filter binding not found: %s"},
};

int filterd_error_number(const GError *error)
{
    const NwfilterErrorPlace *place = nwfilter_error_place(error);

    if (error->domain == FILTERD_ERROR)
        return error->code;
    if (place)
        return place->libvirt;
    return error->domain == G_FILE_ERROR ? FILTERD_ERROR_SYSTEM : FILTERD_ERROR_INTERNAL;
}

const char *filterd_error_words(int number)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].number == number)
            return rows[i].words;
    return "%s";
}

const char *filterd_error_detail(const GError *error)
{
    return error->message;
}

char *filterd_error_join(int number, const char *detail)
{
    const char *words = filterd_error_words(number);

    g_assert(g_str_has_suffix(words, "%s"));
    return g_strdup_printf("%.*s%s", (int)(strlen(words) - strlen("%s")), words, detail);
}

char *filterd_error_format(const GError *error)
{
    return filterd_error_join(filterd_error_number(error), filterd_error_detail(error));
}
