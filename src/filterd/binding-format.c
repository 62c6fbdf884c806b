/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "base/mac.h"
#include "filterd/binding.h"

/* Lines of XML, indented. */
typedef struct {
    GString *text;
    guint indent;
} Lines;

/* A line from a format whose texts are escaped. */
static void line(const Lines *lines, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void line(const Lines *lines, const char *format, ...)
{
    va_list arguments;
    char *markup;

    va_start(arguments, format);
    markup = g_markup_vprintf_escaped(format, arguments);
    va_end(arguments);
    g_string_append_printf(lines->text, "%*s%s\n", (int)lines->indent, "", markup);
    g_free(markup);
}

static void append_parameters(const Lines *lines, const Variables *parameters)
{
    g_autofree const char **names = variables_names(parameters);

    for (const char **name = names; *name; name++)
        for (const char *const *value = variables_lookup(parameters, *name); *value; value++)
            line(lines, "    <parameter name='%s' value='%s'/>", *name, *value);
}

static void append_filter(const Lines *lines, const char *filter, const Variables *parameters)
{
    g_autofree const char **names = variables_names(parameters);

    if (!names[0]) {
        line(lines, "  <filterref filter='%s'/>", filter);
        return;
    }
    line(lines, "  <filterref filter='%s'>", filter);
    append_parameters(lines, parameters);
    line(lines, "  </filterref>");
}

static void append_binding(const Lines *lines, const Binding *binding, const Variables *parameters)
{
    char mac[MAC_TEXT_SIZE];

    line(lines, "<filterbinding>");
    line(lines, "  <owner>");
    line(lines, "    <name>%s</name>", binding->owner_name);
    line(lines, "    <uuid>%s</uuid>", binding->owner_uuid);
    line(lines, "  </owner>");
    line(lines, "  <portdev name='%s'/>", binding->port);
    if (binding->link)
        line(lines, "  <linkdev name='%s'/>", binding->link);
    if (binding->backend)
        line(lines, "  <backend name='%s'/>", binding->backend);
    line(lines, "  <mac address='%s'/>", mac_format(binding->mac, mac));
    append_filter(lines, binding->filter, parameters);
    line(lines, "</filterbinding>");
}

char *binding_format(const Binding *binding, const Variables *parameters)
{
    const Lines lines = {g_string_new(NULL), 0};

    append_binding(&lines, binding, parameters ? parameters : binding->parameters);
    return g_string_free(lines.text, FALSE);
}

char *binding_format_status(const Binding *binding)
{
    const Lines lines = {g_string_new("<!-- The filter daemon's: what is bound to this port. Use "
                                      "virsh nwfilter-binding-create\n     and -delete, or the "
                                      "libvirt API. -->\n\n<filterbindingstatus>\n"),
                         2};

    append_binding(&lines, binding, binding->parameters);
    g_string_append(lines.text, "</filterbindingstatus>\n");
    return g_string_free(lines.text, FALSE);
}
