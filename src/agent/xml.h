/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/*
 * libxml2's tree in the shapes this room needs. Elements made here are never text glued together;
 * what is read here may come from a caller, so it cannot name external entities, use a document
 * type or be over its limit.
 */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

#define XML_ERROR xml_error_quark()
GQuark xml_error_quark(void);

enum { XML_BYTES_MOST = 1 << 20 };

/* The document; its root is checked to be one of roots (NULL-terminated). what names the text in
 * the error, which carries the line and libxml2's reason. */
xmlDocPtr xml_parse(const char *what, const char *text, gsize length, const char *const *roots,
                    GError **error);

/* A document with an empty root element (xmlDocGetRootElement()). */
xmlDocPtr xml_document(const char *root);

/* Appends a child element; _text with that text in it. The child is owned by parent. */
xmlNodePtr xml_child(xmlNodePtr parent, const char *name);
xmlNodePtr xml_child_text(xmlNodePtr parent, const char *name, const char *text);
void xml_set(xmlNodePtr node, const char *name, const char *value);
void xml_set_printf(xmlNodePtr node, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The first child element of that name (any name for NULL), in no namespace or any; the next
 * sibling likewise. Borrowed, NULL when there is none. parent may be NULL. */
xmlNodePtr xml_first(xmlNodePtr parent, const char *name);
xmlNodePtr xml_next(xmlNodePtr node, const char *name);
gboolean xml_is(xmlNodePtr node, const char *name);

/* The attribute's value or the element's text; NULL when absent (or node NULL). */
char *xml_get(xmlNodePtr node, const char *name);
char *xml_text(xmlNodePtr node);

/* The first child of that name, made when it is absent. */
xmlNodePtr xml_ensure(xmlNodePtr parent, const char *name);
/* Removes every child element of that name. */
void xml_remove(xmlNodePtr parent, const char *name);

/* The element as text, indented by two. */
char *xml_format(xmlNodePtr node);
