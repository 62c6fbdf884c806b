/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/catalogue-dir.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "nwfilter/catalogue-private.h"

#define SUFFIX ".xml"
#define FILE_MODE 0600
#define HEADER                                                                                     \
    "<!-- Kept by the filter daemon, which may write it anew at any time: change the filter "      \
    "with\n"                                                                                       \
    "     virsh nwfilter-edit, or through the libvirt API. -->\n\n"

static char *file_of(const char *name, const char *directory)
{
    g_autofree char *file = g_strconcat(name, SUFFIX, NULL);

    return g_build_filename(directory, file, NULL);
}

gboolean catalogue_save(const Catalogue *catalogue, const char *name, const char *directory,
                        GError **error)
{
    g_autofree char *file = file_of(name, directory);
    g_autofree char *body =
        filter_format(catalogue_lookup(catalogue, name), catalogue_uuid(catalogue, name));
    g_autofree char *text = g_strconcat(HEADER, body, NULL);

    return g_file_set_contents_full(file, text, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    FILE_MODE, error);
}

gboolean catalogue_remove_file(const char *name, const char *directory, GError **error)
{
    g_autofree char *file = file_of(name, directory);

    if (g_unlink(file) == 0 || errno == ENOENT)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "cannot remove %s: %s",
                file, g_strerror(errno));
    return FALSE;
}

/* ---- load ---- */

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the *.xml in the directory, sorted; NULL when it cannot be read. */
static GPtrArray *files_of(const char *directory, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, error);
    GPtrArray *files;
    const char *name;

    if (!dir)
        return NULL;
    files = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (*name != '.' && g_str_has_suffix(name, SUFFIX) &&
            g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(files, g_strdup(name));
    }
    g_ptr_array_sort(files, compare_texts);
    return files;
}

static void problems_move(GPtrArray *to, GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(to, g_error_copy(from->pdata[i]));
}

/* The filter in the file, if it is in order and bears the file's name. */
static Filter *file_read(const char *path, const char *name, GPtrArray *problems)
{
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter = filter_read(path, &found, &error);

    if (!filter) {
        if (found->len > 0)
            problems_move(problems, found);
        else
            g_ptr_array_add(problems, g_steal_pointer(&error));
        return NULL;
    }
    if (strncmp(filter->name, name, strlen(filter->name)) == 0 &&
        strcmp(name + strlen(filter->name), SUFFIX) == 0)
        return g_steal_pointer(&filter);
    GError *problem = nwfilter_error_new(
        NWFILTER_ERROR_INVALID, 1, "network filter config filename '%s' does not match name '%s'",
        name, filter->name);
    nwfilter_error_set_place(problem, path, 1);
    g_ptr_array_add(problems, problem);
    return NULL;
}

static void file_load(Catalogue *catalogue, const char *directory, const char *name,
                      CatalogueLoadFlags flags, GPtrArray *problems)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *filter_name = g_strndup(name, strlen(name) - strlen(SUFFIX));
    g_autoptr(Filter) filter = NULL;
    GError *error = NULL;

    if (flags & CATALOGUE_LOAD_KEEP && catalogue_lookup(catalogue, filter_name))
        return;
    filter = file_read(path, name, problems);
    if (!filter)
        return;
    if (!catalogue_put(catalogue, filter, &error))
        nwfilter_error_set_place(error, path, 1);
    else if (flags & CATALOGUE_LOAD_ADD_UUIDS && !filter->uuid)
        (void)catalogue_save(catalogue, filter->name, directory, &error); /* reported below */
    if (error)
        g_ptr_array_add(problems, error);
}

static void limits_load(const Catalogue *catalogue, GPtrArray *problems)
{
    g_autofree const char **names = catalogue_names(catalogue);

    for (const char **name = names; *name; name++) {
        GError *error = NULL;

        if (!catalogue_check_limits(catalogue, *name, &error))
            g_ptr_array_add(problems, error);
    }
}

gboolean catalogue_load(Catalogue *catalogue, const char *directory, CatalogueLoadFlags flags,
                        GPtrArray **problems, GError **error)
{
    g_autoptr(GPtrArray) files = files_of(directory, error);

    *problems = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    if (!files)
        return FALSE;
    for (guint i = 0; i < files->len; i++)
        file_load(catalogue, directory, files->pdata[i], flags, *problems);
    limits_load(catalogue, *problems);
    return TRUE;
}
