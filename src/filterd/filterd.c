/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/filterd-private.h"

static void free_port(gpointer port)
{
    port_free(port);
}

Filterd *filterd_new(const FilterdSettings *settings, GError **error)
{
    g_autoptr(Filterd) filterd = g_new0(Filterd, 1);
    Catalogue *catalogue;

    filterd->filters = g_strdup(settings->filters);
    filterd->state = g_strdup(settings->state);
    filterd->encapsulation = settings->opaque ? ENCAPSULATION_OPAQUE : ENCAPSULATION_INSPECT;
    filterd->grace_ms = settings->grace_ms;
    filterd->ports = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_port);
    catalogue = filterd_read_filters(filterd, error);
    if (!catalogue)
        return NULL;
    filterd->ruleset = ruleset_new(catalogue);
    filterd->datapath = datapath_open(&settings->datapath, error);
    return filterd->datapath ? g_steal_pointer(&filterd) : NULL;
}

void filterd_free(Filterd *filterd)
{
    g_clear_pointer(&filterd->ports, g_hash_table_unref);
    g_clear_pointer(&filterd->ruleset, ruleset_free);
    g_clear_pointer(&filterd->datapath, datapath_close);
    g_free(filterd->filters);
    g_free(filterd->state);
    g_free(filterd);
}
