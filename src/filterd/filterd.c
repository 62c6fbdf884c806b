/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/log.h"
#include "datapath/expedite.h"
#include "filterd/filterd-private.h"

static Filterd *filterd_new_empty(const FilterdSettings *settings)
{
    Filterd *filterd = g_new0(Filterd, 1);

    filterd->filters = g_strdup(settings->filters);
    filterd->expedited = g_build_filename(settings->state, "rcu_expedited", NULL);
    filterd->encapsulation = settings->opaque ? ENCAPSULATION_OPAQUE : ENCAPSULATION_INSPECT;
    filterd->ports = ports_new();
    filterd->grace = grace_new(settings->grace_ms, filterd_grace_over, filterd);
    filterd->file_problems = g_ptr_array_new_with_free_func(g_free);
    filterd->known_problems = g_ptr_array_new_with_free_func(g_free);
    filterd->state_problems = g_ptr_array_new_with_free_func(g_free);
    return filterd;
}

static gboolean make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) == 0)
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM, "cannot make '%s': %s", path,
                g_strerror(errno));
    return FALSE;
}

static gboolean open_all(Filterd *filterd, const FilterdSettings *settings, GError **error)
{
    Catalogue *catalogue;

    filterd->state = state_dir_open(settings->state, error);
    if (!filterd->state || !make_folder(settings->filters, error))
        return FALSE;
    expedite_remember(filterd->expedited);
    /* Before the filters, which get UUIDs as they are read: a start that fails changes nothing. */
    filterd->datapath = datapath_open(&settings->datapath, error);
    if (!filterd->datapath)
        return FALSE;
    catalogue = filterd_read_filters(filterd, error);
    if (!catalogue)
        return FALSE;
    filterd->ruleset = ruleset_new(catalogue);
    filterd->sweeper = sweeper_new(filterd->datapath);
    filterd->links = links_new(&filterd_links_events, filterd, error);
    return filterd->links != NULL;
}

Filterd *filterd_new(const FilterdSettings *settings, GError **error)
{
    g_autoptr(Filterd) filterd = filterd_new_empty(settings);
    const gint64 begin = g_get_monotonic_time();

    /* Devices are listened to before they are looked at, so that none is missed. */
    if (!open_all(filterd, settings, error) || !filterd_start(filterd, error))
        return NULL;
    filterd_drops_begin(filterd);
    filterd_learn_begin(filterd);
    filterd_watch_filters(filterd);
    filterd_watch_hooks(filterd);
    filterd_audit_begin(filterd);
    log_info("ports=%u all in order after %.1f ms", ports_size(filterd->ports),
             (double)(g_get_monotonic_time() - begin) / 1000);
    return g_steal_pointer(&filterd);
}

void filterd_free(Filterd *filterd)
{
    filterd_audit_end(filterd);
    g_clear_object(&filterd->hooks_monitor);
    filterd_unwatch_filters(filterd);
    filterd_learn_end(filterd);
    filterd_drops_end(filterd);
    g_clear_pointer(&filterd->links, links_free);
    g_clear_pointer(&filterd->sweeper, sweeper_free);
    grace_free(filterd->grace);
    ports_free(filterd->ports);
    g_clear_pointer(&filterd->ruleset, ruleset_free);
    g_clear_pointer(&filterd->datapath, datapath_close);
    if (filterd->state)
        expedite_forget(filterd->expedited);
    g_clear_pointer(&filterd->state, state_dir_close);
    g_free(filterd->expedited);
    g_free(filterd->pins_problem);
    g_ptr_array_unref(filterd->file_problems);
    g_ptr_array_unref(filterd->known_problems);
    g_ptr_array_unref(filterd->state_problems);
    g_free(filterd->filters);
    g_free(filterd);
}
