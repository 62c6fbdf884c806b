/* SPDX-License-Identifier: Apache-2.0 */
#include "base/config.h"

#include <string.h>

/* The value in force of every row of the table, in the table's order. */
struct Config {
    const ConfigKey *keys;
    GPtrArray *values; /* of char *, index = row */
};

G_DEFINE_QUARK(config - error - quark, config_error)

static const ConfigKey *key_lookup(const ConfigKey *keys, const char *group, const char *key,
                                   guint *row)
{
    for (guint i = 0; keys[i].group != NULL; i++) {
        if (g_str_equal(keys[i].group, group) && g_str_equal(keys[i].key, key)) {
            *row = i;
            return &keys[i];
        }
    }
    return NULL;
}

static gboolean group_known(const ConfigKey *keys, const char *group)
{
    for (; keys->group != NULL; keys++)
        if (g_str_equal(keys->group, group))
            return TRUE;
    return FALSE;
}

static gboolean value_check(const ConfigKey *key, const char *value, GError **error)
{
    const char *expected = NULL;

    switch (key->type) {
    case CONFIG_STRING:
        break;
    case CONFIG_UINT:
        if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT64, NULL, NULL))
            expected = "a whole number";
        break;
    case CONFIG_BOOL:
        if (!g_str_equal(value, "true") && !g_str_equal(value, "false"))
            expected = "'true' or 'false'";
        break;
    }
    if (expected == NULL)
        return TRUE;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                "key '%s' in group '%s' has value '%s', "
                "expected %s",
                key->key, key->group, value, expected);
    return FALSE;
}

gboolean config_set(Config *config, const char *group, const char *key, const char *value,
                    GError **error)
{
    guint row;
    const ConfigKey *known = key_lookup(config->keys, group, key, &row);

    if (known == NULL) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_KEY, "unknown key '%s' in group '%s'", key,
                    group);
        return FALSE;
    }
    if (!value_check(known, value, error))
        return FALSE;
    g_free(config->values->pdata[row]);
    config->values->pdata[row] = g_strdup(value);
    return TRUE;
}

static gboolean group_read(Config *config, GKeyFile *file, const char *group, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(file, group, NULL, error);

    if (names == NULL)
        return FALSE;
    for (char **name = names; *name != NULL; name++) {
        g_autofree char *value = g_key_file_get_string(file, group, *name, error);
        if (value == NULL)
            return FALSE;
        g_strchomp(value);
        if (!config_set(config, group, *name, value, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean file_read(Config *config, GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group != NULL; group++) {
        if (!group_known(config->keys, *group)) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_KEY, "unknown group '%s'", *group);
            return FALSE;
        }
        if (!group_read(config, file, *group, error))
            return FALSE;
    }
    return TRUE;
}

static Config *config_new(const ConfigKey *keys)
{
    Config *config = g_new0(Config, 1);

    config->keys = keys;
    config->values = g_ptr_array_new_with_free_func(g_free);
    for (; keys->group != NULL; keys++)
        g_ptr_array_add(config->values, g_strdup(keys->fallback));
    return config;
}

Config *config_load(const char *path, gboolean required, const ConfigKey *keys, GError **error)
{
    g_autoptr(Config) config = config_new(keys);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;

    if (path == NULL)
        return g_steal_pointer(&config);
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &local)) {
        if (!required && g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_steal_pointer(&config);
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE, "%s: %s", path, local->message);
        return NULL;
    }
    if (!file_read(config, file, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&config);
}

void config_free(Config *config)
{
    if (config == NULL)
        return;
    g_ptr_array_unref(config->values);
    g_free(config);
}

static const char *value_of(const Config *config, const char *group, const char *key,
                            ConfigType type)
{
    guint row;
    const ConfigKey *known = key_lookup(config->keys, group, key, &row);

    g_assert(known != NULL && known->type == type);
    return config->values->pdata[row];
}

const char *config_string(const Config *config, const char *group, const char *key)
{
    return value_of(config, group, key, CONFIG_STRING);
}

guint64 config_uint(const Config *config, const char *group, const char *key)
{
    return g_ascii_strtoull(value_of(config, group, key, CONFIG_UINT), NULL, 10);
}

gboolean config_bool(const Config *config, const char *group, const char *key)
{
    return g_str_equal(value_of(config, group, key, CONFIG_BOOL), "true");
}

char *config_sample(const ConfigKey *keys)
{
    GString *text = g_string_new(NULL);
    const char *group = NULL;

    for (; keys->group != NULL; keys++) {
        if (g_strcmp0(group, keys->group) != 0) {
            g_string_append_printf(text, "%s[%s]\n", group == NULL ? "" : "\n", keys->group);
            group = keys->group;
        }
        g_auto(GStrv) lines = g_strsplit(keys->comment, "\n", -1);
        g_string_append_c(text, '\n');
        for (char **line = lines; *line != NULL; line++)
            g_string_append_printf(text, "# %s\n", *line);
        g_string_append_printf(text, "#%s=%s\n", keys->key, keys->fallback);
    }
    return g_string_free(text, FALSE);
}
