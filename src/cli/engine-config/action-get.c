/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

static gboolean refuse(const char *key, const char *why, GError **error)
{
    g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_ENTRY,
                "Error fetching %s value: %s", key, why);
    return FALSE;
}

static void print_options(GPtrArray *options)
{
    for (guint i = 0; i < options->len; i++) {
        const Option *option = g_ptr_array_index(options, i);
        printf("%s: %s version: %s\n", option->name, option->value, option->version);
    }
}

static gboolean get_all_versions(Tool *tool, const char *key, GError **error)
{
    if (option_keys_lookup(tool->keys, key) == NULL)
        return refuse(key, "no such entry. Please verify key name and property file support.",
                      error);
    g_autoptr(GPtrArray) options = tool_options(tool, key, NULL, error);
    if (options == NULL)
        return FALSE;
    if (options->len == 0)
        return refuse(key, "no such entry with default version.", error);
    print_options(options);
    return TRUE;
}

static gboolean get_version(Tool *tool, const char *key, const char *version, GError **error)
{
    g_autofree char *why = g_strdup_printf("no such entry with version '%s'.", version);
    if (option_keys_lookup(tool->keys, key) == NULL)
        return refuse(key, why, error);
    g_autoptr(GPtrArray) options = tool_options(tool, key, version, error);
    if (options == NULL)
        return FALSE;
    if (options->len == 0)
        return refuse(key, why, error);
    printf("%s\n", ((const Option *)g_ptr_array_index(options, 0))->value);
    return TRUE;
}

gboolean action_get(Tool *tool, GError **error)
{
    const Args *args = tool->args;
    if (args->version == NULL)
        return get_all_versions(tool, args->key, error);
    return get_version(tool, args->key, args->version, error);
}

/* Every known key that has rows; one without is passed over, as the list of keys shows it. */
gboolean action_all(Tool *tool, GError **error)
{
    for (guint i = 0; i < tool->keys->len; i++) {
        const OptionKey *key = g_ptr_array_index(tool->keys, i);
        g_autoptr(GPtrArray) options = tool_options(tool, key->name, NULL, error);
        if (options == NULL)
            return FALSE;
        print_options(options);
    }
    return TRUE;
}
