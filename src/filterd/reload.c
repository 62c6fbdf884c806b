/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "filterd/filterd-private.h"
#include "nwfilter/catalogue-dir.h"

/*
 * The directory of filters read again. What differs from the catalogue is put in force together, or
 * when that fails one by one, so that a filter that some port cannot have holds back no other.
 */

static gboolean is_same(const Catalogue *a, const Catalogue *b, const char *name)
{
    const Filter *filter_a = catalogue_lookup(a, name), *filter_b = catalogue_lookup(b, name);

    if (!filter_a || !filter_b)
        return filter_a == filter_b;
    g_autofree char *text_a = filter_format(filter_a, catalogue_uuid(a, name));
    g_autofree char *text_b = filter_format(filter_b, catalogue_uuid(b, name));
    return strcmp(text_a, text_b) == 0;
}

/* Takes the text. What was so at the last reading was logged then. */
static void add_problem(Filterd *filterd, char *text)
{
    if (!g_ptr_array_find_with_equal_func(filterd->known_problems, text, g_str_equal, NULL))
        log_warning("%s", text);
    g_ptr_array_add(filterd->file_problems, text);
}

static void report(Filterd *filterd, const char *name, const char *problem)
{
    add_problem(filterd,
                g_strdup_printf("filter %s: what is in force is not its file: %s", name, problem));
}

/* A filter whose file is damaged, or gone while ports use it, stays what it was. */
static void keep_used(Filterd *filterd, Catalogue *fresh, const char *name)
{
    g_autofree char *file = g_strconcat(filterd->filters, "/", name, ".xml", NULL);
    const gboolean is_there = g_file_test(file, G_FILE_TEST_EXISTS);
    const Catalogue *catalogue = filterd_catalogue(filterd);
    g_autoptr(GError) error = NULL;

    if (!is_there && !filterd_is_used(filterd, name))
        return;
    if (!is_there)
        report(filterd, name, "its file is gone; ports use it, so it stays");
    if (!catalogue_define(fresh, catalogue_lookup(catalogue, name), &error))
        report(filterd, name, error->message);
}

/* ---- what the data path cannot take ---- */

/* The old one, or none, instead. */
static void refuse(Filterd *filterd, Catalogue *fresh, const char *name, const char *problem)
{
    Filter *old = filterd->ruleset ? catalogue_lookup(filterd_catalogue(filterd), name) : NULL;
    g_autoptr(GError) error = NULL;

    report(filterd, name, problem);
    (void)catalogue_undefine(fresh, name, NULL, NULL, NULL); /* it is there, and nobody asks */
    if (old && !catalogue_define(fresh, old, &error))
        report(filterd, name, error->message);
}

/* One too large by itself is refused first, so that a smaller one that it includes is not. */
static void refuse_large(Filterd *filterd, Catalogue *fresh)
{
    g_autofree const char **fresh_names = catalogue_names(fresh);
    g_auto(GStrv) names = g_strdupv((char **)fresh_names);

    for (guint round = 0; round < 2; round++)
        for (char **name = names; *name; name++) {
            g_autoptr(GError) error = NULL;

            if (!catalogue_lookup(fresh, *name) ||
                (filterd->ruleset && is_same(filterd_catalogue(filterd), fresh, *name)))
                continue;
            if (!(round == 0 ? filterd_check_size : filterd_check_sizes)(fresh, *name, &error))
                refuse(filterd, fresh, *name, error->message);
        }
}

/* What differs; sorted. */
static GPtrArray *differences(Filterd *filterd, Catalogue *fresh)
{
    const Catalogue *catalogue = filterd_catalogue(filterd);
    g_autofree const char **old = catalogue_names(catalogue);
    g_autofree const char **names = NULL;
    GPtrArray *changed = g_ptr_array_new_with_free_func(g_free);

    for (const char **name = old; *name; name++) {
        if (!catalogue_lookup(fresh, *name))
            keep_used(filterd, fresh, *name);
        if (!catalogue_lookup(fresh, *name))
            g_ptr_array_add(changed, g_strdup(*name));
    }
    names = catalogue_names(fresh);
    for (const char **name = names; *name; name++)
        if (!is_same(catalogue, fresh, *name))
            g_ptr_array_add(changed, g_strdup(*name));
    return changed;
}

static gboolean never(gpointer data, const char *name)
{
    return FALSE;
}

static gboolean apply_one(Filterd *filterd, const Catalogue *fresh, const char *name,
                          GError **error)
{
    const char *const changed[] = {name, NULL};
    g_autoptr(Catalogue) catalogue = catalogue_copy(filterd_catalogue(filterd));
    Filter *filter = catalogue_lookup(fresh, name);

    if (catalogue_lookup(catalogue, name) &&
        !catalogue_undefine(catalogue, name, never, NULL, error))
        return FALSE;
    return (!filter || catalogue_define(catalogue, filter, error)) &&
           filterd_apply(filterd, g_steal_pointer(&catalogue), changed, NULL, error);
}

static void apply_each(Filterd *filterd, const Catalogue *fresh, const GPtrArray *changed)
{
    for (guint i = 0; i < changed->len; i++) {
        g_autoptr(GError) error = NULL;

        if (!apply_one(filterd, fresh, changed->pdata[i], &error))
            report(filterd, changed->pdata[i], error->message);
    }
}

/* The problems of the files are these from now on. */
static void set_problems(Filterd *filterd, const GPtrArray *problems)
{
    g_ptr_array_unref(filterd->known_problems);
    filterd->known_problems = filterd->file_problems;
    filterd->file_problems = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < problems->len; i++)
        add_problem(filterd, nwfilter_error_format(problems->pdata[i]));
}

Catalogue *filterd_read_filters(Filterd *filterd, GError **error)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GPtrArray) problems = NULL;

    if (!catalogue_load(catalogue, filterd->filters, CATALOGUE_LOAD_ADD_UUIDS, &problems, error))
        return NULL;
    set_problems(filterd, problems);
    refuse_large(filterd, catalogue);
    return g_steal_pointer(&catalogue);
}

void filterd_reload(Filterd *filterd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalogue) fresh = filterd_read_filters(filterd, &error);
    g_autoptr(GPtrArray) changed = NULL;

    if (!fresh) {
        log_warning("filters stay as they were: %s", error->message);
        return;
    }
    changed = differences(filterd, fresh);
    if (changed->len == 0)
        return;
    g_ptr_array_add(changed, NULL);
    if (filterd_apply(filterd, catalogue_copy(fresh), (const char *const *)changed->pdata, NULL,
                      &error)) {
        log_info("filters=%u read again", changed->len - 1);
        return;
    }
    g_ptr_array_set_size(changed, (gint)changed->len - 1);
    apply_each(filterd, fresh, changed);
}
