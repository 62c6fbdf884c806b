/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

#include <string.h>

/* Adds those parts of more that have lacks, each once, in their order: "a=1;b=2" and "b=2;c=3" give
 * "a=1;b=2;c=3". */
static char *merge_values(const char *have, const char *more, const char *delimiter)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    g_auto(GStrv) old = g_strsplit(have, delimiter, -1);
    g_auto(GStrv) new = g_strsplit(more, delimiter, -1);
    for (guint i = 0; old[i] != NULL; i++)
        if (*old[i] != '\0')
            g_ptr_array_add(parts, old[i]);
    for (guint i = 0; new[i] != NULL; i++)
        if (*new[i] != '\0' && !g_ptr_array_find_with_equal_func(parts, new[i], g_str_equal, NULL))
            g_ptr_array_add(parts, new[i]);
    g_ptr_array_add(parts, NULL);
    return g_strjoinv(delimiter, (char **)parts->pdata);
}

static gboolean refuse(Tool *tool, const char *version, GError **error)
{
    g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_ENTRY,
                "Error merging %s's value. No such entry%s%s.", tool->args->key,
                version == NULL ? "" : " with version ", version == NULL ? "" : version);
    return FALSE;
}

/* Inside a transaction: nobody changes the value between reading it and writing the merged one. */
static gboolean merge_row(Tool *tool, const OptionKey *key, const char *version, GError **error)
{
    g_autoptr(GPtrArray) options = tool_options(tool, key->name, version, error);
    if (options == NULL)
        return FALSE;
    if (options->len == 0)
        return refuse(tool, version, error);
    const Option *option = g_ptr_array_index(options, 0);
    g_autofree char *merged = merge_values(option->value, tool->args->value, key->delimiter);
    if (g_str_equal(merged, option->value)) {
        printf("Merge operation cancelled as value is unchanged.\n");
        return TRUE;
    }
    if (!option_key_check(key, merged, error))
        return FALSE;
    GError *cause = NULL;
    if (!store_option_set(tool->store, key->name, version, merged, &cause))
        return tool_fail(cause, error);
    tool_log(tool, LOG_INFO, "merged %s version %s to %s", key->name, version, merged);
    return TRUE;
}

static gboolean merge_in_transaction(Tool *tool, const OptionKey *key, const char *version,
                                     GError **error)
{
    GError *cause = NULL;
    if (!store_begin(tool->store, &cause))
        return tool_fail(cause, error);
    if (!merge_row(tool, key, version, error)) {
        store_rollback(tool->store);
        return FALSE;
    }
    return store_commit(tool->store, &cause) || tool_fail(cause, error);
}

gboolean action_merge(Tool *tool, GError **error)
{
    const OptionKey *key = option_keys_lookup(tool->keys, tool->args->key);
    if (key == NULL)
        return refuse(tool, tool->args->version, error);
    if (!key->mergable) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_VALUE,
                    "%s does not support merge of values.", key->name);
        return FALSE;
    }
    g_autofree char *version = NULL;
    if (!tool_choose_version(tool, &version, error))
        return FALSE;
    return version == NULL ? refuse(tool, NULL, error)
                           : merge_in_transaction(tool, key, version, error);
}
