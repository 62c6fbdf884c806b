/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/option-keys.h"

#include <string.h>

#include "cli/engine-config/args.h"

enum { FILE_LIMIT = 1 << 20, KEY_LIMIT = 10000 };

/* In oVirt's table the quotes around a description belong to the text, and what reads this tool's
 * output expects them. The ranges are those the engine accepts: a value it would refuse keeps it
 * from starting. */
static const OptionKey builtin[] = {
    {.name = "EnableMACAntiSpoofingFilterRules",
     .description = "\"Indicates if Network Filtering should be enabled or not.\"",
     .type = "String",
     .valid_values = "true,false"},
    {.name = "vdsHeartbeatInSeconds",
     .description = "\"Interval of the heart-beats on the connection to a host (in seconds).\"",
     .type = "Integer",
     .valid_values = "1..3600"},
    {.name = "vdsTimeout",
     .description = "\"How long a host may take to answer a request (in seconds).\"",
     .type = "Integer",
     .valid_values = "1..3600"},
    {.name = "vdsConnectionTimeout",
     .description = "\"How long connecting to a host may take (in seconds).\"",
     .type = "Integer",
     .valid_values = "1..3600"},
    {.name = "VdsRefreshRate",
     .description = "\"How often a host is asked for its virtual machines (in seconds).\"",
     .type = "Integer",
     .valid_values = "1..3600"},
    {.name = "TimeoutToResetVdsInSeconds",
     .description = "\"How long a lost host is dialled before it is non-responsive (in seconds).\"",
     .type = "Integer",
     .valid_values = "1..86400"},
};

static void option_key_free(OptionKey *key)
{
    g_free(key->name);
    g_free(key->description);
    g_free(key->type);
    g_free(key->valid_values);
    g_free(key->delimiter);
    g_free(key);
}

static void replace_text(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

static OptionKey *option_key_new(const char *name)
{
    OptionKey *key = g_new0(OptionKey, 1);
    key->name = g_strdup(name);
    key->description = g_strdup("");
    key->type = g_strdup("String");
    key->delimiter = g_strdup(";");
    return key;
}

static OptionKeys *option_keys_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)option_key_free);
}

OptionKeys *option_keys_builtin(void)
{
    OptionKeys *keys = option_keys_new();
    for (guint i = 0; i < G_N_ELEMENTS(builtin); i++) {
        OptionKey *key = option_key_new(builtin[i].name);
        replace_text(&key->description, builtin[i].description);
        replace_text(&key->type, builtin[i].type);
        replace_text(&key->valid_values, builtin[i].valid_values);
        g_ptr_array_add(keys, key);
    }
    return keys;
}

const OptionKey *option_keys_lookup(const OptionKeys *keys, const char *name)
{
    for (guint i = 0; i < keys->len; i++) {
        const OptionKey *key = g_ptr_array_index(keys, i);
        if (g_str_equal(key->name, name))
            return key;
    }
    return NULL;
}

/* ---- the properties file ---- */

typedef struct {
    const char *name;
    gsize offset; /* in OptionKey */
    gboolean is_flag;
} Attribute;

static const Attribute attributes[] = {
    {"description", G_STRUCT_OFFSET(OptionKey, description), FALSE},
    {"type", G_STRUCT_OFFSET(OptionKey, type), FALSE},
    {"validValues", G_STRUCT_OFFSET(OptionKey, valid_values), FALSE},
    {"delimiter", G_STRUCT_OFFSET(OptionKey, delimiter), FALSE},
    {"mergable", G_STRUCT_OFFSET(OptionKey, mergable), TRUE},
    {"isReloadable", G_STRUCT_OFFSET(OptionKey, reloadable), TRUE},
};

static void attribute_set(const Attribute *attribute, OptionKey *key, const char *text)
{
    if (attribute->is_flag) {
        G_STRUCT_MEMBER(gboolean, key, attribute->offset) = g_str_equal(text, "true");
        return;
    }
    char **place = G_STRUCT_MEMBER_P(key, attribute->offset);
    if (*text != '\0')
        replace_text(place, text);
}

static OptionKey *find_or_add(OptionKeys *keys, GHashTable *index, const char *name)
{
    OptionKey *key = g_hash_table_lookup(index, name);
    if (key == NULL && keys->len < KEY_LIMIT) {
        key = option_key_new(name);
        g_ptr_array_add(keys, key);
        g_hash_table_insert(index, key->name, key);
    }
    return key;
}

/* One line NAME.ATTRIBUTE=TEXT. Attributes of other tools' files (alternateKey, ...) are passed
 * over. */
static const char *parse_line(OptionKeys *keys, GHashTable *index, char *line)
{
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return "expected NAME.ATTRIBUTE=TEXT";
    *equals = '\0';
    char *dot = strchr(line, '.');
    if (dot != NULL)
        *dot = '\0';
    OptionKey *key = find_or_add(keys, index, g_strstrip(line));
    if (key == NULL)
        return "too many keys (the limit is 10000)";
    for (guint i = 0; dot != NULL && i < G_N_ELEMENTS(attributes); i++)
        if (g_str_equal(g_strstrip(dot + 1), attributes[i].name))
            attribute_set(&attributes[i], key, g_strstrip(equals + 1));
    return NULL;
}

static gboolean parse_properties(OptionKeys *keys, const char *path, const char *text,
                                 GError **error)
{
    g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        if (*line == '\0' || *line == '#')
            continue;
        const char *problem = parse_line(keys, index, line);
        if (problem != NULL) {
            g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_FILE,
                        "Properties file %s, line %u: %s.", path, i + 1, problem);
            return FALSE;
        }
    }
    return TRUE;
}

OptionKeys *option_keys_load(const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, &cause)) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_FILE,
                    "Cannot read the properties file: %s.", cause->message);
        return NULL;
    }
    if (length > FILE_LIMIT || strlen(text) != length) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_FILE,
                    "Properties file %s: expected text of at most 1 MiB.", path);
        return NULL;
    }
    g_autoptr(GPtrArray) keys = option_keys_new();
    return parse_properties(keys, path, text, error) ? g_steal_pointer(&keys) : NULL;
}

/* ---- values ---- */

static gboolean refuse(const OptionKey *key, const char *value, const char *details, GError **error)
{
    g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_VALUE,
                "Cannot set value %s to key %s. %s", value, key->name, details);
    return FALSE;
}

/* One item of validValues: a word, or for numbers a range FROM..TO. */
static gboolean item_matches(const char *item, const char *value)
{
    gint64 from, to, number;
    g_auto(GStrv) ends = g_strsplit(item, "..", 2);
    if (g_strv_length(ends) != 2 ||
        !g_ascii_string_to_signed(ends[0], 10, G_MININT32, G_MAXINT32, &from, NULL) ||
        !g_ascii_string_to_signed(ends[1], 10, G_MININT32, G_MAXINT32, &to, NULL))
        return g_str_equal(item, value);
    return g_ascii_string_to_signed(value, 10, from, to, &number, NULL);
}

static gboolean check_listed(const OptionKey *key, const char *value, GError **error)
{
    g_auto(GStrv) items = g_strsplit(key->valid_values, ",", -1);
    for (guint i = 0; items[i] != NULL; i++)
        if (item_matches(g_strstrip(items[i]), value))
            return TRUE;
    g_autofree char *all = g_strjoinv(", ", items);
    g_autofree char *details = g_strdup_printf("Valid values are [%s]", all);
    return refuse(key, value, details, error);
}

gboolean option_key_check(const OptionKey *key, const char *value, GError **error)
{
    if (key->valid_values != NULL)
        return check_listed(key, value, error);
    if (g_str_equal(key->type, "Integer") &&
        !g_ascii_string_to_signed(value, 10, G_MININT32, G_MAXINT32, NULL, NULL))
        return refuse(key, value, "Expected a whole number.", error);
    if (g_str_equal(key->type, "Boolean") && !g_str_equal(value, "true") &&
        !g_str_equal(value, "false"))
        return refuse(key, value, "Valid values are [true, false]", error);
    return TRUE;
}
