/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

static void print_difference(const Option *option)
{
    const char *fallback = option->default_value == NULL ? "" : option->default_value;
    if (g_str_equal(option->value, fallback))
        return;
    printf("Name: %s\nVersion: %s\nCurrent: %s\nDefault: %s\n\n", option->name, option->version,
           option->value, fallback);
}

gboolean action_diff(Tool *tool, GError **error)
{
    for (guint i = 0; i < tool->keys->len; i++) {
        const OptionKey *key = g_ptr_array_index(tool->keys, i);
        g_autoptr(GPtrArray) options = tool_options(tool, key->name, NULL, error);
        if (options == NULL)
            return FALSE;
        for (guint row = 0; row < options->len; row++)
            print_difference(g_ptr_array_index(options, row));
    }
    return TRUE;
}
