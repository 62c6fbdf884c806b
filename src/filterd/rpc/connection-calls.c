/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/rpc/fault.h"
#include "filterd/rpc/procedure.h"

/* Calls about the connection itself. */

#define OPEN_READ_ONLY 1u       /* VIR_CONNECT_RO */
#define OPEN_NO_ALIASES 2u      /* VIR_CONNECT_NO_ALIASES: the client's own matter */
#define LIBRARY_VERSION 9000000 /* 9.0.0, whose protocol and texts these are */
#define AUTH_NONE 0
#define OWN_URI "nwfilter:///system"

/* virFeature's numbers, of which clients ask these. */
enum {
    FEATURE_PROGRAM_KEEPALIVE = 10,
    FEATURE_REMOTE_EVENT_CALLBACK = 14,
    FEATURE_REMOTE_CLOSE_CALLBACK = 15,
};

static gboolean uri_check(const char *uri, GError **error)
{
    g_autoptr(GUri) parsed = *uri ? g_uri_parse(uri, G_URI_FLAGS_NONE, NULL) : NULL;

    if (*uri && (!parsed || strchr(uri, '['))) { /* no host of ours has such an address */
        g_set_error(error, FAULT_URI, FILTERD_ERROR_INTERNAL, "Unable to parse URI %s", uri);
        return FALSE;
    }
    if (!parsed || strcmp(g_uri_get_scheme(parsed), "nwfilter") != 0) {
        g_set_error(error, FAULT_CONNECTION, FILTERD_ERROR_NO_CONNECT, "%s", *uri ? uri : "<null>");
        return FALSE;
    }
    if (strcmp(g_uri_get_path(parsed), "/system") == 0)
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_INTERNAL,
                "unexpected nwfilter URI path '%s', try nwfilter:///system",
                g_uri_get_path(parsed));
    return FALSE;
}

/* Without a URI there is nothing that could be opened, and libvirt's text for it is this one.
 * Flags that nobody knows mean nothing to it. */
gboolean call_open(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    const rpc_open_args *open = arguments;

    if (session->is_open || !open->uri) {
        g_set_error(error, FAULT_PROTOCOL, FILTERD_ERROR_INTERNAL, "connection %s open",
                    session->is_open ? "already" : "not");
        return FALSE;
    }
    if (!uri_check(*open->uri, error))
        return FALSE;
    session->read_only |= (open->flags & OPEN_READ_ONLY) != 0;
    session->is_open = TRUE;
    return TRUE;
}

gboolean call_close(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    session->is_closing = TRUE;
    return TRUE;
}

gboolean call_type(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    ((rpc_text_value *)result)->value = g_strdup("nwfilter");
    return TRUE;
}

gboolean call_uri(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    ((rpc_text_value *)result)->value = g_strdup(OWN_URI);
    return TRUE;
}

gboolean call_library(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    ((rpc_long_number *)result)->value = LIBRARY_VERSION;
    return TRUE;
}

gboolean call_feature(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    const int feature = ((const rpc_number *)arguments)->value;

    if (feature == FEATURE_PROGRAM_KEEPALIVE) {
        session->keeps_alive = TRUE;
    } else if (!session->is_open) { /* libvirt answers the first alone before OPEN */
        g_propagate_error(error, not_open(FALSE));
        return FALSE;
    }
    ((rpc_number *)result)->value = feature == FEATURE_PROGRAM_KEEPALIVE ||
                                    feature == FEATURE_REMOTE_EVENT_CALLBACK ||
                                    feature == FEATURE_REMOTE_CLOSE_CALLBACK;
    return TRUE;
}

/* Who reaches the socket is allowed to: its mode is the lock. */
gboolean call_auth(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    rpc_numbers *types = result;

    types->values.values_len = 1;
    types->values.values_val = g_new(int, 1);
    types->values.values_val[0] = AUTH_NONE;
    return TRUE;
}

gboolean call_yes(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    ((rpc_number *)result)->value = 1;
    return TRUE;
}

gboolean call_nothing(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    return TRUE;
}
