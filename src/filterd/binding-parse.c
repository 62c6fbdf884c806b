/* SPDX-License-Identifier: Apache-2.0 */
#include <libxml/parser.h>
#include <string.h>

#include "filterd/binding-private.h"
#include "filterd/error.h"
#include "filterd/port-name.h"
#include "nwfilter/filter.h"

static gboolean fail(GError **error, FilterdError code, const char *text)
{
    g_set_error_literal(error, FILTERD_ERROR, (gint)code, text);
    return FALSE;
}

/* ---- the tree ---- */

typedef xmlDoc Document;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, xmlFreeDoc)

#define XML_BYTES_MAX (1 << 20)

/* The line that the parser stands in and an arrow to the place, as libvirt shows it. */
static char *place_of(const xmlParserInput *input)
{
    const char *begin = (const char *)input->base, *at = (const char *)input->cur;
    const char *line;
    g_autofree char *arrow = NULL;

    while (at > begin && (*at == '\n' || *at == '\r'))
        at--;
    line = at;
    while (line > begin && line[-1] != '\n' && line[-1] != '\r')
        line--;
    arrow = g_strnfill((gsize)(at - line), '-');
    return g_strdup_printf("%.*s\n%s^", (int)strcspn(line, "\r\n"), line, arrow);
}

/* Keeps the first fault: the later ones mostly follow from it. */
static void take_fault(void *data, xmlErrorPtr fault)
{
    const xmlParserCtxt *context = fault->ctxt;
    g_autofree char *words = NULL, *place = NULL, *text = NULL, *valid = NULL;
    GError **error = data;

    if (*error || fault->level < XML_ERR_ERROR)
        return;
    words = g_strchomp(g_strdup(fault->message ? fault->message : "not XML"));
    place = context && context->input && context->input->base ? place_of(context->input)
                                                              : g_strdup("^");
    text = g_strdup_printf("(nwfilterbinding_definition):%d: %s\n%s", fault->line, words, place);
    valid = g_utf8_make_valid(text, -1);
    g_set_error_literal(error, FILTERD_ERROR, FILTERD_ERROR_XML_DETAIL, valid);
}

static Document *parse(const char *xml, gsize length, GError **error)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    g_autoptr(Document) document = NULL;
    GError *fault = NULL;

    xmlSetStructuredErrorFunc(&fault, take_fault);
    document = xmlCtxtReadMemory(context, xml, (int)length, NULL, NULL, XML_PARSE_NONET);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlFreeParserCtxt(context);
    if (!fault && !document)
        (void)fail(&fault, FILTERD_ERROR_XML_DETAIL, "not XML");
    if (!fault)
        return g_steal_pointer(&document);
    g_propagate_error(error, fault);
    return NULL;
}

/* Nothing from outside is loaded, and a DOCTYPE is refused, so there are no entities. */
static Document *document_read(const char *xml, gsize length, GError **error)
{
    g_autoptr(Document) document = NULL;

    if (length > XML_BYTES_MAX) {
        (void)fail(error, FILTERD_ERROR_XML, "the text is longer than 1 MiB");
        return NULL;
    }
    document = parse(xml, length, error);
    if (document && document->intSubset) {
        (void)fail(error, FILTERD_ERROR_XML, "a DOCTYPE is not allowed in a binding");
        return NULL;
    }
    return g_steal_pointer(&document);
}

static gboolean is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
    xmlNode *node = parent ? parent->children : NULL;

    while (node && !is_element(node, name))
        node = node->next;
    return node;
}

/* NULL for an empty text, as libvirt's XPath gives it. */
static char *or_null(char *text)
{
    if (text && *text == '\0')
        g_clear_pointer(&text, g_free);
    return text;
}

static char *attribute_get(const xmlNode *node, const char *attribute)
{
    xmlChar *content = xmlGetNoNsProp((xmlNode *)node, (const xmlChar *)attribute);
    char *text = g_strdup((const char *)content);

    xmlFree(content);
    return text;
}

static char *attribute_of(const xmlNode *parent, const char *name, const char *attribute)
{
    const xmlNode *node = child(parent, name);

    return node ? or_null(attribute_get(node, attribute)) : NULL;
}

static char *text_of(const xmlNode *parent, const char *name)
{
    const xmlNode *node = child(parent, name);
    xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
    char *text = g_strdup((const char *)content);

    xmlFree(content);
    return or_null(text);
}

/* ---- the parts, in the order in which libvirt looks at them ---- */

static gboolean read_devices(Binding *binding, const xmlNode *root, GError **error)
{
    binding->port = attribute_of(root, "portdev", "name");
    if (!binding->port)
        return fail(error, FILTERD_ERROR_INTERNAL, "filter binding has no port dev name");
    if (!port_name_check(binding->port, error))
        return FALSE;
    binding->link = attribute_of(root, "linkdev", "name");
    if (child(root, "linkdev") && !binding->link)
        return fail(error, FILTERD_ERROR_INTERNAL, "filter binding has no link dev name");
    binding->backend = attribute_of(root, "backend", "name");
    return TRUE;
}

static gboolean read_owner(Binding *binding, const xmlNode *root, GError **error)
{
    const xmlNode *owner = child(root, "owner");
    g_autofree char *uuid = NULL;

    binding->owner_name = text_of(owner, "name");
    if (!binding->owner_name)
        return fail(error, FILTERD_ERROR_INTERNAL, "filter binding has no owner name");
    uuid = text_of(owner, "uuid");
    if (!uuid)
        return fail(error, FILTERD_ERROR_INTERNAL, "filter binding has no owner UUID");
    binding->owner_uuid = filter_uuid_parse(uuid);
    if (binding->owner_uuid)
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_INTERNAL, "Unable to parse UUID '%s'", uuid);
    return FALSE;
}

/* Unlike mac_parse(), libvirt takes groups of one digit, and only colons. */
static gboolean mac_read(const char *text, guint64 *mac)
{
    g_auto(GStrv) groups = g_strsplit(text, ":", 7);
    guint64 number = 0, group;

    if (g_strv_length(groups) != 6)
        return FALSE;
    for (guint i = 0; i < 6; i++) {
        if (!g_ascii_isxdigit(groups[i][0]) ||
            !g_ascii_string_to_unsigned(groups[i], 16, 0, 0xff, &group, NULL))
            return FALSE;
        number = number << 8 | group;
    }
    *mac = number;
    return TRUE;
}

static gboolean read_mac(Binding *binding, const xmlNode *root, GError **error)
{
    g_autofree char *mac = attribute_of(root, "mac", "address");

    if (!mac)
        return fail(error, FILTERD_ERROR_INTERNAL, "filter binding has no MAC address");
    if (mac_read(mac, &binding->mac))
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_INTERNAL, "Unable to parse MAC '%s'", mac);
    return FALSE;
}

static gboolean read_parameter(Binding *binding, const xmlNode *node, GError **error)
{
    g_autofree char *name = attribute_get(node, "name");
    g_autofree char *value = attribute_get(node, "value");

    if (!name || !value)
        return fail(error, FILTERD_ERROR_INTERNAL, "parameter requires name and value attributes");
    return variables_add(binding->parameters, name, value, error);
}

static gboolean read_filter(Binding *binding, const xmlNode *root, GError **error)
{
    const xmlNode *reference = child(root, "filterref");

    binding->filter = attribute_of(root, "filterref", "filter");
    if (!binding->filter)
        return fail(error, FILTERD_ERROR_INTERNAL, "filter binding has no filter reference");
    for (const xmlNode *node = reference->children; node; node = node->next)
        if (is_element(node, "parameter") && !read_parameter(binding, node, error))
            return FALSE;
    return TRUE;
}

static Binding *read_binding(const xmlNode *root, GError **error)
{
    g_autoptr(Binding) binding = binding_new();

    if (read_devices(binding, root, error) && read_owner(binding, root, error) &&
        read_mac(binding, root, error) && read_filter(binding, root, error))
        return g_steal_pointer(&binding);
    return NULL;
}

static Document *document_of(const char *xml, gsize length, const char *root, GError **error)
{
    g_autoptr(Document) document = document_read(xml, length, error);
    const xmlNode *found = document ? xmlDocGetRootElement(document) : NULL;

    if (!found || is_element(found, root))
        return g_steal_pointer(&document);
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_XML, "expecting root element of '%s', not '%s'",
                root, (const char *)found->name);
    return NULL;
}

Binding *binding_parse(const char *xml, gsize length, GError **error)
{
    g_autoptr(Document) document = document_of(xml, length, "filterbinding", error);

    return document ? read_binding(xmlDocGetRootElement(document), error) : NULL;
}

Binding *binding_parse_status(const char *xml, gsize length, GError **error)
{
    g_autoptr(Document) document = document_of(xml, length, "filterbindingstatus", error);
    const xmlNode *inner = document ? child(xmlDocGetRootElement(document), "filterbinding") : NULL;

    if (document && !inner)
        (void)fail(error, FILTERD_ERROR_INTERNAL, "filter binding status missing content");
    return inner ? read_binding(inner, error) : NULL;
}
