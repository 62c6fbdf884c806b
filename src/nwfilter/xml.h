/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/*
 * Purpose: an XML text as libxml2's tree, with the line on which each tag and attribute begins:
 * libxml2 itself knows only where a tag ends, and nothing of attributes.
 * Owner: xml_document_free. Private to this room (it shows libxml2's types).
 * Does not: load anything from outside; a text with a DOCTYPE is refused, so there are no entities.
 */

typedef struct XmlDocument XmlDocument;

/* Errors: NWFILTER_ERROR_XML with the line of the fault. */
XmlDocument *xml_document_parse(const char *text, gsize length, GError **error);
void xml_document_free(XmlDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlDocument, xml_document_free)

xmlNode *xml_document_root(const XmlDocument *document);

/* The line of the tag's '<', from 1. */
guint xml_element_line(const XmlDocument *document, const xmlNode *element);

/* The line of the attribute's name. */
guint xml_attribute_line(const XmlDocument *document, const xmlNode *element, const char *name);

/* An attribute's text, NULL when absent; the caller frees with g_free. */
char *xml_attribute_get(const xmlNode *element, const char *name);
