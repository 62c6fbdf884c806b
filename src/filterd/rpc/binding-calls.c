/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/rpc/fault.h"
#include "filterd/rpc/procedure.h"

/* Calls about bindings. They are known by their port's name; a filter's name beside it is ignored,
 * as by libvirt. */

#define CREATE_VALIDATE 1u /* VIR_NWFILTER_BINDING_CREATE_VALIDATE */

static void binding_fill(const Binding *from, rpc_binding *binding)
{
    binding->port = g_strdup(from->port);
    binding->filter = g_strdup(from->filter);
}

gboolean call_binding_by_port(Session *session, gconstpointer arguments, gpointer result,
                              GError **error)
{
    const Binding *binding =
        filterd_binding_lookup(session->filterd, ((const rpc_text_value *)arguments)->value, error);

    if (binding)
        binding_fill(binding, &((rpc_binding_value *)result)->binding);
    return binding != NULL;
}

gboolean call_binding_xml(Session *session, gconstpointer arguments, gpointer result,
                          GError **error)
{
    const rpc_binding_flags *asked = arguments;
    const Binding *binding;

    if (!flags_check(asked->flags, 0, "nwfilterBindingGetXMLDesc", error))
        return FALSE;
    binding = filterd_binding_lookup(session->filterd, asked->binding.port, error);
    if (!binding)
        return FALSE;
    ((rpc_text_value *)result)->value = filterd_binding_xml(session->filterd, binding);
    return TRUE;
}

gboolean call_binding_create(Session *session, gconstpointer arguments, gpointer result,
                             GError **error)
{
    const rpc_text_flags *asked = arguments;
    const Binding *binding;

    if (!flags_check(asked->flags, CREATE_VALIDATE, "nwfilterBindingCreateXML", error))
        return FALSE;
    binding = filterd_binding_create(session->filterd, asked->value, strlen(asked->value), error);
    if (binding)
        binding_fill(binding, &((rpc_binding_value *)result)->binding);
    return binding != NULL;
}

gboolean call_binding_delete(Session *session, gconstpointer arguments, gpointer result,
                             GError **error)
{
    return filterd_binding_delete(session->filterd,
                                  ((const rpc_binding_value *)arguments)->binding.port, error);
}

gboolean call_bindings(Session *session, gconstpointer arguments, gpointer result, GError **error)
{
    const rpc_list_args *asked = arguments;
    g_autoptr(GPtrArray) all = filterd_bindings(session->filterd);
    rpc_bindings *bindings = result;

    if (!flags_check(asked->flags, 0, "nwfilterConnectListAllNWFilterBindings", error))
        return FALSE;
    if (all->len > RPC_LIST_MAX) {
        g_set_error(error, FAULT_PROTOCOL, FILTERD_ERROR_RPC,
                    "Too many nwfilter_bindings '%u' for limit '%d'", all->len, RPC_LIST_MAX);
        return FALSE;
    }
    bindings->count = all->len;
    if (!asked->wanted)
        return TRUE;
    bindings->bindings.bindings_len = all->len;
    bindings->bindings.bindings_val = g_new0(rpc_binding, all->len);
    for (guint i = 0; i < all->len; i++)
        binding_fill(all->pdata[i], &bindings->bindings.bindings_val[i]);
    return TRUE;
}
