/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "nwfilter/bounds.h"
#include "nwfilter/catalogue-private.h"
#include "nwfilter/resolve.h"

typedef struct {
    Filter *filter;
    char *uuid;
} Entry;

struct Catalogue {
    GHashTable *entries; /* name -> Entry; the key is the filter's */
    GHashTable *names;   /* uuid -> name; both are an entry's */
};

static void entry_free(gpointer data)
{
    Entry *entry = data;

    filter_unref(entry->filter);
    g_free(entry->uuid);
    g_free(entry);
}

Catalogue *catalogue_new(void)
{
    Catalogue *catalogue = g_new0(Catalogue, 1);

    catalogue->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    catalogue->names = g_hash_table_new(g_str_hash, g_str_equal);
    return catalogue;
}

void catalogue_free(Catalogue *catalogue)
{
    g_hash_table_unref(catalogue->names);
    g_hash_table_unref(catalogue->entries);
    g_free(catalogue);
}

static void entry_drop(Catalogue *catalogue, const char *name)
{
    const Entry *entry = g_hash_table_lookup(catalogue->entries, name);

    if (!entry)
        return;
    g_hash_table_remove(catalogue->names, entry->uuid);
    g_hash_table_remove(catalogue->entries, name);
}

static void entry_put(Catalogue *catalogue, Filter *filter, const char *uuid)
{
    Entry *entry = g_new0(Entry, 1);

    entry_drop(catalogue, filter->name);
    entry->filter = filter_ref(filter);
    entry->uuid = g_strdup(uuid);
    g_hash_table_insert(catalogue->entries, filter->name, entry);
    g_hash_table_insert(catalogue->names, entry->uuid, filter->name);
}

Catalogue *catalogue_copy(const Catalogue *catalogue)
{
    Catalogue *copy = catalogue_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, catalogue->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Entry *entry = value;

        entry_put(copy, entry->filter, entry->uuid);
    }
    return copy;
}

/* ---- questions ---- */

Filter *catalogue_lookup(const Catalogue *catalogue, const char *name)
{
    const Entry *entry = g_hash_table_lookup(catalogue->entries, name);

    return entry ? entry->filter : NULL;
}

Filter *catalogue_lookup_uuid(const Catalogue *catalogue, const char *uuid)
{
    const char *name = g_hash_table_lookup(catalogue->names, uuid);

    return name ? catalogue_lookup(catalogue, name) : NULL;
}

const char *catalogue_uuid(const Catalogue *catalogue, const char *name)
{
    const Entry *entry = g_hash_table_lookup(catalogue->entries, name);

    return entry ? entry->uuid : NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys of a table as a sorted list. */
static const char **sorted_keys(GHashTable *table)
{
    guint n_names;
    const char **names = (const char **)g_hash_table_get_keys_as_array(table, &n_names);

    qsort(names, n_names, sizeof(*names), compare_names);
    return names;
}

const char **catalogue_names(const Catalogue *catalogue)
{
    return sorted_keys(catalogue->entries);
}

/* Adds to found the names of all that include one of found; FALSE when there was none new. */
static gboolean dependents_grow(const Catalogue *catalogue, GHashTable *found)
{
    guint before = g_hash_table_size(found);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, catalogue->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Filter *filter = ((const Entry *)value)->filter;

        for (guint i = 0; i < filter->entries->len; i++) {
            const FilterEntry *child = filter->entries->pdata[i];

            if (child->include && g_hash_table_contains(found, child->include->filter))
                g_hash_table_add(found, filter->name);
        }
    }
    return g_hash_table_size(found) > before;
}

const char **catalogue_dependents(const Catalogue *catalogue, const char *name)
{
    g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_add(found, (gpointer)name);
    while (dependents_grow(catalogue, found))
        ;
    if (!catalogue_lookup(catalogue, name))
        g_hash_table_remove(found, name);
    else
        g_hash_table_add(found, catalogue_lookup(catalogue, name)->name);
    return sorted_keys(found);
}

/* ---- define ---- */

static gboolean check_identity(const Catalogue *catalogue, const Filter *filter, GError **error)
{
    const char *uuid = catalogue_uuid(catalogue, filter->name);
    const char *name = filter->uuid ? g_hash_table_lookup(catalogue->names, filter->uuid) : NULL;

    if (name && strcmp(name, filter->name) != 0) {
        g_propagate_error(error,
                          nwfilter_error_new(NWFILTER_ERROR_EXISTS, 9,
                                             "filter with same UUID but different name ('%s') "
                                             "already exists",
                                             name));
        return FALSE;
    }
    if (uuid && g_strcmp0(uuid, filter->uuid) != 0) {
        g_propagate_error(error, nwfilter_error_new(NWFILTER_ERROR_EXISTS, 9,
                                                    "filter '%s' already exists with uuid %s",
                                                    filter->name, uuid));
        return FALSE;
    }
    return TRUE;
}

/* TRUE when an include of filter leads to name. visited keeps the walk linear. */
static gboolean leads_to(const Catalogue *catalogue, const Filter *filter, const char *name,
                         GHashTable *visited)
{
    for (guint i = 0; i < filter->entries->len; i++) {
        const FilterEntry *entry = filter->entries->pdata[i];
        const Filter *target;

        if (!entry->include)
            continue;
        if (strcmp(entry->include->filter, name) == 0)
            return TRUE;
        target = catalogue_lookup(catalogue, entry->include->filter);
        if (target && g_hash_table_add(visited, target->name) &&
            leads_to(catalogue, target, name, visited))
            return TRUE;
    }
    return FALSE;
}

static gboolean check_loop(const Catalogue *catalogue, const Filter *filter, GError **error)
{
    g_autoptr(GHashTable) visited = g_hash_table_new(g_str_hash, g_str_equal);

    if (!leads_to(catalogue, filter, filter->name, visited))
        return TRUE;
    g_propagate_error(error,
                      nwfilter_error_new(NWFILTER_ERROR_LOOP, 9, "filter would introduce a loop"));
    return FALSE;
}

static gboolean check_count(const Catalogue *catalogue, const Filter *filter, GError **error)
{
    if (catalogue_lookup(catalogue, filter->name) ||
        g_hash_table_size(catalogue->entries) < CATALOGUE_MAX)
        return TRUE;
    g_propagate_error(error,
                      nwfilter_error_new(NWFILTER_ERROR_LIMIT, 9,
                                         "too many filters: expected at most %d", CATALOGUE_MAX));
    return FALSE;
}

gboolean catalogue_check_limits(const Catalogue *catalogue, const char *name, GError **error)
{
    GError *problem = NULL;
    g_autoptr(Plan) plan = catalogue_resolve(catalogue, name, &problem);

    if (plan)
        (void)plan_check_defaults(plan, &problem); /* looked at below */
    if (!g_error_matches(problem, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT)) {
        g_clear_error(&problem); /* a missing include is an error of a port's, not of this */
        return TRUE;
    }
    g_propagate_error(error, problem);
    return FALSE;
}

gboolean catalogue_put(Catalogue *catalogue, Filter *filter, GError **error)
{
    g_autofree char *uuid = filter->uuid ? g_strdup(filter->uuid) : g_uuid_string_random();

    if (!check_identity(catalogue, filter, error) || !check_loop(catalogue, filter, error) ||
        !check_count(catalogue, filter, error))
        return FALSE;
    entry_put(catalogue, filter, uuid);
    return TRUE;
}

gboolean catalogue_define(Catalogue *catalogue, Filter *filter, GError **error)
{
    g_autofree const char **dependents = NULL;
    Filter *old = catalogue_lookup(catalogue, filter->name);
    gboolean done = TRUE;

    if (old)
        filter_ref(old);
    if (!catalogue_put(catalogue, filter, error)) {
        g_clear_pointer(&old, filter_unref);
        return FALSE;
    }
    dependents = catalogue_dependents(catalogue, filter->name);
    for (const char **name = dependents; done && *name; name++)
        done = catalogue_check_limits(catalogue, *name, error);
    if (!done && old)
        entry_put(catalogue, old, filter->uuid); /* equal to its own, or it had not got here */
    else if (!done)
        entry_drop(catalogue, filter->name);
    g_clear_pointer(&old, filter_unref);
    return done;
}

/* ---- undefine and resolve ---- */

GError *catalogue_error_no_name(const char *name)
{
    return nwfilter_error_new(NWFILTER_ERROR_NOT_FOUND, 62, "no nwfilter with matching name '%s'",
                              name);
}

GError *catalogue_error_no_uuid(const char *uuid)
{
    return nwfilter_error_new(NWFILTER_ERROR_NOT_FOUND, 62, "no nwfilter with matching uuid '%s'",
                              uuid);
}

gboolean catalogue_undefine(Catalogue *catalogue, const char *name, CatalogueIsBound is_bound,
                            gpointer data, GError **error)
{
    g_autofree const char **dependents = catalogue_dependents(catalogue, name);

    if (!catalogue_lookup(catalogue, name)) {
        g_propagate_error(error, catalogue_error_no_name(name));
        return FALSE;
    }
    for (const char **user = dependents; is_bound && *user; user++) {
        if (is_bound(data, *user)) {
            g_propagate_error(error,
                              nwfilter_error_new(NWFILTER_ERROR_IN_USE, 55, "nwfilter is in use"));
            return FALSE;
        }
    }
    entry_drop(catalogue, name);
    return TRUE;
}

static Filter *lookup(gpointer data, const char *name)
{
    return catalogue_lookup(data, name);
}

Plan *catalogue_resolve(const Catalogue *catalogue, const char *name, GError **error)
{
    Filter *filter = catalogue_lookup(catalogue, name);

    if (filter)
        return plan_resolve(filter, lookup, (gpointer)catalogue, error);
    g_propagate_error(error, nwfilter_error_new(NWFILTER_ERROR_REFERENCE, 1,
                                                "referenced filter '%s' is missing", name));
    return NULL;
}
