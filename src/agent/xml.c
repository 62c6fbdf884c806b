/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/xml.h"

#include <libxml/parser.h>
#include <string.h>

G_DEFINE_QUARK(tapwall - xml - error, xml_error)

#define X(text) ((const xmlChar *)(text))

static void reason_quiet(void *data, const char *format, ...)
{
    /* The parser context keeps its last error, which is what we report. */
}

static void parse_error_set(const char *what, xmlParserCtxtPtr context, GError **error)
{
    const xmlError *last = xmlCtxtGetLastError(context);
    g_autofree char *reason = g_strdup(last && last->message ? last->message : "not XML");

    g_set_error(error, XML_ERROR, 0, "%s: line %d: %s", what, last ? last->line : 0,
                g_strchomp(reason));
}

static gboolean document_check(const char *what, xmlDocPtr document, const char *const *roots,
                               GError **error)
{
    xmlNodePtr root = xmlDocGetRootElement(document);
    g_autofree char *wanted = g_strjoinv("' or '", (char **)roots);

    if (document->intSubset) {
        g_set_error(error, XML_ERROR, 0, "%s: a document type is not allowed", what);
        return FALSE;
    }
    for (const char *const *one = roots; *one; one++)
        if (xml_is(root, *one))
            return TRUE;
    g_set_error(error, XML_ERROR, 0, "%s: expecting root element of '%s', not '%s'", what, wanted,
                root ? (const char *)root->name : "");
    return FALSE;
}

xmlDocPtr xml_parse(const char *what, const char *text, gsize length, const char *const *roots,
                    GError **error)
{
    xmlParserCtxtPtr context;
    g_autoptr(xmlDoc) document = NULL;

    if (length > XML_BYTES_MOST) {
        g_set_error(error, XML_ERROR, 0, "%s: longer than %d bytes", what, XML_BYTES_MOST);
        return NULL;
    }
    context = xmlNewParserCtxt();
    g_assert(context); /* out of memory ends the process everywhere else too */
    context->sax->error = reason_quiet;
    context->sax->warning = reason_quiet;
    document = xmlCtxtReadMemory(context, text, (int)length, NULL, NULL,
                                 XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR |
                                     XML_PARSE_NOWARNING);
    if (!document)
        parse_error_set(what, context, error);
    xmlFreeParserCtxt(context);
    if (!document || !document_check(what, document, roots, error))
        return NULL;
    return g_steal_pointer(&document);
}

xmlDocPtr xml_document(const char *root)
{
    xmlDocPtr document = xmlNewDoc(X("1.0"));

    xmlDocSetRootElement(document, xmlNewDocNode(document, NULL, X(root), NULL));
    return document;
}

xmlNodePtr xml_child(xmlNodePtr parent, const char *name)
{
    xmlNodePtr child = xmlNewDocNode(parent->doc, NULL, X(name), NULL);

    return xmlAddChild(parent, child);
}

xmlNodePtr xml_child_text(xmlNodePtr parent, const char *name, const char *text)
{
    xmlNodePtr child = xml_child(parent, name);

    xmlNodeAddContent(child, X(text));
    return child;
}

void xml_set(xmlNodePtr node, const char *name, const char *value)
{
    xmlSetProp(node, X(name), X(value));
}

void xml_set_printf(xmlNodePtr node, const char *name, const char *format, ...)
{
    g_autofree char *value = NULL;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    xml_set(node, name, value);
}

gboolean xml_is(xmlNodePtr node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && (!name || xmlStrcmp(node->name, X(name)) == 0);
}

static xmlNodePtr element_find(xmlNodePtr node, const char *name)
{
    while (node && !xml_is(node, name))
        node = node->next;
    return node;
}

xmlNodePtr xml_first(xmlNodePtr parent, const char *name)
{
    return parent ? element_find(parent->children, name) : NULL;
}

xmlNodePtr xml_next(xmlNodePtr node, const char *name)
{
    return element_find(node->next, name);
}

static char *own(xmlChar *text)
{
    char *copy = g_strdup((const char *)text);

    xmlFree(text);
    return copy;
}

char *xml_get(xmlNodePtr node, const char *name)
{
    xmlChar *value = node ? xmlGetProp(node, X(name)) : NULL;

    return value ? own(value) : NULL;
}

char *xml_text(xmlNodePtr node)
{
    xmlChar *text = node ? xmlNodeGetContent(node) : NULL;

    return text ? g_strstrip(own(text)) : NULL;
}

xmlNodePtr xml_ensure(xmlNodePtr parent, const char *name)
{
    xmlNodePtr child = xml_first(parent, name);

    return child ? child : xml_child(parent, name);
}

void xml_remove(xmlNodePtr parent, const char *name)
{
    xmlNodePtr child;

    while ((child = xml_first(parent, name))) {
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
}

char *xml_format(xmlNodePtr node)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    char *text;

    xmlNodeDump(buffer, node->doc, node, 0, 1);
    text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}
