/* SPDX-License-Identifier: Apache-2.0 */
#include <libxml/parser.h>
#include <libxml/xmlwriter.h>
#include <string.h>

#include "rest/fault.h"
#include "rest/format.h"

/* ---- writing ---- */

#define X(text) ((const xmlChar *)(text))

char *format_time(const char *milliseconds)
{
    gint64 ms = g_ascii_strtoll(milliseconds, NULL, 10);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ms / 1000);
    g_autofree char *seconds = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;

    return g_strdup_printf("%s.%03dZ", seconds ? seconds : "1970-01-01T00:00:00", (int)(ms % 1000));
}

static void write_text(xmlTextWriter *writer, const Element *element)
{
    g_autofree char *time = element->kind == ELEMENT_TIME ? format_time(element->text) : NULL;

    if (element->text)
        xmlTextWriterWriteString(writer, X(time ? time : element->text));
}

static void write_element(xmlTextWriter *writer, const Element *element)
{
    xmlTextWriterStartElement(writer, X(element->name));
    for (const Element *child = element->first; child; child = child->next)
        if (child->kind == ELEMENT_ATTRIBUTE)
            xmlTextWriterWriteAttribute(writer, X(child->name), X(child->text ? child->text : ""));
    write_text(writer, element);
    for (const Element *child = element->first; child; child = child->next)
        if (child->kind != ELEMENT_ATTRIBUTE)
            write_element(writer, child);
    xmlTextWriterEndElement(writer);
}

/* Writing into memory fails only when memory does, where GLib would have stopped the program. */
GBytes *xml_format(const Element *root)
{
    xmlBuffer *buffer = xmlBufferCreateSize(4096);
    xmlTextWriter *writer = xmlNewTextWriterMemory(buffer, 0);
    GBytes *bytes;

    g_assert(writer);
    xmlBufferSetAllocationScheme(buffer, XML_BUFFER_ALLOC_DOUBLEIT);
    xmlTextWriterSetIndent(writer, 1);
    xmlTextWriterSetIndentString(writer, X("    "));
    xmlTextWriterStartDocument(writer, "1.0", "UTF-8", "yes");
    write_element(writer, root);
    xmlTextWriterEndDocument(writer);
    xmlFreeTextWriter(writer);
    bytes = g_bytes_new(xmlBufferContent(buffer), xmlBufferLength(buffer));
    xmlBufferFree(buffer);
    return bytes;
}

/* ---- reading ---- */

/* libxml2's own tree is not built: the callbacks build ours, and stop the parser at the first thing
 * that is over a limit or must not be there. */
typedef struct {
    xmlParserCtxt *parser;
    Element *root;
    GPtrArray *open; /* the path from the root to the element being read; borrowed */
    GString *text;   /* of the innermost open element */
    guint count;
    GError *error;
} Reader;

static void stop(Reader *reader, const char *message)
{
    if (!reader->error)
        reader->error = g_error_new(REST_ERROR, REST_ERROR_SYNTAX, "XML: %s", message);
    xmlStopParser(reader->parser);
}

static void on_internal_subset(void *data, const xmlChar *name, const xmlChar *external,
                               const xmlChar *system)
{
    stop(data, "a document type declaration is not accepted");
}

/* Attribute i of libxml2's flat array: name, prefix, URI, value, end. Entities are not expanded
 * (there is no declaration to expand), so a value is plain text. */
static void add_attributes(Element *element, int count, const xmlChar **attributes)
{
    for (int i = 0; i < count; i++) {
        const xmlChar **row = attributes + 5 * i;
        Element *child = element_add(element, (const char *)row[0]);

        child->kind = ELEMENT_ATTRIBUTE;
        element_set_text(child, (const char *)row[3], row[4] - row[3]);
    }
}

static gboolean is_blank(const GString *text)
{
    return !text->str[strspn(text->str, " \t\r\n")];
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace_list, int attributes, int defaulted,
                     const xmlChar **attribute_list)
{
    Reader *reader = data;
    Element *element;

    reader->count += 1 + attributes;
    if (reader->open->len >= FORMAT_DEPTH_LIMIT || reader->count > FORMAT_COUNT_LIMIT) {
        stop(reader, "more elements, or deeper, than accepted");
        return;
    }
    if (!is_blank(reader->text)) {
        stop(reader, "text between elements is not accepted");
        return;
    }
    element = element_new((const char *)name);
    if (reader->open->len)
        element_append(g_ptr_array_index(reader->open, reader->open->len - 1), element);
    else
        reader->root = element;
    add_attributes(element, attributes, attribute_list);
    g_ptr_array_add(reader->open, element);
    g_string_truncate(reader->text, 0);
}

static gboolean has_elements(const Element *element)
{
    for (const Element *child = element->first; child; child = child->next)
        if (child->kind != ELEMENT_ATTRIBUTE)
            return TRUE;
    return FALSE;
}

/* Text of an element with children is layout, unless it says something. */
static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    Reader *reader = data;
    Element *element = g_ptr_array_index(reader->open, reader->open->len - 1);

    if (!is_blank(reader->text) && has_elements(element))
        stop(reader, "text between elements is not accepted");
    else if (reader->text->len && !has_elements(element))
        element_set_text(element, reader->text->str, reader->text->len);
    g_string_truncate(reader->text, 0);
    g_ptr_array_set_size(reader->open, reader->open->len - 1);
}

static void on_text(void *data, const xmlChar *text, int length)
{
    Reader *reader = data;

    g_string_append_len(reader->text, (const char *)text, length);
}

static void on_error(void *data, xmlError *problem)
{
    Reader *reader = data;
    g_autofree char *message = g_strchomp(g_strdup(problem->message ? problem->message : "?"));

    if (reader->error || problem->level < XML_ERR_ERROR)
        return;
    reader->error =
        g_error_new(REST_ERROR, REST_ERROR_SYNTAX, "XML: line %d: %s", problem->line, message);
    xmlStopParser(reader->parser);
}

static xmlSAXHandler handler_new(void)
{
    return (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_internal_subset,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
}

static void reader_run(Reader *reader, GBytes *body)
{
    xmlSAXHandler handler = handler_new();
    gsize size;
    const char *data = g_bytes_get_data(body, &size);

    reader->parser = xmlCreatePushParserCtxt(&handler, reader, NULL, 0, NULL);
    g_assert(reader->parser);
    xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET);
    if (xmlParseChunk(reader->parser, data, (int)size, 1) && !reader->error)
        stop(reader, "not well-formed");
    xmlFreeParserCtxt(reader->parser);
}

Element *xml_parse(GBytes *body, GError **error)
{
    Reader reader = {0};

    reader.open = g_ptr_array_new();
    reader.text = g_string_new(NULL);
    reader_run(&reader, body);
    if (!reader.error && !reader.root)
        reader.error = g_error_new(REST_ERROR, REST_ERROR_SYNTAX, "XML: no element");
    g_ptr_array_unref(reader.open);
    g_string_free(reader.text, TRUE);
    if (reader.error) {
        g_clear_pointer(&reader.root, element_free);
        g_propagate_error(error, reader.error);
    }
    return reader.root;
}
