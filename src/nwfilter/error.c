/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/error.h"

typedef NwfilterErrorPlace NwfilterErrorPrivate;

static void nwfilter_error_private_init(NwfilterErrorPrivate *place)
{
}

static void nwfilter_error_private_copy(const NwfilterErrorPrivate *from, NwfilterErrorPrivate *to)
{
    to->file = g_strdup(from->file);
    to->line = from->line;
    to->attribute = g_strdup(from->attribute);
    to->value = g_strdup(from->value);
    to->expected = g_strdup(from->expected);
    to->libvirt = from->libvirt;
}

static void nwfilter_error_private_clear(NwfilterErrorPrivate *place)
{
    g_free(place->file);
    g_free(place->attribute);
    g_free(place->value);
    g_free(place->expected);
}

G_DEFINE_EXTENDED_ERROR(NwfilterError, nwfilter_error)

/* What libvirt's virReportError puts before the text, by number. */
static const struct {
    int number;
    const char *words;
} prefixes[] = {
    {1, "internal error: "},
    {8, "invalid argument: "},
    {9, "operation failed: "},
    {27, "XML error: "},
    {55, "Requested operation is not valid: "},
    {62, "Network filter not found: "},
    {67, "unsupported configuration: "},
};

GError *nwfilter_error_new(NwfilterError code, int libvirt, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    GError *error = g_error_new_valist(NWFILTER_ERROR, (gint)code, format, arguments);
    va_end(arguments);
    nwfilter_error_get_private(error)->libvirt = libvirt;
    return error;
}

void nwfilter_error_set_place(GError *error, const char *file, guint line)
{
    NwfilterErrorPrivate *place = nwfilter_error_get_private(error);

    if (file && !place->file)
        place->file = g_strdup(file);
    if (line > 0 && place->line == 0)
        place->line = line;
}

static void replace(char **to, const char *from)
{
    if (!from)
        return;
    g_free(*to);
    *to = g_strdup(from);
}

void nwfilter_error_set_value(GError *error, const char *attribute, const char *value,
                              const char *expected)
{
    NwfilterErrorPrivate *place = nwfilter_error_get_private(error);

    replace(&place->attribute, attribute);
    replace(&place->value, value);
    replace(&place->expected, expected);
    if (expected) {
        char *text = g_strdup_printf("%s: expected %s", error->message, expected);
        g_free(error->message);
        error->message = text;
    }
}

const NwfilterErrorPlace *nwfilter_error_place(const GError *error)
{
    return error->domain == NWFILTER_ERROR ? nwfilter_error_get_private(error) : NULL;
}

char *nwfilter_error_libvirt_message(const GError *error)
{
    const NwfilterErrorPlace *place = nwfilter_error_place(error);
    const char *words = "";

    for (gsize i = 0; place && i < G_N_ELEMENTS(prefixes); i++) {
        if (prefixes[i].number == place->libvirt)
            words = prefixes[i].words;
    }
    return g_strconcat(words, error->message, NULL);
}

char *nwfilter_error_format(const GError *error)
{
    const NwfilterErrorPlace *place = nwfilter_error_place(error);

    if (!place || !place->file)
        return g_strdup(error->message);
    if (place->line == 0)
        return g_strdup_printf("%s: %s", place->file, error->message);
    return g_strdup_printf("%s:%u: %s", place->file, place->line, error->message);
}
