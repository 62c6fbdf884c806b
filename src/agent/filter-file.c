/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/filter-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <libxml/c14n.h>
#include <string.h>

#include "agent/params.h"
#include "agent/xml.h"

G_DEFINE_QUARK(tapwall - filter - file - error, filter_file_error)

static const char *const filter_roots[] = {"filter", NULL};

static xmlDocPtr filter_parse(const char *what, const char *xml, GError **error)
{
    return xml_parse(what, xml, strlen(xml), filter_roots, error);
}

char *filter_xml_name(const char *what, const char *xml, GError **error)
{
    g_autoptr(xmlDoc) document = filter_parse(what, xml, error);
    g_autofree char *name = document ? xml_get(xmlDocGetRootElement(document), "name") : NULL;

    if (!document)
        return NULL;
    if (name && name_is_plain(name))
        return g_steal_pointer(&name);
    g_set_error(
        error, FILTER_FILE_ERROR, 0, "%s: %s%s%s", what, name ? "'" : "the filter has no name",
        name ? name : "",
        name ? "' is not the name of a filter: letters, digits, '_', '.' and '-' are allowed" : "");
    return NULL;
}

static void comments_remove(xmlNodePtr node)
{
    xmlNodePtr child = node->children;

    while (child) {
        xmlNodePtr next = child->next;
        if (child->type == XML_COMMENT_NODE) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
        } else {
            comments_remove(child);
        }
        child = next;
    }
}

/* The filter's canonical form (W3C Canonical XML) without UUID and comments, to compare by. Changes
 * document. */
static char *canonical_form(xmlDocPtr document)
{
    xmlNodePtr filter = xmlDocGetRootElement(document);
    g_autofree char *chain = xml_get(filter, "chain");
    xmlChar *text = NULL;
    char *copy;

    xml_remove(filter, "uuid");
    comments_remove(filter);
    if (!chain)
        xml_set(filter, "chain", "root"); /* libvirt prints the default */
    if (xmlC14NDocDumpMemory(document, NULL, XML_C14N_1_0, NULL, 0, &text) < 0 || !text)
        return g_strdup("");
    copy = g_strdup((const char *)text);
    xmlFree(text);
    return copy;
}

static gboolean same_content(xmlDocPtr wanted, xmlDocPtr existing)
{
    g_autofree char *first = canonical_form(wanted);
    g_autofree char *second = canonical_form(existing);

    return strcmp(first, second) == 0;
}

/* wanted with the UUID that existing has. */
static char *adopt_uuid(xmlDocPtr wanted, const char *uuid)
{
    xmlNodePtr filter = xmlDocGetRootElement(wanted);
    xmlNodePtr node;

    xml_remove(filter, "uuid");
    node = xml_child_text(filter, "uuid", uuid);
    if (filter->children != node)
        xmlAddPrevSibling(filter->children, node);
    return xml_format(filter);
}

gboolean filter_xml_plan(const char *wanted, const char *existing, char **xml, GError **error)
{
    g_autoptr(xmlDoc) first = filter_parse("the filter", wanted, error);
    g_autoptr(xmlDoc) old = NULL;
    g_autofree char *uuid = NULL;

    if (!first)
        return FALSE;
    if (!existing) {
        *xml = xml_format(xmlDocGetRootElement(first));
        return TRUE;
    }
    old = filter_parse("libvirt's definition of the filter", existing, error);
    if (!old)
        return FALSE;
    uuid = xml_text(xml_first(xmlDocGetRootElement(old), "uuid"));
    *xml = NULL;
    if (!same_content(first, old)) {
        g_autoptr(xmlDoc) again = filter_parse("the filter", wanted, error);
        *xml = again ? adopt_uuid(again, uuid ? uuid : "") : NULL;
        return again != NULL;
    }
    return TRUE;
}

static gboolean filter_define(Virt *virt, const char *name, const char *wanted,
                              FilterChange *change, GError **error)
{
    g_autoptr(GError) missing = NULL;
    g_autofree char *existing = virt_filter_xml(virt, name, &missing);
    g_autofree char *xml = NULL;

    if (!existing && !g_error_matches(missing, VIRT_ERROR, VIRT_ERROR_NO_FILTER)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    if (!filter_xml_plan(wanted, existing, &xml, error))
        return FALSE;
    if (xml && !virt_filter_define(virt, xml, error))
        return FALSE;
    *change = !existing ? FILTER_CREATED : xml ? FILTER_REPLACED : FILTER_UNCHANGED;
    return TRUE;
}

/* Only regular files of a sensible size: a device or a pipe would be read without end. */
static gboolean file_size_check(const char *path, GError **error)
{
    GStatBuf info;

    if (g_stat(path, &info) != 0) {
        g_set_error(error, FILTER_FILE_ERROR, 0, "cannot read %s: %s", path, g_strerror(errno));
        return FALSE;
    }
    if (S_ISREG(info.st_mode) && info.st_size <= XML_BYTES_MOST)
        return TRUE;
    g_set_error(error, FILTER_FILE_ERROR, 0, "%s: expected a regular file of up to %d bytes", path,
                XML_BYTES_MOST);
    return FALSE;
}

/* The file's text and its filter's name. */
static gboolean file_read(const char *path, char **text, char **name, GError **error)
{
    g_autofree char *read = NULL;
    gsize length;

    if (!file_size_check(path, error) || !g_file_get_contents(path, &read, &length, error))
        return FALSE;
    if (strlen(read) != length) {
        g_set_error(error, FILTER_FILE_ERROR, 0, "%s: not XML: it holds a NUL byte", path);
        return FALSE;
    }
    *name = filter_xml_name(path, read, error);
    if (!*name)
        return FALSE;
    *text = g_steal_pointer(&read);
    return TRUE;
}

gboolean filter_file_check(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *name = NULL;

    return file_read(path, &text, &name, error);
}

gboolean filter_file_define(Virt *virt, const char *path, char **name, FilterChange *change,
                            GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *found = NULL;

    if (!file_read(path, &text, &found, error))
        return FALSE;
    if (!filter_define(virt, found, text, change, error)) {
        g_prefix_error(error, "cannot define the filter %s of %s: ", found, path);
        return FALSE;
    }
    *name = g_steal_pointer(&found);
    return TRUE;
}

const char *filter_change_text(FilterChange change)
{
    static const char *const texts[] = {
        [FILTER_CREATED] = "defined",
        [FILTER_REPLACED] = "redefined",
        [FILTER_UNCHANGED] = "already defined",
    };

    return texts[change];
}
