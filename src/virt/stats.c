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

static void net_free(gpointer data)
{
    VirtNetStats *net = data;

    g_free(net->name);
    g_free(net);
}

static void stats_clear(gpointer data)
{
    VirtStats *stats = data;

    g_free(stats->uuid);
    g_ptr_array_unref(stats->nets);
}

VirtStats *virt_stats_ref(VirtStats *stats)
{
    return g_atomic_rc_box_acquire(stats);
}

void virt_stats_unref(VirtStats *stats)
{
    g_atomic_rc_box_release_full(stats, stats_clear);
}

VirtStats *virt_stats_new(const char *uuid)
{
    VirtStats *stats = g_atomic_rc_box_new0(VirtStats);

    stats->uuid = g_strdup(uuid);
    stats->nets = g_ptr_array_new_with_free_func(net_free);
    stats->sample_time = g_get_real_time();
    return stats;
}

VirtNetStats *virt_stats_add_net(VirtStats *stats, const char *name)
{
    VirtNetStats *net = g_new0(VirtNetStats, 1);

    net->name = g_strdup(name);
    g_ptr_array_add(stats->nets, net);
    return net;
}

/* Reads interface index; a driver may leave out any of its fields. */
static void net_read(VirtStats *stats, guint index, virTypedParameterPtr params, int count)
{
    char field[64];
    const char *device = NULL;
    VirtNetStats *net;

    g_snprintf(field, sizeof field, "net.%u.name", index);
    (void)virTypedParamsGetString(params, count, field, &device);
    net = virt_stats_add_net(stats, device);
    for (guint i = 0; i < G_N_ELEMENTS(net_fields); i++) {
        unsigned long long value;
        g_snprintf(field, sizeof field, "net.%u.%s", index, net_fields[i].field);
        if (virTypedParamsGetULLong(params, count, field, &value) == 1)
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
    stats = virt_stats_new(uuid);
    /* Absent members keep what is set above. */
    (void)virTypedParamsGetInt(record->params, record->nparams, "state.state", &state);
    (void)virTypedParamsGetULLong(record->params, record->nparams, "cpu.time", &cpu_time);
    (void)virTypedParamsGetUInt(record->params, record->nparams, "net.count", &nets);
    stats->state = virt_domain_state(state);
    stats->cpu_time = cpu_time;
    for (guint i = 0; i < MIN(nets, NETS_MOST); i++)
        net_read(stats, i, record->params, record->nparams);
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
    all = g_ptr_array_new_with_free_func((GDestroyNotify)virt_stats_unref);
    for (int i = 0; i < count; i++) {
        VirtStats *stats = stats_read(records[i]);
        if (stats)
            g_ptr_array_add(all, stats);
    }
    virDomainStatsRecordListFree(records);
    return all;
}
