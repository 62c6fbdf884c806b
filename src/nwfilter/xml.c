/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/xml.h"

#include <libxml/parser.h>
#include <string.h>

#include "nwfilter/error.h"

/*
 * Lines: the text is scanned once for start tags, in their order. As there are no entities, the
 * n-th start tag of the text is the n-th element of the tree. Should the two counts ever differ
 * (an encoding that is not a superset of ASCII), libxml2's own numbers serve.
 */

typedef struct {
    const char *begin; /* its '<' */
    guint line;
} Tag;

struct XmlDocument {
    xmlDoc *tree;
    char *text;
    GArray *tags; /* of Tag; empty when they do not fit the tree */
};

/* ---- the scan ---- */

/* What is skipped whole, and how it ends. */
static const struct {
    const char *begin, *end;
} islands[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"</", ">"}, {"<!", ">"}};

/* Past the island that begins at text; NULL when none begins there. */
static const char *island_skip(const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(islands); i++) {
        if (!g_str_has_prefix(text, islands[i].begin))
            continue;
        const char *end = strstr(text + strlen(islands[i].begin), islands[i].end);
        return end ? end + strlen(islands[i].end) : text + strlen(text);
    }
    return NULL;
}

/* The '>' that ends a start tag; one in a quoted value does not count. */
static const char *tag_end(const char *text)
{
    char quote = '\0';

    for (; *text != '\0' && (quote != '\0' || *text != '>'); text++) {
        if (quote != '\0')
            quote = *text == quote ? '\0' : quote;
        else if (*text == '"' || *text == '\'')
            quote = *text;
    }
    return text;
}

static guint count_lines(const char *from, const char *to)
{
    guint lines = 0;

    for (; from < to; from++)
        lines += *from == '\n';
    return lines;
}

static GArray *scan_tags(const char *text)
{
    GArray *tags = g_array_new(FALSE, FALSE, sizeof(Tag));
    const char *counted = text;
    guint line = 1;

    while ((text = strchr(text, '<'))) {
        const char *after = island_skip(text);

        if (!after) {
            line += count_lines(counted, text);
            counted = text;
            Tag tag = {text, line};
            g_array_append_val(tags, tag);
            after = tag_end(text);
        }
        text = after;
    }
    return tags;
}

/* ---- the tree ---- */

/* Numbers the elements in document order, in _private. Recursion is bounded by libxml2 (256). */
static guint number_elements(xmlNode *node, guint next)
{
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        node->_private = GUINT_TO_POINTER(next++);
        next = number_elements(node->children, next);
    }
    return next;
}

/* Keeps the first fault: the later ones mostly follow from it. */
static void take_fault(void *context, xmlErrorPtr fault)
{
    GError **error = context;
    /* libxml2 quotes the text, and cuts what it quotes within a character. */
    g_autofree char *words = g_utf8_make_valid(fault->message ? fault->message : "not XML", -1);

    if (*error || fault->level < XML_ERR_ERROR)
        return;
    *error = nwfilter_error_new(NWFILTER_ERROR_XML, 35, "%s",
                                g_strstrip(g_strdelimit(words, "\n\r\t", ' ')));
    nwfilter_error_set_place(*error, NULL, (guint)MAX(fault->line, 0));
}

/* The tree, or NULL with *error set. */
static xmlDoc *tree_read(xmlParserCtxt *parser, const char *text, gsize length, GError **error)
{
    xmlDoc *tree = xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_BIG_LINES);

    if (tree && !*error && parser->wellFormed && !tree->intSubset)
        return tree;
    if (!*error && tree && tree->intSubset)
        *error = nwfilter_error_new(NWFILTER_ERROR_XML, 27, "DOCTYPE is not allowed in a filter");
    if (!*error)
        *error = nwfilter_error_new(NWFILTER_ERROR_XML, 35, "not XML");
    xmlFreeDoc(tree);
    return NULL;
}

static xmlDoc *tree_parse(const char *text, gsize length, GError **error)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    GError *fault = NULL;
    xmlDoc *tree;

    xmlSetStructuredErrorFunc(&fault, take_fault);
    tree = tree_read(parser, text, length, &fault);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlFreeParserCtxt(parser);
    if (fault)
        g_propagate_error(error, fault);
    return tree;
}

XmlDocument *xml_document_parse(const char *text, gsize length, GError **error)
{
    xmlDoc *tree = tree_parse(text, length, error);

    if (!tree)
        return NULL;
    XmlDocument *document = g_new0(XmlDocument, 1);
    document->tree = tree;
    document->text = g_strndup(text, length);
    document->tags = scan_tags(document->text);
    if (number_elements(xmlDocGetRootElement(tree), 0) != document->tags->len)
        g_array_set_size(document->tags, 0);
    return document;
}

void xml_document_free(XmlDocument *document)
{
    xmlFreeDoc(document->tree);
    g_array_unref(document->tags);
    g_free(document->text);
    g_free(document);
}

xmlNode *xml_document_root(const XmlDocument *document)
{
    return xmlDocGetRootElement(document->tree);
}

static const Tag *tag_of(const XmlDocument *document, const xmlNode *element)
{
    guint number = GPOINTER_TO_UINT(element->_private);

    return number < document->tags->len ? &g_array_index(document->tags, Tag, number) : NULL;
}

guint xml_element_line(const XmlDocument *document, const xmlNode *element)
{
    const Tag *tag = tag_of(document, element);

    return tag ? tag->line : (guint)MAX(xmlGetLineNo(element), 1);
}

/* The attribute's name within its tag: a word with '=' after it, outside of quotes. */
static const char *attribute_find(const char *tag, const char *name)
{
    const char *end = tag_end(tag);
    gsize length = strlen(name);
    char quote = '\0';

    for (const char *at = tag + 1; at < end; at++) {
        if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (g_ascii_isspace(at[-1]) && strncmp(at, name, length) == 0) {
            const char *after = at + length;

            while (g_ascii_isspace(*after))
                after++;
            if (*after == '=')
                return at;
        }
    }
    return NULL;
}

guint xml_attribute_line(const XmlDocument *document, const xmlNode *element, const char *name)
{
    const Tag *tag = tag_of(document, element);
    const char *at = tag ? attribute_find(tag->begin, name) : NULL;

    return at ? tag->line + count_lines(tag->begin, at) : xml_element_line(document, element);
}

char *xml_attribute_get(const xmlNode *element, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(element, (const xmlChar *)name);
    char *copy = value ? g_strdup((const char *)value) : NULL;

    xmlFree(value);
    return copy;
}
