/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/rpc/fault.h"
#include "filterd/rpc/procedure.h"

/* Calls about filters. A filter is known by its name or by its UUID; where both are given, libvirt
 * goes by the UUID, and so do we. */

#define DEFINE_VALIDATE                                                                            \
    1u /* VIR_NWFILTER_DEFINE_VALIDATE: our reader is stricter than the schema */

static void uuid_pack(const char *text, rpc_uuid uuid)
{
    for (guint i = 0; i < RPC_UUID_SIZE; text++) {
        if (*text == '-')
            continue;
        uuid[i++] = (char)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
        text++;
    }
}

static char *uuid_unpack(const rpc_uuid uuid)
{
    GString *text = g_string_sized_new(36);

    for (guint i = 0; i < RPC_UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            g_string_append_c(text, '-');
        g_string_append_printf(text, "%02x", (guint8)uuid[i]);
    }
    return g_string_free(text, FALSE);
}

static void filter_fill(const Catalogue *catalogue, const char *name, rpc_filter *filter)
{
    filter->name = g_strdup(name);
    uuid_pack(catalogue_uuid(catalogue, name), filter->uuid);
}

static const Filter *filter_of_uuid(const Session *session, const rpc_uuid uuid, GError **error)
{
    g_autofree char *text = uuid_unpack(uuid);
    const Filter *filter = catalogue_lookup_uuid(filterd_catalogue(session->filterd), text);

    if (!filter)
        g_propagate_error(error, catalogue_error_no_uuid(text));
    return filter;
}

gboolean call_filter_by_name(Session *session, gconstpointer arguments, gpointer result,
                             GError **error)
{
    const char *name = ((const rpc_text_value *)arguments)->value;
    const Catalogue *catalogue = filterd_catalogue(session->filterd);

    if (!catalogue_lookup(catalogue, name)) {
        g_propagate_error(error, catalogue_error_no_name(name));
        return FALSE;
    }
    filter_fill(catalogue, name, &((rpc_filter_value *)result)->filter);
    return TRUE;
}

gboolean call_filter_by_uuid(Session *session, gconstpointer arguments, gpointer result,
                             GError **error)
{
    const Filter *filter =
        filter_of_uuid(session, ((const rpc_uuid_value *)arguments)->value, error);

    if (!filter)
        return FALSE;
    filter_fill(filterd_catalogue(session->filterd), filter->name,
                &((rpc_filter_value *)result)->filter);
    return TRUE;
}

gboolean call_filter_xml(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    const rpc_filter_flags *asked = arguments;
    const Filter *filter;

    if (!flags_check(asked->flags, 0, "nwfilterGetXMLDesc", error))
        return FALSE;
    filter = filter_of_uuid(session, asked->filter.uuid, error);
    if (!filter)
        return FALSE;
    ((rpc_text_value *)result)->value =
        filter_format(filter, catalogue_uuid(filterd_catalogue(session->filterd), filter->name));
    return TRUE;
}

gboolean call_filter_count(Session *session, gconstpointer arguments, gpointer result,
                           GError **error)
{
    g_autofree const char **names = catalogue_names(filterd_catalogue(session->filterd));

    ((rpc_number *)result)->value = (int)g_strv_length((char **)names);
    return TRUE;
}

/* The older form: at most so many names. */
gboolean call_filter_names(Session *session, gconstpointer arguments, gpointer result,
                           GError **error)
{
    const int most = ((const rpc_number *)arguments)->value;
    g_autofree const char **names = catalogue_names(filterd_catalogue(session->filterd));
    rpc_texts *texts = result;
    guint n = g_strv_length((char **)names);

    if (most < 0 || most > RPC_LIST_MAX) {
        g_set_error(error, FAULT_PROTOCOL, FILTERD_ERROR_RPC, "%s",
                    most < 0 ? "maxnames must be non-negative"
                             : "maxnames > REMOTE_NWFILTER_LIST_MAX");
        return FALSE;
    }
    n = MIN(n, (guint)most);
    texts->values.values_len = n;
    texts->values.values_val = g_new0(rpc_text, n);
    for (guint i = 0; i < n; i++)
        texts->values.values_val[i] = g_strdup(names[i]);
    return TRUE;
}

gboolean call_filters(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    const rpc_list_args *asked = arguments;
    const Catalogue *catalogue = filterd_catalogue(session->filterd);
    g_autofree const char **names = catalogue_names(catalogue);
    rpc_filters *filters = result;
    guint n = g_strv_length((char **)names);

    if (!flags_check(asked->flags, 0, "nwfilterConnectListAllNWFilters", error))
        return FALSE;
    if (n > RPC_LIST_MAX) {
        g_set_error(error, FAULT_PROTOCOL, FILTERD_ERROR_RPC,
                    "Too many nwfilters '%u' for limit '%d'", n, RPC_LIST_MAX);
        return FALSE;
    }
    filters->count = n;
    if (!asked->wanted)
        return TRUE;
    filters->filters.filters_len = n;
    filters->filters.filters_val = g_new0(rpc_filter, n);
    for (guint i = 0; i < n; i++)
        filter_fill(catalogue, names[i], &filters->filters.filters_val[i]);
    return TRUE;
}

static gboolean define(Session *session, const char *xml, rpc_filter *filter, GError **error)
{
    const Filter *defined = filterd_define(session->filterd, xml, strlen(xml), error);

    if (defined)
        filter_fill(filterd_catalogue(session->filterd), defined->name, filter);
    return defined != NULL;
}

gboolean call_filter_define(Session *session, gconstpointer arguments, gpointer result,
                            GError **error)
{
    return define(session, ((const rpc_text_value *)arguments)->value,
                  &((rpc_filter_value *)result)->filter, error);
}

gboolean call_filter_define_flags(Session *session, gconstpointer arguments, gpointer result,
                                  GError **error)
{
    const rpc_text_flags *asked = arguments;

    return flags_check(asked->flags, DEFINE_VALIDATE, "nwfilterDefineXMLFlags", error) &&
           define(session, asked->value, &((rpc_filter_value *)result)->filter, error);
}

gboolean call_filter_undefine(Session *session, gconstpointer arguments, gpointer result,
                              GError **error)
{
    const Filter *filter =
        filter_of_uuid(session, ((const rpc_filter_value *)arguments)->filter.uuid, error);

    return filter && filterd_undefine(session->filterd, filter->name, error);
}
