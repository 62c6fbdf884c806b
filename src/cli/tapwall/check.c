/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/filters.h"
#include "datapath/shape.h"

/* All problems of one file on stderr; TRUE when there are none. */
static gboolean check_text(FilterOptions *options, const char *file, Filter **filter)
{
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;

    *filter = filter_options_read_file(options, file, &problems, &error);
    for (guint i = 0; problems && i < problems->len; i++)
        command_report(problems->pdata[i]);
    if (error && (!problems || problems->len == 0))
        command_report(error);
    return *filter != NULL;
}

/* What only shows when it is compiled. That is about the whole, so it has no line. */
static gboolean check_size(const char *file, const Plan *plan)
{
    g_autoptr(GError) error = NULL;

    if (shape_check(plan, &error))
        return TRUE;
    g_printerr("%s:1: %s\n", file, error->message);
    return FALSE;
}

/* What only shows with the includes: loops and limits. A filter may name one that is not there yet,
 * so that is told and does not count. */
static gboolean check_includes(FilterOptions *options, const char *file, Filter *filter)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = filter_options_resolve(options, filter, &error);
    const NwfilterErrorPlace *place;
    const char *path;
    gboolean is_missing;

    if (plan && plan_check_defaults(plan, &error))
        return check_size(file, plan);
    place = nwfilter_error_place(error);
    is_missing = g_error_matches(error, NWFILTER_ERROR, NWFILTER_ERROR_REFERENCE);
    /* A plan's errors name the filter; say the file it was read from. */
    path = place && place->file ? filter_options_path(options, place->file) : NULL;
    if (path)
        g_printerr("%s:%u: %s%s\n", path, place->line, is_missing ? "note: " : "", error->message);
    else
        command_report(error);
    return is_missing;
}

/* libvirt defines a filter from any file, but in a folder of filters each has its own. */
static void note_name(const FilterOptions *options, const char *file, const Filter *filter)
{
    g_autofree char *own = g_strconcat(filter->name, ".xml", NULL);
    g_autofree char *name = g_path_get_basename(file);

    if (strcmp(name, own) != 0 && filter_options_searches(options, file))
        g_printerr("%s:1: note: from this folder filter '%s' is read only when its file is called "
                   "%s\n",
                   file, filter->name, own);
}

static gboolean check_file(const FilterOptions *given, const char *file)
{
    /* Each file is looked at by itself. */
    g_auto(FilterOptions) options = {.directories = g_strdupv(given->directories)};
    Filter *filter;

    if (!check_text(&options, file, &filter))
        return FALSE;
    note_name(&options, file, filter);
    return check_includes(&options, file, filter);
}

int command_check(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    GOptionContext *context = g_option_context_new("FILE… - say what is wrong with filter files");
    gboolean good = TRUE;

    filter_options_add(&options, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc < 2)
        return command_trouble("check: expected one or more files");
    for (int i = 1; i < argc; i++)
        good &= check_file(&options, argv[i]);
    return good ? STATUS_GOOD : STATUS_FOUND;
}
