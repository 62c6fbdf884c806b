/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "jsonrpc/json-text.h"
#include "rest/fault.h"
#include "rest/format.h"

/* ---- writing ---- */

/* By hand, because a tree of JsonNodes for a list of 1,000 VMs costs more than all the rest of its
 * reply. Strings are the room jsonrpc's. */
static void write_value(GString *out, const Element *element, guint depth);

static void write_indent(GString *out, guint depth)
{
    static const char blanks[] = "                                ";

    g_string_append_c(out, '\n');
    g_string_append_len(out, blanks, MIN(2 * depth, sizeof blanks - 1));
}

/* The run of repeated elements that begins with first; returns its last. */
static const Element *write_array(GString *out, const Element *first, guint depth)
{
    const Element *at = first;

    g_string_append_c(out, '[');
    for (;; at = at->next) {
        write_indent(out, depth + 1);
        write_value(out, at, depth + 1);
        if (!at->next || at->next->kind != ELEMENT_REPEATED || strcmp(at->next->name, first->name))
            break;
        g_string_append_c(out, ',');
    }
    write_indent(out, depth);
    g_string_append_c(out, ']');
    return at;
}

static void write_object(GString *out, const Element *element, guint depth)
{
    g_string_append_c(out, '{');
    for (const Element *child = element->first; child; child = child->next) {
        write_indent(out, depth + 1);
        json_text_append_string(out, child->name);
        g_string_append(out, " : ");
        if (child->kind == ELEMENT_REPEATED)
            child = write_array(out, child, depth + 1);
        else
            write_value(out, child, depth + 1);
        if (child->next)
            g_string_append_c(out, ',');
    }
    if (element->first)
        write_indent(out, depth);
    g_string_append_c(out, '}');
}

static void write_value(GString *out, const Element *element, guint depth)
{
    if (!element->text || element->first)
        write_object(out, element, depth);
    else if (element->kind == ELEMENT_TIME)
        g_string_append(out, element->text);
    else
        json_text_append_string(out, element->text);
}

GBytes *json_format(const Element *root)
{
    GString *out = g_string_sized_new(4096);

    write_value(out, root, 0);
    return g_string_free_to_bytes(out);
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
