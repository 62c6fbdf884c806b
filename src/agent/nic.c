/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/nic.h"

#include <string.h>

#include "agent/params.h"
#include "jsonrpc/rpc.h"

static void parameter_free(gpointer data)
{
    FilterParameter *parameter = data;

    g_free(parameter->name);
    g_free(parameter->value);
    g_free(parameter);
}

Nic *nic_new(void)
{
    Nic *nic = g_new0(Nic, 1);

    nic->linked = TRUE;
    nic->parameters = g_ptr_array_new_with_free_func(parameter_free);
    return nic;
}

void nic_free(Nic *nic)
{
    g_free(nic->type);
    g_free(nic->mac);
    g_free(nic->model);
    g_free(nic->network);
    g_free(nic->bridge);
    g_free(nic->filter);
    g_free(nic->device_id);
    g_free(nic->alias);
    g_free(nic->device);
    g_ptr_array_unref(nic->parameters);
    g_free(nic);
}

void nic_set_filter(Nic *nic, const char *filter, GPtrArray *parameters)
{
    g_autofree char *old = g_steal_pointer(&nic->filter); /* filter may be it */
    g_autoptr(GPtrArray) former = g_steal_pointer(&nic->parameters);

    nic->filter = g_strdup(filter);
    nic->parameters = g_ptr_array_new_with_free_func(parameter_free);
    for (guint i = 0; i < parameters->len; i++) {
        const FilterParameter *parameter = parameters->pdata[i];
        nic_add_parameter(nic, parameter->name, parameter->value);
    }
}

Nic *nic_copy(const Nic *from)
{
    Nic *nic = nic_new();

    nic->type = g_strdup(from->type);
    nic->mac = g_strdup(from->mac);
    nic->model = g_strdup(from->model);
    nic->network = g_strdup(from->network);
    nic->bridge = g_strdup(from->bridge);
    nic->linked = from->linked;
    nic->boot_order = from->boot_order;
    nic->device_id = g_strdup(from->device_id);
    nic->alias = g_strdup(from->alias);
    nic->device = g_strdup(from->device);
    nic->own_tap = from->own_tap;
    nic->has_address = from->has_address;
    nic->address = from->address;
    nic_set_filter(nic, from->filter, from->parameters);
    return nic;
}

void nic_add_parameter(Nic *nic, const char *name, const char *value)
{
    FilterParameter *parameter = g_new0(FilterParameter, 1);

    parameter->name = g_strdup(name);
    parameter->value = g_strdup(value);
    g_ptr_array_add(nic->parameters, parameter);
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

gboolean filter_parameter_check(const char *name, const char *value, GError **error)
{
    if (name[0] == '\0' || name[strspn(name, ALNUM "_")] != '\0') {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: the name '%.80s' of a filter parameter may only hold a-z, "
                    "A-Z, 0-9 and '_'",
                    name);
        return FALSE;
    }
    if (value[0] == '\0' || value[strspn(value, ALNUM "_.:")] != '\0') {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: the value '%.80s' of the filter parameter %.80s may only "
                    "hold a-z, A-Z, 0-9, '_', '.' and ':'",
                    value, name);
        return FALSE;
    }
    return TRUE;
}

gboolean filter_name_check(const char *name, GError **error)
{
    if (name_is_plain(name))
        return TRUE;
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                "Invalid parameter: '%.80s' is not the name of a filter: letters, digits, '_', '.' "
                "and '-' are allowed",
                name);
    return FALSE;
}
