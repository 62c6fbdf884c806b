/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

#include <string.h>

static gboolean refuse(const char *key, const char *version, GError **error)
{
    g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_ENTRY,
                "Error setting %s's value. No such entry%s%s.", key,
                version == NULL ? "" : " with version ", version == NULL ? "" : version);
    return FALSE;
}

/* The value of an assignment; with --admin-pass-file the first line of that file, which keeps a
 * secret off the command line. */
static char *assigned_value(const Args *args, GError **error)
{
    if (args->admin_pass_file == NULL || *args->value != '\0')
        return g_strdup(args->value);
    g_autoptr(GError) cause = NULL;
    char *text = NULL;
    if (!g_file_get_contents(args->admin_pass_file, &text, NULL, &cause)) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_FILE,
                    "Cannot read the password file: %s.", cause->message);
        return NULL;
    }
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

/* The value is judged before the row is looked for; rows are changed, never made. */
static gboolean persist(Tool *tool, const char *value, const char *version, GError **error)
{
    const char *name = tool->args->key;
    const OptionKey *key = option_keys_lookup(tool->keys, name);
    if (key == NULL)
        return refuse(name, version, error);
    if (!option_key_check(key, value, error))
        return FALSE;
    if (version == NULL)
        return refuse(name, NULL, error);
    GError *cause = NULL;
    if (store_option_set(tool->store, name, version, value, &cause)) {
        tool_log(tool, LOG_INFO, "set %s version %s to %s", name, version, value);
        return TRUE;
    }
    if (!g_error_matches(cause, STORE_ERROR, STORE_ERROR_NOT_FOUND))
        return tool_fail(cause, error);
    g_error_free(cause);
    return refuse(name, version, error);
}

gboolean action_set(Tool *tool, GError **error)
{
    g_autofree char *value = assigned_value(tool->args, error);
    g_autofree char *version = NULL;
    if (value == NULL || !tool_choose_version(tool, &version, error))
        return FALSE;
    return persist(tool, value, version, error);
}
