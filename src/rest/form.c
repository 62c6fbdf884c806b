/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/form.h"

#include <string.h>

#include "rest/fault.h"

static void *member_of(const Field *field, const void *entity)
{
    return (char *)entity + field->offset;
}

/* ---- writing ---- */

void form_add_reference(Element *parent, const char *name, const char *collection, const char *id)
{
    Element *reference = element_add(parent, name);
    g_autofree char *href = g_strdup_printf(API_BASE "/%s/%s", collection, id);

    element_add_attribute(reference, "href", href);
    element_add_attribute(reference, "id", id);
}

static void write_reference(const Field *field, Element *parent, const char *name,
                            const void *entity)
{
    const char *id = *(char **)member_of(field, entity);
    g_autofree char *collection = g_strconcat(field->kind, "s", NULL);

    if (id)
        form_add_reference(parent, name, collection, id);
}

static void write_time(Element *parent, const char *name, gint64 seconds)
{
    if (seconds)
        element_add_time(parent, name, seconds);
}

static void write_value(const Field *field, Element *parent, const char *name, const void *entity)
{
    const void *member = member_of(field, entity);

    switch (field->type) {
    case FIELD_TEXT:
        element_add_text(parent, name, *(char *const *)member);
        break;
    case FIELD_UINT:
        element_add_int(parent, name, *(const guint *)member);
        break;
    case FIELD_UINT16:
        element_add_int(parent, name, *(const guint16 *)member);
        break;
    case FIELD_UINT64:
        element_add_int(parent, name, (gint64) * (const guint64 *)member);
        break;
    case FIELD_BOOL:
        element_add_bool(parent, name, *(const gboolean *)member);
        break;
    case FIELD_TIME:
        write_time(parent, name, *(const gint64 *)member);
        break;
    case FIELD_NAME:
        element_add_text(parent, name, field->names[*(const guint *)member]);
        break;
    case FIELD_REFERENCE:
        write_reference(field, parent, name, entity);
        break;
    case FIELD_CONSTANT:
        element_add_text(parent, name, field->text);
        break;
    case FIELD_CUSTOM:
        if (field->write)
            field->write(parent, entity);
        break;
    case FIELD_IGNORED:
        break;
    }
}

/* Whether write_value() would add nothing: then no parent is made for it either. */
static gboolean is_unset(const Field *field, const void *entity)
{
    return (field->type == FIELD_TEXT || field->type == FIELD_REFERENCE) &&
           !*(char **)member_of(field, entity);
}

/* The element that `path` leads to below root, made where it is missing; *name is its last part. */
static Element *parent_of_path(Element *root, const char *path, const char **name)
{
    const char *slash;
    Element *at = root;

    for (; (slash = strchr(path, '/')); path = slash + 1) {
        g_autofree char *part = g_strndup(path, slash - path);
        const Element *found = element_child(at, part);

        at = found ? (Element *)found : element_add(at, part);
    }
    *name = path;
    return at;
}

static void write_field(const Field *field, Element *root, const void *entity)
{
    const char *name;
    Element *parent;

    if (field->type == FIELD_IGNORED || is_unset(field, entity))
        return;
    if (field->type == FIELD_CUSTOM) {
        write_value(field, root, field->path, entity);
        return;
    }
    parent = parent_of_path(root, field->path, &name);
    write_value(field, parent, name, entity);
}

static void write_links(Element *into, const char *href, const char *const *names)
{
    for (guint i = 0; names && names[i]; i++) {
        Element *link = element_add_repeated(into, "link");
        g_autofree char *target = g_strdup_printf("%s/%s", href, names[i]);

        element_add_attribute(link, "href", target);
        element_add_attribute(link, "rel", names[i]);
    }
}

Element *form_write(const Form *form, const char *parent, const char *id, const void *entity)
{
    Element *root = element_new(form->element);
    g_autofree char *href = g_strdup_printf(API_BASE "/%s/%s", parent, id);

    element_add_attribute(root, "href", href);
    element_add_attribute(root, "id", id);
    if (form->actions)
        write_links(element_add(root, "actions"), href, form->actions);
    write_links(root, href, form->links);
    for (const Field *field = form->fields; field->path; field++)
        write_field(field, root, entity);
    return root;
}

/* ---- reading ---- */

static gboolean bad(GError **error, const char *path, const char *value, const char *expected)
{
    g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT, "%s is '%s': %s is expected", path,
                value, expected);
    return FALSE;
}

char *form_parse_id(const char *text, GError **error)
{
    if (!g_uuid_string_is_valid(text)) {
        g_set_error(error, REST_ERROR, REST_ERROR_PARAMETER,
                    "'%s' is not an id: a UUID is expected", text);
        return NULL;
    }
    return g_ascii_strdown(text, -1);
}

static const char *trimmed(const Element *element, char **copy)
{
    *copy = g_strstrip(g_strdup(element->text ? element->text : ""));
    return *copy;
}

static gboolean read_number(const Field *field, const Element *element, guint64 max,
                            guint64 *number, GError **error)
{
    g_autofree char *copy = NULL;
    const char *text = trimmed(element, &copy);

    if (g_ascii_string_to_unsigned(text, 10, 0, max, number, NULL))
        return TRUE;
    g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT,
                "%s is '%s': a number from 0 to %" G_GUINT64_FORMAT " is expected", field->path,
                text, max);
    return FALSE;
}

static gboolean read_bool(const Field *field, const Element *element, gboolean *value,
                          GError **error)
{
    g_autofree char *copy = NULL;
    const char *text = trimmed(element, &copy);
    gboolean yes = !strcmp(text, "true");

    if (!yes && strcmp(text, "false"))
        return bad(error, field->path, text, "true or false");
    *value = yes;
    return TRUE;
}

static gboolean read_reference(const Field *field, const Element *element, char **id,
                               Engine *engine, GError **error)
{
    const char *wanted_id = element_value(element, "id");
    const char *name = element_value(element, "name");
    g_autofree char *found = NULL;

    if (!wanted_id && !name) {
        if (!field->optional || !element_is_empty(element))
            return bad(error, field->path, element->text ? element->text : "", "an id or a name");
        g_clear_pointer(id, g_free);
        return TRUE;
    }
    found = wanted_id ? form_parse_id(wanted_id, error)
                      : engine_resolve(engine, field->kind, name, error);
    if (!found)
        return FALSE;
    g_free(*id);
    *id = g_steal_pointer(&found);
    return TRUE;
}

static gboolean read_text(const Field *field, const Element *element, char **text, GError **error)
{
    if (element->first)
        return bad(error, field->path, "a tree of elements", "text");
    g_free(*text);
    *text = element_is_empty(element) ? NULL : g_strdup(element->text);
    return TRUE;
}

static gboolean read_constant(const Field *field, const Element *element, GError **error)
{
    g_autofree char *copy = NULL;
    const char *text = trimmed(element, &copy);

    if (!strcmp(text, field->text) || element_is_empty(element))
        return TRUE;
    return bad(error, field->path, text, field->text);
}

static gboolean read_any_number(const Field *field, const Element *element, void *member,
                                GError **error)
{
    static const guint64 limits[] = {
        [FIELD_UINT] = G_MAXUINT32, [FIELD_UINT16] = G_MAXUINT16, [FIELD_UINT64] = G_MAXINT64};
    guint64 number;

    if (!read_number(field, element, limits[field->type], &number, error))
        return FALSE;
    if (field->type == FIELD_UINT)
        *(guint *)member = (guint)number;
    else if (field->type == FIELD_UINT16)
        *(guint16 *)member = (guint16)number;
    else
        *(guint64 *)member = number;
    return TRUE;
}

static gboolean read_field(const Field *field, const Element *element, void *entity, Engine *engine,
                           GError **error)
{
    void *member = member_of(field, entity);

    if (field->read_only)
        return TRUE;
    switch (field->type) {
    case FIELD_TEXT:
        return read_text(field, element, member, error);
    case FIELD_UINT:
    case FIELD_UINT16:
    case FIELD_UINT64:
        return read_any_number(field, element, member, error);
    case FIELD_BOOL:
        return read_bool(field, element, member, error);
    case FIELD_REFERENCE:
        return read_reference(field, element, member, engine, error);
    case FIELD_CONSTANT:
        return read_constant(field, element, error);
    case FIELD_CUSTOM:
        return !field->read || field->read(element, entity, error);
    case FIELD_TIME:
    case FIELD_NAME:
    case FIELD_IGNORED:
        break;
    }
    return TRUE;
}

/* The row of that path; or *inside when rows begin with it. */
static const Field *find_field(const Form *form, const char *path, gboolean *inside)
{
    size_t length = strlen(path);

    *inside = FALSE;
    for (const Field *field = form->fields; field->path; field++) {
        if (!strcmp(field->path, path))
            return field;
        *inside |= !strncmp(field->path, path, length) && field->path[length] == '/';
    }
    return NULL;
}

/* What every entity's element carries and no request can change. */
static gboolean is_envelope(const char *path)
{
    static const char *const names[] = {"href", "id", "link", "actions", NULL};

    return g_strv_contains(names, path);
}

static gboolean read_children(const Form *form, const Element *input, const char *prefix,
                              void *entity, Engine *engine, GError **error);

static gboolean read_child(const Form *form, const Element *child, const char *path, void *entity,
                           Engine *engine, GError **error)
{
    gboolean inside;
    const Field *field = find_field(form, path, &inside);

    if (field)
        return read_field(field, child, entity, engine, error);
    if (inside && (child->first || element_is_empty(child)))
        return read_children(form, child, path, entity, engine, error);
    if (is_envelope(path) || element_is_empty(child))
        return TRUE;
    g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT,
                "%s: the element '%s' is not supported here", form->element, path);
    return FALSE;
}

static gboolean read_children(const Form *form, const Element *input, const char *prefix,
                              void *entity, Engine *engine, GError **error)
{
    for (const Element *child = input->first; child; child = child->next) {
        g_autofree char *path =
            prefix ? g_strconcat(prefix, "/", child->name, NULL) : g_strdup(child->name);

        if (!read_child(form, child, path, entity, engine, error))
            return FALSE;
    }
    return TRUE;
}

gboolean form_read(const Form *form, const Element *input, void *entity, Engine *engine,
                   GError **error)
{
    if (strcmp(input->name, form->element)) {
        g_set_error(error, REST_ERROR, REST_ERROR_SYNTAX, "<%s> is not expected here: <%s> is",
                    input->name, form->element);
        return FALSE;
    }
    return read_children(form, input, NULL, entity, engine, error);
}

/* "name", or "cluster.id|name": an element with one of these. */
static gboolean is_given(const char *requirement, const Element *input)
{
    g_auto(GStrv) parts = g_strsplit(requirement, ".", 2);
    g_auto(GStrv) choices = g_strsplit(parts[1] ? parts[1] : parts[0], "|", 0);
    const Element *base = parts[1] ? element_child(input, parts[0]) : input;

    for (guint i = 0; base && choices[i]; i++) {
        const Element *child = element_child(base, choices[i]);

        if (child && !element_is_empty(child))
            return TRUE;
    }
    return FALSE;
}

gboolean form_check_required(const Form *form, const Element *input, GError **error)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_autofree char *list = NULL;

    for (guint i = 0; form->required && form->required[i]; i++)
        if (!is_given(form->required[i], input))
            g_ptr_array_add(missing, (gpointer)form->required[i]);
    if (!missing->len)
        return TRUE;
    g_ptr_array_add(missing, NULL);
    list = g_strjoinv(", ", (char **)missing->pdata);
    g_set_error(error, REST_ERROR, REST_ERROR_INCOMPLETE, "%s [%s] required for add", form->type,
                list);
    return FALSE;
}
