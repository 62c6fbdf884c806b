/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/filters.h"

#include <string.h>

#include "nwfilter/resolve.h"

/* Where a host keeps its filters: libvirt's and what is shipped with this. */
static const char *const host_directories[] = {TAPWALL_SYSCONFDIR "/libvirt/nwfilter",
                                               TAPWALL_DATADIR "/nwfilter"};

void filter_options_add(FilterOptions *options, GOptionContext *context)
{
    const GOptionEntry entries[] = {
        {"filters", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->directories,
         "Look for filters in DIR, too, before the host's own", "DIR"},
        {"var", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->assignments,
         "A variable of the port; again with the same name: a list", "NAME=VALUE"},
        {NULL},
    };

    g_option_context_add_main_entries(context, entries, NULL);
}

void filter_options_clear(FilterOptions *options)
{
    g_strfreev(options->directories);
    g_strfreev(options->assignments);
    g_clear_pointer(&options->read, g_hash_table_unref);
    g_clear_pointer(&options->paths, g_hash_table_unref);
    g_free(options->beside);
    g_clear_error(&options->error);
}

/* ---- reading ---- */

static void keep(FilterOptions *options, Filter *filter, const char *path)
{
    if (!options->read) {
        options->read =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)filter_unref);
        options->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    g_hash_table_replace(options->read, filter->name, filter);
    g_hash_table_replace(options->paths, g_strdup(filter->name), g_strdup(path));
}

const char *filter_options_path(const FilterOptions *options, const char *name)
{
    return options->paths ? g_hash_table_lookup(options->paths, name) : NULL;
}

/* The file of a name in the directory; NULL when there is none. */
static char *file_in(const char *directory, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = g_build_filename(directory, file, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static char *file_of(const FilterOptions *options, const char *name)
{
    char *path = options->beside ? file_in(options->beside, name) : NULL;

    for (char **directory = options->directories; !path && directory && *directory; directory++)
        path = file_in(*directory, name);
    for (guint i = 0; !path && i < G_N_ELEMENTS(host_directories); i++)
        path = file_in(host_directories[i], name);
    return path;
}

static gboolean is_directory(const char *a, const char *b)
{
    g_autofree char *path_a = g_canonicalize_filename(a, NULL);
    g_autofree char *path_b = g_canonicalize_filename(b, NULL);

    return strcmp(path_a, path_b) == 0;
}

gboolean filter_options_searches(const FilterOptions *options, const char *file)
{
    g_autofree char *folder = g_path_get_dirname(file);
    gboolean found = FALSE;

    for (char **directory = options->directories; !found && directory && *directory; directory++)
        found = is_directory(folder, *directory);
    for (guint i = 0; !found && i < G_N_ELEMENTS(host_directories); i++)
        found = is_directory(folder, host_directories[i]);
    return found;
}

static GError *not_found(const char *name)
{
    return nwfilter_error_new(NWFILTER_ERROR_NOT_FOUND, 62,
                              "no filter '%s' in the directories of --filters, %s and %s", name,
                              host_directories[0], host_directories[1]);
}

static Filter *read_file(FilterOptions *options, const char *path, GPtrArray **problems,
                         GError **error)
{
    Filter *filter = filter_read(path, problems, error);

    if (filter)
        keep(options, filter, path);
    return filter;
}

static Filter *read_name(FilterOptions *options, const char *name, GPtrArray **problems,
                         GError **error)
{
    g_autofree char *path = file_of(options, name);
    Filter *filter;

    if (!path) {
        g_propagate_error(error, not_found(name));
        return NULL;
    }
    filter = read_file(options, path, problems, error);
    if (!filter || strcmp(filter->name, name) == 0)
        return filter;
    GError *wrong = nwfilter_error_new(
        NWFILTER_ERROR_INVALID, 1, "the filter in it is called '%s', not '%s'", filter->name, name);
    nwfilter_error_set_place(wrong, path, 1);
    g_propagate_error(error, wrong);
    return NULL;
}

Filter *filter_options_read_file(FilterOptions *options, const char *file, GPtrArray **problems,
                                 GError **error)
{
    g_free(options->beside);
    options->beside = g_path_get_dirname(file);
    return read_file(options, file, problems, error);
}

Filter *filter_options_read(FilterOptions *options, const char *operand, GPtrArray **problems,
                            GError **error)
{
    const char *expected;

    if (!strchr(operand, '/') && !g_str_has_suffix(operand, ".xml") &&
        filter_name_check(operand, &expected))
        return read_name(options, operand, problems, error);
    return filter_options_read_file(options, operand, problems, error);
}

/* FilterLookup: what cannot be read is as good as missing, but for the message. */
static Filter *lookup(gpointer data, const char *name)
{
    FilterOptions *options = data;
    Filter *known = options->read ? g_hash_table_lookup(options->read, name) : NULL;
    GError *error = NULL;

    if (known || (known = read_name(options, name, NULL, &error)))
        return known;
    if (g_error_matches(error, NWFILTER_ERROR, NWFILTER_ERROR_NOT_FOUND) || options->error)
        g_error_free(error);
    else
        options->error = error;
    return NULL;
}

Plan *filter_options_resolve(FilterOptions *options, Filter *filter, GError **error)
{
    GError *problem = NULL;
    Plan *plan = plan_resolve(filter, lookup, options, &problem);

    if (options->error) {
        g_clear_error(&problem);
        problem = g_steal_pointer(&options->error);
    }
    if (problem)
        g_propagate_error(error, problem);
    return plan;
}

/* ---- variables ---- */

Variables *filter_options_variables(const FilterOptions *options, GError **error)
{
    g_autoptr(Variables) variables = variables_new();

    for (char **word = options->assignments; word && *word; word++) {
        const char *sign = strchr(*word, '=');
        g_autofree char *name = g_strndup(*word, sign ? (gsize)(sign - *word) : 0);

        if (!sign) {
            g_propagate_error(error, nwfilter_error_new(NWFILTER_ERROR_VALUE, 8,
                                                        "--var '%s': expected NAME=VALUE", *word));
            return NULL;
        }
        if (!variables_add(variables, name, sign + 1, error))
            return NULL;
    }
    return g_steal_pointer(&variables);
}
