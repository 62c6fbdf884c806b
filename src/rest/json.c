/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "jsonrpc/json-text.h"
#include "rest/fault.h"
#include "rest/format.h"

/* ---- writing ---- */

static JsonNode *node_of(const Element *element);

static gboolean is_leaf(const Element *element)
{
    return element->text && !element->first;
}

/* The members of one repeated name, found once for the whole element so that a list of n stays
 * O(n). */
static JsonArray *array_of(JsonObject *object, const char *name)
{
    JsonArray *array;

    if (json_object_has_member(object, name))
        return json_object_get_array_member(object, name);
    array = json_array_new();
    json_object_set_array_member(object, name, array);
    return array;
}

static JsonNode *object_of(const Element *element)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    for (const Element *child = element->first; child; child = child->next) {
        if (child->kind == ELEMENT_REPEATED)
            json_array_add_element(array_of(object, child->name), node_of(child));
        else
            json_object_set_member(object, child->name, node_of(child));
    }
    json_node_take_object(node, object);
    return node;
}

static JsonNode *node_of(const Element *element)
{
    JsonNode *node;

    if (!is_leaf(element))
        return object_of(element);
    node = json_node_new(JSON_NODE_VALUE);
    if (element->kind == ELEMENT_TIME)
        json_node_set_int(node, g_ascii_strtoll(element->text, NULL, 10));
    else
        json_node_set_string(node, element->text);
    return node;
}

GBytes *json_format(const Element *root)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) node = node_of(root);
    gsize size;
    char *text;

    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, TRUE);
    text = json_generator_to_data(generator, &size);
    return g_bytes_new_take(text, size);
}

/* ---- reading ---- */

static void syntax_error(GError **error, const char *message)
{
    g_set_error(error, REST_ERROR, REST_ERROR_SYNTAX, "JSON: %s", message);
}

typedef struct {
    guint count;
    GError *error;
} Reader;

static void read_object(Reader *reader, JsonObject *object, Element *into);

static void read_text(Reader *reader, const char *text, Element *into)
{
    element_set_text(into, text, -1);
    if (strcmp(into->text, text) && !reader->error)
        reader->error =
            g_error_new(REST_ERROR, REST_ERROR_SYNTAX,
                        "JSON: '%s' holds a character that is not accepted", into->name);
}

static void read_value(Reader *reader, JsonNode *node, Element *into)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        read_text(reader, json_node_get_string(node), into);
        break;
    case G_TYPE_BOOLEAN:
        element_set_text(into, json_node_get_boolean(node) ? "true" : "false", -1);
        break;
    case G_TYPE_INT64:
        into->text = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
        break;
    default:
        into->text = g_strdup(g_ascii_dtostr(number, sizeof number, json_node_get_double(node)));
        break;
    }
}

/* null says nothing, like an absent member. */
static void read_node(Reader *reader, JsonNode *node, const char *name, ElementKind kind,
                      Element *parent)
{
    Element *element;

    if (json_node_is_null(node) || ++reader->count > FORMAT_COUNT_LIMIT)
        return;
    element =
        kind == ELEMENT_REPEATED ? element_add_repeated(parent, name) : element_add(parent, name);
    if (JSON_NODE_HOLDS_OBJECT(node))
        read_object(reader, json_node_get_object(node), element);
    else if (JSON_NODE_HOLDS_VALUE(node))
        read_value(reader, node, element);
    else if (!reader->error)
        reader->error =
            g_error_new(REST_ERROR, REST_ERROR_SYNTAX, "JSON: '%s' is an array in an array", name);
}

static void read_array(Reader *reader, JsonArray *array, const char *name, Element *parent)
{
    for (guint i = 0; i < json_array_get_length(array); i++)
        read_node(reader, json_array_get_element(array, i), name, ELEMENT_REPEATED, parent);
}

static void read_object(Reader *reader, JsonObject *object, Element *into)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_ARRAY(node))
            read_array(reader, json_node_get_array(node), name, into);
        else
            read_node(reader, node, name, ELEMENT_PLAIN, into);
    }
}

static Element *read_root(JsonNode *node, const char *root_name, GError **error)
{
    g_autoptr(Element) root = element_new(root_name);
    Reader reader = {0};

    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        syntax_error(error, "an object is expected");
        return NULL;
    }
    read_object(&reader, json_node_get_object(node), root);
    if (!reader.error && reader.count > FORMAT_COUNT_LIMIT)
        syntax_error(&reader.error, "more members than accepted");
    if (reader.error) {
        g_propagate_error(error, reader.error);
        return NULL;
    }
    return g_steal_pointer(&root);
}

Element *json_parse(GBytes *body, const char *root_name, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonNode) node = json_text_parse(body, &problem);

    if (node)
        return read_root(node, root_name, error);
    syntax_error(error, problem->message);
    return NULL;
}
