/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/element.h"

#include <string.h>

Element *element_new(const char *name)
{
    size_t size = strlen(name) + 1;
    Element *element = g_malloc0(sizeof *element + size);

    memcpy(element->name, name, size);
    return element;
}

/* Depth is bounded: by the readers' limit, or by the forms. */
void element_free(Element *element)
{
    Element *child = element ? element->first : NULL;

    while (child) {
        Element *next = child->next;

        element_free(child);
        child = next;
    }
    if (element) {
        g_free(element->text);
        g_free(element);
    }
}

void element_append(Element *parent, Element *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static Element *add_kind(Element *parent, const char *name, ElementKind kind)
{
    Element *child = element_new(name);

    child->kind = kind;
    element_append(parent, child);
    return child;
}

Element *element_add(Element *parent, const char *name)
{
    return add_kind(parent, name, ELEMENT_PLAIN);
}

Element *element_add_repeated(Element *parent, const char *name)
{
    return add_kind(parent, name, ELEMENT_REPEATED);
}

/* Whether every byte is printable ASCII, tab or a line end: nearly always so, and cheap to see. */
static gboolean is_simple(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        guchar byte = text[i];

        if (byte >= 0x7f || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r'))
            return FALSE;
    }
    return TRUE;
}

/* XML 1.0, production 2 (Char). */
static gboolean is_xml_char(gunichar c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static char *clean(const char *text, gsize length)
{
    g_autofree char *valid = g_utf8_make_valid(text, length);
    GString *out = g_string_sized_new(length + 1);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(out, is_xml_char(c) ? c : 0xfffd);
    }
    return g_string_free(out, FALSE);
}

void element_set_text(Element *element, const char *text, gssize length)
{
    gsize size = length < 0 ? strlen(text) : (gsize)length;

    g_free(element->text);
    element->text = is_simple(text, size) ? g_strndup(text, size) : clean(text, size);
}

void element_add_text(Element *parent, const char *name, const char *text)
{
    if (text)
        element_set_text(element_add(parent, name), text, -1);
}

void element_add_int(Element *parent, const char *name, gint64 value)
{
    element_add(parent, name)->text = g_strdup_printf("%" G_GINT64_FORMAT, value);
}

void element_add_bool(Element *parent, const char *name, gboolean value)
{
    element_add_text(parent, name, value ? "true" : "false");
}

void element_add_time(Element *parent, const char *name, gint64 seconds)
{
    Element *child = add_kind(parent, name, ELEMENT_TIME);

    child->text = g_strdup_printf("%" G_GINT64_FORMAT, seconds * 1000);
}

void element_add_attribute(Element *parent, const char *name, const char *text)
{
    if (text)
        element_set_text(add_kind(parent, name, ELEMENT_ATTRIBUTE), text, -1);
}

const Element *element_child(const Element *element, const char *name)
{
    for (const Element *child = element->first; child; child = child->next)
        if (!strcmp(child->name, name))
            return child;
    return NULL;
}

const char *element_value(const Element *element, const char *name)
{
    const Element *child = element_child(element, name);

    if (!child)
        return NULL;
    return child->text ? child->text : "";
}

gboolean element_is_empty(const Element *element)
{
    const char *text = element->text ? element->text : "";

    return !element->first && !text[strspn(text, " \t\r\n")];
}
