/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

gboolean action_list(Tool *tool, GError **error)
{
    for (guint i = 0; i < tool->keys->len; i++) {
        const OptionKey *key = g_ptr_array_index(tool->keys, i);
        if (key->reloadable || !tool->args->only_reloadable)
            tool_print_key(key);
    }
    return TRUE;
}

/* --help=KEY; without a key the main program has printed the usage already. */
gboolean action_help(Tool *tool, GError **error)
{
    const char *name = tool->args->key == NULL ? "" : tool->args->key;
    const OptionKey *key = option_keys_lookup(tool->keys, name);
    if (key == NULL) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_ENTRY,
                    "Cannot display help for key %s. The key does not exist at the configuration "
                    "file of engine-config.",
                    name);
        return FALSE;
    }
    tool_print_key(key);
    return TRUE;
}

gboolean action_reload(Tool *tool, GError **error)
{
    g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                        "Reload is not supported: the engine reads its options when it starts. "
                        "Restart it (systemctl restart tapwall-engine).");
    return FALSE;
}
