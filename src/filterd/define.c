/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/filterd-private.h"
#include "nwfilter/catalogue-dir.h"
#include "nwfilter/error.h"

const Catalogue *filterd_catalogue(const Filterd *filterd)
{
    return ruleset_catalogue(filterd->ruleset);
}

/* ---- redefinition: prepare on every port, save, commit ---- */

/* The ports with a device whose filter is one of these or includes one. What is deleted keeps what
 * it has until it goes. */
static GPtrArray *ports_of(const Filterd *filterd, GHashTable *filters)
{
    g_autoptr(GPtrArray) all = ports_all(filterd->ports);
    GPtrArray *ports = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++) {
        const Port *port = all->pdata[i];

        if (port->ifindex > 0 && port_is_bound(port) &&
            g_hash_table_contains(filters, port->binding->filter))
            g_ptr_array_add(ports, all->pdata[i]);
    }
    return ports;
}

/* The names of these and of all that include them. */
static GHashTable *with_dependents(const Catalogue *catalogue, const char *const *names)
{
    GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *names; names++) {
        g_autofree const char **dependents = catalogue_dependents(catalogue, *names);

        for (const char **name = dependents; *name; name++)
            g_hash_table_add(all, g_strdup(*name));
        g_hash_table_add(all, g_strdup(*names));
    }
    return all;
}

/* Takes the change. When it fails, the file is as it was. */
static gboolean save_and_commit(Filterd *filterd, const Ruleset *next, const char *save,
                                Change *change, GError **error)
{
    const Catalogue *before = filterd_catalogue(filterd);

    if (save && !catalogue_save(ruleset_catalogue(next), save, filterd->filters, error)) {
        change_abandon(change);
        return FALSE;
    }
    if (change_commit(change, error))
        return TRUE;
    if (save && catalogue_lookup(before, save))
        (void)catalogue_save(before, save, filterd->filters, NULL); /* the commit's error counts */
    else if (save)
        (void)catalogue_remove_file(save, filterd->filters, NULL);
    return FALSE;
}

gboolean filterd_apply(Filterd *filterd, Catalogue *catalogue, const char *const *changed,
                       const char *save, GError **error)
{
    g_autoptr(Ruleset) next = ruleset_next(filterd->ruleset, catalogue, changed);
    g_autoptr(GHashTable) filters = with_dependents(catalogue, changed);
    g_autoptr(GPtrArray) ports = ports_of(filterd, filters);
    Change *change = change_prepare(filterd->datapath, next, ports, error);

    if (!change || !save_and_commit(filterd, next, save, change, error))
        return FALSE;
    sweeper_want(filterd->sweeper);
    ruleset_free(filterd->ruleset);
    filterd->ruleset = g_steal_pointer(&next);
    filterd->defines++;
    return TRUE;
}

/* TRUE when both are one text; the UUID is the catalogue's. */
static gboolean is_equal(const Filter *a, const Filter *b, const char *uuid)
{
    g_autofree char *text_a = filter_format(a, uuid), *text_b = filter_format(b, uuid);

    return strcmp(text_a, text_b) == 0;
}

/* What is no XML at all is told with its place, as by libvirt. */
static Filter *parse(const char *xml, gsize length, GError **error)
{
    GError *fault = NULL;
    Filter *filter = filter_parse(xml, length, NULL, NULL, &fault);

    if (fault && filterd_error_number(fault) == FILTERD_ERROR_XML_DETAIL)
        g_prefix_error(&fault, "(nwfilter_definition):%u: ", nwfilter_error_place(fault)->line);
    if (fault)
        g_propagate_error(error, fault);
    return filter;
}

gboolean filterd_check_size(const Catalogue *catalogue, const char *name, GError **error)
{
    g_autoptr(Plan) plan = catalogue_resolve(catalogue, name, NULL);

    return !plan || shape_check(plan, error);
}

gboolean filterd_check_sizes(const Catalogue *catalogue, const char *name, GError **error)
{
    g_autofree const char **dependents = catalogue_dependents(catalogue, name);

    for (const char **dependent = dependents; *dependent; dependent++)
        if (!filterd_check_size(catalogue, *dependent, error))
            return FALSE;
    return TRUE;
}

Filter *filterd_define(Filterd *filterd, const char *xml, gsize length, GError **error)
{
    g_autoptr(Filter) filter = parse(xml, length, error);
    g_autoptr(Catalogue) catalogue = NULL;
    const char *changed[] = {NULL, NULL};
    const Filter *before;

    if (!filter)
        return NULL;
    changed[0] = filter->name;
    catalogue = catalogue_copy(filterd_catalogue(filterd));
    if (!catalogue_define(catalogue, filter, error) ||
        !filterd_check_sizes(catalogue, filter->name, error))
        return NULL;
    before = catalogue_lookup(filterd_catalogue(filterd), filter->name);
    if ((!before || !is_equal(before, filter, catalogue_uuid(catalogue, filter->name))) &&
        !filterd_apply(filterd, g_steal_pointer(&catalogue), changed, filter->name, error))
        return NULL;
    return catalogue_lookup(filterd_catalogue(filterd), filter->name);
}

/* ---- undefine ---- */

static gboolean is_bound(gpointer data, const char *name)
{
    const Filterd *filterd = data;
    g_autoptr(GPtrArray) ports = ports_all(filterd->ports);

    for (guint i = 0; i < ports->len; i++)
        if (port_is_bound(ports->pdata[i]) &&
            strcmp(((const Port *)ports->pdata[i])->binding->filter, name) == 0)
            return TRUE;
    return FALSE;
}

gboolean filterd_is_used(const Filterd *filterd, const char *name)
{
    g_autofree const char **dependents = catalogue_dependents(filterd_catalogue(filterd), name);

    for (const char **dependent = dependents; *dependent; dependent++)
        if (is_bound((gpointer)filterd, *dependent))
            return TRUE;
    return FALSE;
}

gboolean filterd_undefine(Filterd *filterd, const char *name, GError **error)
{
    const char *const changed[] = {name, NULL};
    g_autoptr(Catalogue) catalogue = catalogue_copy(filterd_catalogue(filterd));
    g_autoptr(Ruleset) next = NULL;

    if (!catalogue_undefine(catalogue, name, is_bound, filterd, error) ||
        !catalogue_remove_file(name, filterd->filters, error))
        return FALSE;
    next = ruleset_next(filterd->ruleset, g_steal_pointer(&catalogue), changed);
    ruleset_free(filterd->ruleset);
    filterd->ruleset = g_steal_pointer(&next);
    return TRUE;
}
