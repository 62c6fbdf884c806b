/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/params.h"

#include <string.h>

#include "jsonrpc/rpc.h"

enum { NAME_BYTES = 255, STRING_BYTES = 4096, TEXT_BYTES = 1 << 20, LIST_MEMBERS = 256 };

static const struct {
    const char *words;
    gsize bytes; /* longest string */
} types[] = {
    [PARAM_NAME] = {"a string of up to 255 bytes", NAME_BYTES},
    [PARAM_STRING] = {"a string of up to 4096 bytes", STRING_BYTES},
    [PARAM_TEXT] = {"a string of up to 1048576 bytes", TEXT_BYTES},
    [PARAM_UINT] = {"a number from 0 to 4294967295"},
    [PARAM_BOOL] = {"true or false"},
    [PARAM_OBJECT] = {"an object"},
    [PARAM_LIST] = {"a list of up to 256 members"},
};

static JsonNode *string_check(JsonNode *node, gsize bytes)
{
    const char *text;

    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    text = json_node_get_string(node);
    return strlen(text) <= bytes ? json_node_copy(node) : NULL;
}

static JsonNode *name_check(JsonNode *node)
{
    g_autofree char *digits = NULL;

    if (json_node_get_value_type(node) != G_TYPE_INT64)
        return string_check(node, NAME_BYTES);
    digits = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    return json_node_init_string(json_node_alloc(), digits);
}

static JsonNode *uint_check(JsonNode *node)
{
    guint64 number;

    if (json_node_get_value_type(node) == G_TYPE_INT64) {
        gint64 given = json_node_get_int(node);
        return given >= 0 && given <= G_MAXUINT32 ? json_node_copy(node) : NULL;
    }
    if (json_node_get_value_type(node) != G_TYPE_STRING ||
        !g_ascii_string_to_unsigned(json_node_get_string(node), 10, 0, G_MAXUINT32, &number, NULL))
        return NULL;
    return json_node_init_int(json_node_alloc(), (gint64)number);
}

static JsonNode *bool_check(JsonNode *node)
{
    static const struct {
        const char *word;
        gboolean value;
    } words[] = {{"true", TRUE}, {"1", TRUE}, {"false", FALSE}, {"0", FALSE}};

    if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        return json_node_copy(node);
    if (json_node_get_value_type(node) == G_TYPE_INT64 && json_node_get_int(node) >> 1 == 0)
        return json_node_init_boolean(json_node_alloc(), json_node_get_int(node) == 1);
    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(json_node_get_string(node), words[i].word) == 0)
            return json_node_init_boolean(json_node_alloc(), words[i].value);
    return NULL;
}

static JsonNode *list_check(JsonNode *node)
{
    return JSON_NODE_HOLDS_ARRAY(node) &&
                   json_array_get_length(json_node_get_array(node)) <= LIST_MEMBERS
               ? json_node_copy(node)
               : NULL;
}

/* The value in the type's own form, or NULL when it is not one. */
static JsonNode *value_check(ParamType type, JsonNode *node)
{
    if (JSON_NODE_HOLDS_NULL(node))
        return json_node_copy(node);
    switch (type) {
    case PARAM_NAME:
        return name_check(node);
    case PARAM_STRING:
    case PARAM_TEXT:
        return string_check(node, types[type].bytes);
    case PARAM_UINT:
        return uint_check(node);
    case PARAM_BOOL:
        return bool_check(node);
    case PARAM_OBJECT:
        return JSON_NODE_HOLDS_OBJECT(node) ? json_node_copy(node) : NULL;
    case PARAM_LIST:
        return list_check(node);
    }
    return NULL;
}

static gboolean param_read(JsonObject *into, const Param *param, JsonNode *given, GError **error)
{
    JsonNode *value;

    if (!given || (param->required && JSON_NODE_HOLDS_NULL(given))) {
        if (!param->required)
            return TRUE;
        g_set_error(error, RPC_ERROR, RPC_MISSING_PARAMETER, "Missing required parameter %s",
                    param->name);
        return FALSE;
    }
    value = value_check(param->type, given);
    if (!value) {
        g_autofree char *text = json_to_string(given, FALSE);
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER, "%s must be %s, not %.80s",
                    param->name, types[param->type].words, text);
        return FALSE;
    }
    json_object_set_member(into, param->name, value);
    return TRUE;
}

JsonObject *dict_read(const char *what, const Param *table, JsonObject *dict, GError **error)
{
    g_autoptr(JsonObject) read = json_object_new();

    for (const Param *param = table; param->name; param++) {
        GError *inner = NULL;
        if (param_read(read, param, json_object_get_member(dict, param->name), &inner))
            continue;
        if (inner->code != RPC_MISSING_PARAMETER)
            g_prefix_error(&inner, "Invalid parameter: %s: ", what);
        g_propagate_error(error, inner);
        return NULL;
    }
    return g_steal_pointer(&read);
}

static JsonObject *positions_name(const Param *table, JsonArray *values, GError **error)
{
    JsonObject *named = json_object_new();
    guint count = json_array_get_length(values);

    for (guint i = 0; i < count; i++) {
        if (!table[i].name) {
            g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMS, "takes at most %u parameters, not %u",
                        i, count);
            json_object_unref(named);
            return NULL;
        }
        json_object_set_member(named, table[i].name,
                               json_node_copy(json_array_get_element(values, i)));
    }
    return named;
}

JsonObject *params_read(const char *method, const Param *table, JsonNode *params, GError **error)
{
    g_autoptr(JsonObject) named = NULL;
    g_autoptr(JsonObject) read = json_object_new();
    GError *inner = NULL;

    if (!params || JSON_NODE_HOLDS_NULL(params))
        named = json_object_new();
    else if (JSON_NODE_HOLDS_ARRAY(params))
        named = positions_name(table, json_node_get_array(params), &inner);
    else if (JSON_NODE_HOLDS_OBJECT(params))
        named = json_object_ref(json_node_get_object(params));
    else
        inner = g_error_new_literal(RPC_ERROR, RPC_INVALID_PARAMS, "params must be an object");
    for (const Param *param = table; !inner && param->name; param++)
        (void)param_read(read, param, json_object_get_member(named, param->name), &inner);
    if (!inner)
        return g_steal_pointer(&read);
    g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMS, "Invalid method parameters: %s: %s", method,
                inner->message);
    g_error_free(inner);
    return NULL;
}

/* The member's node, NULL when it is absent or null. */
static JsonNode *dict_value(JsonObject *dict, const char *name)
{
    JsonNode *node = json_object_get_member(dict, name);

    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

const char *dict_string(JsonObject *dict, const char *name)
{
    JsonNode *node = dict_value(dict, name);

    return node ? json_node_get_string(node) : NULL;
}

guint64 dict_uint(JsonObject *dict, const char *name, guint64 fallback)
{
    JsonNode *node = dict_value(dict, name);

    return node ? (guint64)json_node_get_int(node) : fallback;
}

gboolean dict_bool(JsonObject *dict, const char *name, gboolean fallback)
{
    JsonNode *node = dict_value(dict, name);

    return node ? json_node_get_boolean(node) : fallback;
}

JsonObject *dict_object(JsonObject *dict, const char *name)
{
    JsonNode *node = dict_value(dict, name);

    return node ? json_node_get_object(node) : NULL;
}

JsonArray *dict_list(JsonObject *dict, const char *name)
{
    JsonNode *node = dict_value(dict, name);

    return node ? json_node_get_array(node) : NULL;
}

gboolean name_is_plain(const char *name)
{
    gsize length = strlen(name);

    return length > 0 && length <= NAME_BYTES && g_ascii_isalnum(name[0]) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
               length;
}

char *context_message(const char *message, const char *key, const char *value)
{
    g_autofree char *escaped = g_strescape(value, "\"");
    const char *quote = strchr(value, '\'') ? "\"" : "'";

    return g_strdup_printf("%s: {'%s': %s%s%s}", message, key, quote, escaped, quote);
}
