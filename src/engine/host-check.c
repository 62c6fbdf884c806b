/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/host-check.h"

#include <stdio.h>
#include <string.h>

#include "engine/filter.h"

static gboolean level_parse(const char *text, guint *major, guint *minor)
{
    char rest;
    return sscanf(text, "%3u.%3u%c", major, minor, &rest) == 2;
}

/* Hosts list their levels one by one; levels between two of them are served too. */
static gboolean level_served(const GPtrArray *levels, const Cluster *cluster)
{
    gboolean above = FALSE, below = FALSE;
    for (guint i = 0; i < levels->len; i++) {
        guint major, minor;
        if (!level_parse(levels->pdata[i], &major, &minor))
            continue;
        above |= level_at_least(major, minor, cluster->level_major, cluster->level_minor);
        below |= level_at_least(cluster->level_major, cluster->level_minor, major, minor);
    }
    return above && below;
}

static gboolean has_word(const char *words, const char *word)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);
    return g_strv_contains((const char *const *)list, word);
}

char *host_check(const HostReport *report, const Cluster *cluster, gboolean anti_spoofing)
{
    if (report->levels && !level_served(report->levels, cluster))
        return g_strdup_printf("The host does not support compatibility version %u.%u of Cluster "
                               "%s.",
                               cluster->level_major, cluster->level_minor, cluster->name);
    Nic any = {.network_id = cluster->id}; /* a NIC in some network */
    const char *filter = nic_filter(&any, cluster, anti_spoofing);
    if (filter && report->filters && !has_word(report->filters, filter))
        return g_strdup_printf("The host does not have the network filter %s.", filter);
    return NULL;
}

static void take(char **to, const char *from)
{
    if (!from)
        return;
    g_free(*to);
    *to = g_strdup(from);
}

void host_check_take(Host *host, const HostReport *report)
{
    take(&host->os_version, report->os_version);
    take(&host->libvirt_version, report->libvirt_version);
    take(&host->agent_version, report->agent_version);
    take(&host->filters, report->filters);
}
