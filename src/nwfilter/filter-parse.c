/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "nwfilter/bounds.h"
#include "nwfilter/filter-private.h"
#include "nwfilter/xml.h"

#define CHAIN_NAME_MAX 12
#define CHAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-"

/* Reading goes on after a problem, so that an author sees all of them at once. */
typedef struct {
    const XmlDocument *document;
    Filter *filter;
    GPtrArray *problems; /* of GError */
} Parser;

/* ---- problems ---- */

static void report(Parser *parser, guint line, GError *error)
{
    nwfilter_error_set_place(error, NULL, line);
    g_ptr_array_add(parser->problems, error);
}

static void report_at(Parser *parser, const xmlNode *element, GError *error)
{
    report(parser, xml_element_line(parser->document, element), error);
}

/* About one attribute. expected may be NULL when the message says it. */
static void report_attribute(Parser *parser, const xmlNode *element, const char *attribute,
                             const char *value, const char *expected, GError *error)
{
    nwfilter_error_set_value(error, attribute, value, expected);
    report(parser, xml_attribute_line(parser->document, element, attribute), error);
}

/* Every attribute must be one of the names (NULL-terminated). */
static void check_attributes(Parser *parser, const xmlNode *element, const char *const *names)
{
    for (const xmlAttr *attribute = element->properties; attribute; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        if (!attribute->ns && g_strv_contains(names, name))
            continue;
        g_autofree char *known = g_strjoinv(", ", (char **)names);
        g_autofree char *expected = g_strconcat("one of ", known, NULL);
        report_attribute(parser, element, name, NULL, expected,
                         nwfilter_error_new(NWFILTER_ERROR_WITHOUT_EFFECT, 1,
                                            "<%s> has no attribute '%s'", element->name, name));
    }
}

static void report_element(Parser *parser, const xmlNode *element, const char *expected)
{
    GError *error =
        nwfilter_error_new(NWFILTER_ERROR_WITHOUT_EFFECT, 1, "<%s> is not possible in <%s>",
                           element->name, element->parent->name);

    nwfilter_error_set_value(error, NULL, NULL, expected);
    report_at(parser, element, error);
}

static gboolean priority_parse(const char *text, int *priority)
{
    gint64 number;

    if (!g_ascii_string_to_signed(text + strspn(text, " \t\n+"), 10, PRIORITY_MIN, PRIORITY_MAX,
                                  &number, NULL))
        return FALSE;
    *priority = (int)number;
    return TRUE;
}

/* ---- <filterref> ---- */

static void parse_parameter(Parser *parser, const xmlNode *element, Include *include)
{
    static const char *const names[] = {"name", "value", NULL};
    g_autofree char *name = xml_attribute_get(element, "name");
    g_autofree char *value = xml_attribute_get(element, "value");
    GError *error = NULL;

    check_attributes(parser, element, names);
    if (!name || !value) {
        report_at(parser, element,
                  nwfilter_error_new(NWFILTER_ERROR_INVALID, 1,
                                     "parameter requires name and value attributes"));
    } else if (!variables_add(include->parameters, name, value, &error)) {
        report_at(parser, element, error);
    }
}

static void parse_include(Parser *parser, const xmlNode *element)
{
    static const char *const names[] = {"filter", NULL};
    g_autoptr(Include) include = include_new();
    const char *expected;

    include->line = xml_element_line(parser->document, element);
    include->filter = xml_attribute_get(element, "filter");
    check_attributes(parser, element, names);
    for (const xmlNode *child = element->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (g_str_equal(child->name, "parameter"))
            parse_parameter(parser, child, include);
        else
            report_element(parser, child, "parameter");
    }
    if (!include->filter)
        report_at(
            parser, element,
            nwfilter_error_new(NWFILTER_ERROR_INVALID, 1, "filterref requires filter attribute"));
    else if (!filter_name_check(include->filter, &expected))
        report_attribute(parser, element, "filter", include->filter, expected,
                         nwfilter_error_new(NWFILTER_ERROR_INVALID, 8, "illegal filter name '%s'",
                                            include->filter));
    else
        filter_add(parser->filter, NULL, g_steal_pointer(&include));
}

/* ---- the protocol elements of a rule ---- */

static gboolean item_parse(const FieldRow *row, const char *text, RuleItem *item,
                           const char **expected)
{
    /* A comment is a text, with or without a dollar. */
    item->row = row;
    item->is_variable = *text == '$' && row->type != TYPE_TEXT;
    if (!item->is_variable)
        return value_parse(row, text, &item->value, expected);
    *expected = "$NAME, $NAME[@n] with n up to 1000, or $NAME[index]";
    return variable_access_parse(text + 1, &item->access, NULL);
}

/* Keeps the items in the table's order. FALSE when the row is there already; item is then the
 * caller's. */
static gboolean item_insert(Rule *rule, const RuleItem *item)
{
    guint at = 0;

    for (; at < rule->items->len; at++) {
        const FieldRow *row = g_array_index(rule->items, RuleItem, at).row;

        if (row == item->row)
            return FALSE;
        if (row > item->row)
            break;
    }
    g_array_insert_val(rule->items, at, *item);
    return TRUE;
}

static const char *attributes_of(Protocol protocol)
{
    g_autoptr(GString) list = g_string_new("one of match");
    guint n_rows;
    const FieldRow *rows = field_rows(&n_rows);

    for (guint i = 0; i < n_rows; i++) {
        if (rows[i].protocols & 1u << protocol)
            g_string_append_printf(list, ", %s", rows[i].attribute);
    }
    return g_intern_string(list->str);
}

static void parse_item(Parser *parser, const xmlNode *element, const char *name, gboolean negated,
                       guint number, Rule *rule)
{
    const FieldRow *row = field_row_lookup(rule->protocol, name);
    g_autofree char *text = xml_attribute_get(element, name);
    RuleItem item = {.negated = negated, .element = number};
    const char *expected = NULL;

    if (!row || !text) {
        report_attribute(parser, element, name, text, attributes_of(rule->protocol),
                         nwfilter_error_new(NWFILTER_ERROR_WITHOUT_EFFECT, 1,
                                            "<%s> has no attribute '%s'", element->name, name));
        return;
    }
    item.line = xml_attribute_line(parser->document, element, name);
    if (!item_parse(row, text, &item, &expected)) {
        report_attribute(
            parser, element, name, text, expected,
            nwfilter_error_new(NWFILTER_ERROR_VALUE, 1, "%s has illegal value %s", name, text));
    } else if (!item_insert(rule, &item)) {
        value_clear(&item.value);
        g_free(item.access.name);
        report_attribute(parser, element, name, text, NULL,
                         nwfilter_error_new(NWFILTER_ERROR_WITHOUT_EFFECT, 1,
                                            "%s is given twice in one rule: only one of the two "
                                            "would have an effect",
                                            name));
    }
}

/* Libvirt takes everything but "no" for yes. */
static gboolean parse_match(Parser *parser, const xmlNode *element)
{
    g_autofree char *match = xml_attribute_get(element, "match");
    gboolean negated = match && g_str_equal(match, "no");

    if (match && !negated && !g_str_equal(match, "yes"))
        report_attribute(
            parser, element, "match", match, "yes or no",
            nwfilter_error_new(NWFILTER_ERROR_VALUE, 1, "match has illegal value %s", match));
    if (negated && !element->properties->next)
        report_attribute(parser, element, "match", match, NULL,
                         nwfilter_error_new(NWFILTER_ERROR_WITHOUT_EFFECT, 1,
                                            "match='no' has no effect without another attribute"));
    return negated;
}

static void parse_protocol(Parser *parser, const xmlNode *element, guint number, Rule *rule)
{
    Protocol protocol = protocol_lookup((const char *)element->name);
    gboolean negated;

    if (protocol == N_PROTOCOLS) {
        report_element(parser, element, "a protocol such as mac, arp, ip, ipv6, tcp or all-ipv6");
        return;
    }
    if (rule->protocol != PROTOCOL_NONE && rule->protocol != protocol) {
        report_at(parser, element,
                  nwfilter_error_new(NWFILTER_ERROR_WITHOUT_EFFECT, 1,
                                     "<%s> has no effect after <%s>: expected elements of one "
                                     "protocol in a rule",
                                     element->name, protocol_info(rule->protocol)->element));
        return;
    }
    rule->protocol = protocol;
    negated = parse_match(parser, element);
    for (const xmlAttr *attribute = element->properties; attribute; attribute = attribute->next) {
        if (attribute->ns || !g_str_equal(attribute->name, "match"))
            parse_item(parser, element, (const char *)attribute->name, negated, number, rule);
    }
}

/* ---- <rule> ---- */

static void parse_action(Parser *parser, const xmlNode *element, Rule *rule)
{
    g_autofree char *action = xml_attribute_get(element, "action");

    if (!action)
        report_at(
            parser, element,
            nwfilter_error_new(NWFILTER_ERROR_INVALID, 1, "rule node requires action attribute"));
    else if (!rule_action_parse(action, &rule->action))
        report_attribute(parser, element, "action", action,
                         "drop, accept, reject, return or continue",
                         nwfilter_error_new(NWFILTER_ERROR_UNSUPPORTED, 67,
                                            "unknown rule action attribute value '%s'", action));
}

static void parse_direction(Parser *parser, const xmlNode *element, Rule *rule)
{
    g_autofree char *direction = xml_attribute_get(element, "direction");

    if (!direction)
        report_at(parser, element,
                  nwfilter_error_new(NWFILTER_ERROR_INVALID, 1,
                                     "rule node requires direction attribute"));
    else if (!rule_direction_parse(direction, &rule->direction))
        report_attribute(parser, element, "direction", direction, "in, out or inout",
                         nwfilter_error_new(NWFILTER_ERROR_UNSUPPORTED, 67,
                                            "unknown rule direction attribute value '%s'",
                                            direction));
}

static void parse_rule_priority(Parser *parser, const xmlNode *element, Rule *rule)
{
    g_autofree char *priority = xml_attribute_get(element, "priority");

    if (priority && !priority_parse(priority, &rule->priority))
        report_attribute(
            parser, element, "priority", priority, "a number from -1000 to 1000",
            nwfilter_error_new(NWFILTER_ERROR_VALUE, 8, "priority has illegal value %s", priority));
}

static void parse_statematch(Parser *parser, const xmlNode *element, Rule *rule)
{
    g_autofree char *text = xml_attribute_get(element, "statematch");

    if (!text)
        return;
    rule->statematch = !g_str_equal(text, "0") && g_ascii_strcasecmp(text, "false") != 0;
    if (rule->statematch && !g_str_equal(text, "1") && g_ascii_strcasecmp(text, "true") != 0)
        report_attribute(
            parser, element, "statematch", text, "true, false, 1 or 0",
            nwfilter_error_new(NWFILTER_ERROR_VALUE, 1, "statematch has illegal value %s", text));
}

static void parse_rule(Parser *parser, const xmlNode *element)
{
    static const char *const names[] = {"action", "direction", "priority", "statematch", NULL};
    g_autoptr(Rule) rule = rule_new();
    guint before = parser->problems->len, n_elements = 0;

    rule->line = xml_element_line(parser->document, element);
    check_attributes(parser, element, names);
    parse_action(parser, element, rule);
    parse_direction(parser, element, rule);
    parse_rule_priority(parser, element, rule);
    parse_statematch(parser, element, rule);
    for (const xmlNode *child = element->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            parse_protocol(parser, child, n_elements++, rule);
    }
    if (parser->problems->len == before)
        rule_check(rule, parser->problems);
    filter_add(parser->filter, g_steal_pointer(&rule), NULL);
}

/* ---- <filter> ---- */

static void parse_name(Parser *parser, const xmlNode *root)
{
    g_autofree char *name = xml_attribute_get(root, "name");
    const char *expected;

    if (!name || *name == '\0')
        report_at(parser, root,
                  nwfilter_error_new(NWFILTER_ERROR_INVALID, 1, "filter has no name"));
    else if (!filter_name_check(name, &expected))
        report_attribute(
            parser, root, "name", name, expected,
            nwfilter_error_new(NWFILTER_ERROR_INVALID, 8, "illegal filter name '%s'", name));
    else
        parser->filter->name = g_steal_pointer(&name);
}

/* The message, or NULL for a good name. "root" must stand alone. */
static char *chain_check(const char *chain, ChainKind *kind, int *priority)
{
    if (strlen(chain) > CHAIN_NAME_MAX)
        return g_strdup_printf("Name of chain is longer than %d characters", CHAIN_NAME_MAX);
    if (chain[strspn(chain, CHAIN_CHARACTERS)] != '\0')
        return g_strdup("Chain name contains invalid characters");
    if (chain_kind_parse(chain, kind)) {
        *priority = chain_kind_priority(*kind);
        return NULL;
    }
    return g_strdup_printf("Invalid chain name '%s'. Please use a chain name called 'root' or any "
                           "of the following prefixes: mac, vlan, stp, arp, rarp, ipv4, ipv6",
                           chain);
}

static void parse_chain(Parser *parser, const xmlNode *root)
{
    g_autofree char *chain = xml_attribute_get(root, "chain");
    g_autofree char *text = NULL;

    /* libvirt reads an empty attribute as an absent one. */
    if (chain && *chain != '\0')
        text = chain_check(chain, &parser->filter->kind, &parser->filter->priority);
    if (text)
        report_attribute(parser, root, "chain", chain, NULL,
                         nwfilter_error_new(NWFILTER_ERROR_INVALID, 8, "%s", text));
    parser->filter->chain = g_strdup(chain && *chain != '\0' ? chain : "root");
}

static void parse_chain_priority(Parser *parser, const xmlNode *root)
{
    g_autofree char *priority = xml_attribute_get(root, "priority");
    g_autofree char *chain = xml_attribute_get(root, "chain");
    gint64 number;
    GError *error;

    if (!priority || *priority == '\0')
        return;
    if (!g_ascii_string_to_signed(priority, 10, G_MININT, G_MAXINT, &number, NULL))
        error = nwfilter_error_new(NWFILTER_ERROR_INVALID, 8, "Could not parse chain priority '%s'",
                                   priority);
    else if (number < PRIORITY_MIN || number > PRIORITY_MAX)
        error = nwfilter_error_new(NWFILTER_ERROR_INVALID, 8,
                                   "Priority '%d' is outside valid range of [%d,%d]", (int)number,
                                   PRIORITY_MIN, PRIORITY_MAX);
    else {
        /* Without a chain it is the root's, which has no place to be moved to. */
        if (chain && *chain != '\0')
            parser->filter->priority = (int)number;
        return;
    }
    report_attribute(parser, root, "priority", priority, NULL, error);
}

static void parse_uuid(Parser *parser, const xmlNode *element)
{
    xmlChar *text = xmlNodeGetContent(element);

    if (text && *text != '\0' && !parser->filter->uuid) {
        parser->filter->uuid = filter_uuid_parse((const char *)text);
        if (!parser->filter->uuid)
            report_at(parser, element,
                      nwfilter_error_new(NWFILTER_ERROR_XML, 27, "malformed uuid element"));
    }
    xmlFree(text);
}

static void parse_entries(Parser *parser, const xmlNode *root)
{
    for (const xmlNode *child = root->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (g_str_equal(child->name, "rule"))
            parse_rule(parser, child);
        else if (g_str_equal(child->name, "filterref"))
            parse_include(parser, child);
        else if (g_str_equal(child->name, "uuid"))
            parse_uuid(parser, child);
        else
            report_element(parser, child, "uuid, rule or filterref");
        if (parser->filter->entries->len > FILTER_ENTRIES_MAX) {
            report_at(parser, child,
                      nwfilter_error_new(NWFILTER_ERROR_LIMIT, 1,
                                         "filter has too many rules: expected at most %d rules and "
                                         "filterrefs",
                                         FILTER_ENTRIES_MAX));
            return;
        }
    }
}

static void parse_filter(Parser *parser, const xmlNode *root)
{
    static const char *const names[] = {"name", "chain", "priority", NULL};

    if (!g_str_equal(root->name, "filter")) {
        report_at(parser, root,
                  nwfilter_error_new(NWFILTER_ERROR_XML, 27,
                                     "expecting root element of 'filter', not '%s'", root->name));
        return;
    }
    check_attributes(parser, root, names);
    parse_name(parser, root);
    parse_chain(parser, root);
    parse_chain_priority(parser, root);
    parse_entries(parser, root);
}

/* ---- the public side ---- */

static int compare_lines(const void *a, const void *b)
{
    const NwfilterErrorPlace *first = nwfilter_error_place(*(GError *const *)a);
    const NwfilterErrorPlace *second = nwfilter_error_place(*(GError *const *)b);

    return first->line < second->line ? -1 : first->line > second->line;
}

/* Reads into filter; what is wrong goes to problems. */
static void parse_text(const char *text, gsize length, Filter *filter, GPtrArray *problems)
{
    g_autoptr(XmlDocument) document = NULL;
    GError *error = NULL;

    if (length > FILTER_TEXT_MAX) {
        error = nwfilter_error_new(NWFILTER_ERROR_LIMIT, 1,
                                   "filter of %zu bytes is too large: expected at most %d", length,
                                   FILTER_TEXT_MAX);
        g_ptr_array_add(problems, error);
        return;
    }
    document = xml_document_parse(text, length, &error);
    if (!document) {
        g_ptr_array_add(problems, error);
        return;
    }
    Parser parser = {document, filter, problems};
    parse_filter(&parser, xml_document_root(document));
}

Filter *filter_parse(const char *text, gsize length, const char *file, GPtrArray **problems,
                     GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(Filter) filter = filter_new();
    gboolean is_good;

    parse_text(text, length, filter, found);
    g_ptr_array_sort(found, compare_lines);
    for (guint i = 0; i < found->len; i++)
        nwfilter_error_set_place(found->pdata[i], file, 0);
    is_good = found->len == 0;
    if (!is_good)
        g_propagate_error(error, g_error_copy(found->pdata[0]));
    if (problems)
        *problems = g_steal_pointer(&found);
    return is_good ? g_steal_pointer(&filter) : NULL;
}

/* At most one byte more than a filter may have, from anything that can be read. */
static GString *read_bounded(const char *file, GError **error)
{
    g_autoptr(GString) text = g_string_sized_new(4096);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && text->len <= FILTER_TEXT_MAX) {
        char buffer[4096];

        got = read(fd, buffer, sizeof(buffer));
        if (got > 0)
            g_string_append_len(text, buffer, got);
    }
    if (got < 0)
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "cannot read %s: %s",
                    file, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return got < 0 ? NULL : g_steal_pointer(&text);
}

Filter *filter_read(const char *file, GPtrArray **problems, GError **error)
{
    GString *text = read_bounded(file, error);
    Filter *filter;

    if (!text) {
        if (problems)
            *problems = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
        return NULL;
    }
    filter = filter_parse(text->str, text->len, file, problems, error);
    g_string_free(text, TRUE);
    return filter;
}
