/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The tree both of the API's formats are printed from and read into: named elements with text or
 * children. An attribute is a child marked as one (JSON knows no difference); a repeated child
 * becomes a member of a JSON array.
 *
 * A tree is owned by its root. Text is valid UTF-8 without characters XML 1.0 forbids: what comes
 * from a host may contain anything, so element_set_text() replaces the rest by U+FFFD; the readers
 * refuse it.
 */
typedef struct Element Element;

typedef enum {
    ELEMENT_PLAIN,
    ELEMENT_ATTRIBUTE, /* an attribute in XML */
    ELEMENT_REPEATED,  /* a member of the array of its name in JSON; these stand together */
    ELEMENT_TIME, /* text is ms since 1970: xs:dateTime in XML, the number in JSON (as oVirt) */
} ElementKind;

struct Element {
    ElementKind kind;
    char *text; /* NULL: none */
    Element *first, *last, *next;
    char name[];
};

Element *element_new(const char *name);
void element_free(Element *element);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Element, element_free)

/* Adds a child and returns it; it belongs to parent. */
Element *element_add(Element *parent, const char *name);
Element *element_add_repeated(Element *parent, const char *name);
void element_append(Element *parent, Element *child); /* takes child */

void element_set_text(Element *element, const char *text, gssize length);

/* A child with text. A NULL text adds nothing. */
void element_add_text(Element *parent, const char *name, const char *text);
void element_add_int(Element *parent, const char *name, gint64 value);
void element_add_bool(Element *parent, const char *name, gboolean value);
void element_add_time(Element *parent, const char *name, gint64 seconds);
void element_add_attribute(Element *parent, const char *name, const char *text);

/* The first child (or attribute) of that name, or NULL. */
const Element *element_child(const Element *element, const char *name);

/* Its text: "" for an empty child, NULL when there is none. */
const char *element_value(const Element *element, const char *name);

/* No text, or white space only, and no children. */
gboolean element_is_empty(const Element *element);
