/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/stats.h"

#include <stddef.h>

#include "virt/domain-private.h"

/* More interfaces than this in one domain would be libvirt's error, not ours to allocate for. */
enum { NETS_MOST = 256 };

static const struct {
    const char *field;
    size_t offset;
} net_fields[] = {
    {"rx.bytes", offsetof(VirtNetStats, rx_bytes)},
    {"rx.errs", offsetof(VirtNetStats, rx_errors)},
    {"rx.drop", offsetof(VirtNetStats, rx_dropped)},
    {"tx.bytes", offsetof(VirtNetStats, tx_bytes)},
    {"tx.errs", offsetof(VirtNetStats, tx_errors)},
    {"tx.drop", offsetof(VirtNetStats, tx_dropped)},
};

void virt_net_stats_free(VirtNetStats *net)
{
    g_free(net->name);
    g_free(net);
}

void virt_stats_free(VirtStats *stats)
{
    g_free(stats->uuid);
    g_ptr_array_unref(stats->nets);
    g_free(stats);
}

/* Reads field of interface index; a driver may leave any of them out. */
static void net_read(VirtNetStats *net, guint index, virTypedParameterPtr params, int count)
{
    char name[64];
    const char *device = NULL;

    g_snprintf(name, sizeof name, "net.%u.name", index);
    if (virTypedParamsGetString(params, count, name, &device) == 1)
        net->name = g_strdup(device);
    for (guint i = 0; i < G_N_ELEMENTS(net_fields); i++) {
        unsigned long long value;
        g_snprintf(name, sizeof name, "net.%u.%s", index, net_fields[i].field);
        if (virTypedParamsGetULLong(params, count, name, &value) == 1)
            *(guint64 *)(void *)((char *)net + net_fields[i].offset) = value;
    }
}

static VirtStats *stats_read(virDomainStatsRecordPtr record)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    unsigned long long cpu_time = 0;
    unsigned int nets = 0;
    int state = VIR_DOMAIN_NOSTATE;
    VirtStats *stats;

    if (virDomainGetUUIDString(record->dom, uuid) < 0)
        return NULL;
    stats = g_new0(VirtStats, 1);
    stats->uuid = g_strdup(uuid);
    stats->nets = g_ptr_array_new_with_free_func((GDestroyNotify)virt_net_stats_free);
    stats->sample_time = g_get_real_time();
    /* Absent members keep what is set above. */
    (void)virTypedParamsGetInt(record->params, record->nparams, "state.state", &state);
    (void)virTypedParamsGetULLong(record->params, record->nparams, "cpu.time", &cpu_time);
    (void)virTypedParamsGetUInt(record->params, record->nparams, "net.count", &nets);
    stats->state = virt_domain_state(state);
    stats->cpu_time = cpu_time;
    for (guint i = 0; i < MIN(nets, NETS_MOST); i++) {
        VirtNetStats *net = g_new0(VirtNetStats, 1);
        net_read(net, i, record->params, record->nparams);
        g_ptr_array_add(stats->nets, net);
    }
    return stats;
}

GPtrArray *virt_stats(Virt *virt, GError **error)
{
    g_autoptr(virConnect) connection = virt_connection(virt, error);
    virDomainStatsRecordPtr *records = NULL;
    GPtrArray *all;
    int count;

    if (!connection)
        return NULL;
    count = virConnectGetAllDomainStats(
        connection,
        VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_INTERFACE, &records,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (count < 0) {
        virt_error_take(error);
        return NULL;
    }
    all = g_ptr_array_new_with_free_func((GDestroyNotify)virt_stats_free);
    for (int i = 0; i < count; i++) {
        VirtStats *stats = stats_read(records[i]);
        if (stats)
            g_ptr_array_add(all, stats);
    }
    virDomainStatsRecordListFree(records);
    return all;
}
