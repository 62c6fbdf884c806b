/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

GPtrArray *store_options(Store *store, const char *name, const char *version, GError **error)
{
    StoreCondition conditions[2];
    StoreQuery query = {.conditions = conditions};
    if (name)
        conditions[query.n_conditions++] = (StoreCondition){.column = "option_name", .text = name};
    if (version)
        conditions[query.n_conditions++] = (StoreCondition){.column = "version", .text = version};
    return rows_list(store, ENTITY_OPTION, &query, error);
}

gboolean store_option_set(Store *store, const char *name, const char *version, const char *value,
                          GError **error)
{
    StoreValue values[] = {STORE_TEXT(value), STORE_TEXT(name), STORE_TEXT(version)};
    guint changed;
    if (!store_run(
            store,
            "UPDATE vdc_options SET option_value = $1 WHERE option_name = $2 AND version = $3",
            values, 3, NULL, NULL, &changed, error))
        return FALSE;
    if (changed == 1)
        return TRUE;
    g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "no option %s with version %s", name,
                version);
    return FALSE;
}
