/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/resource.h"

/* The statistics of a NIC: a row each. oVirt's names, and the frames that the filter dropped. */

typedef struct {
    const char *name, *description, *unit;
    gsize is_said; /* which flag of NicCounts says that it is counted */
    gsize first;   /* which number */
    gsize second;  /* and which to add; the same again for none */
} Statistic;

#define TRAFFIC offsetof(NicCounts, has_traffic)
#define FILTER offsetof(NicCounts, has_filter)
#define ONE(member) offsetof(NicCounts, member), offsetof(NicCounts, member)
#define TWO(a, b) offsetof(NicCounts, a), offsetof(NicCounts, b)

static const Statistic statistics[] = {
    {"data.total.rx", "Total received data", "bytes", TRAFFIC, ONE(rx_bytes)},
    {"data.total.tx", "Total transmitted data", "bytes", TRAFFIC, ONE(tx_bytes)},
    {"errors.total.rx", "Total errors receiving data", "none", TRAFFIC, ONE(rx_errors)},
    {"errors.total.tx", "Total errors transmitting data", "none", TRAFFIC, ONE(tx_errors)},
    {"data.dropped.filter", "Frames dropped by the network filter", "none", FILTER,
     TWO(filter_rx, filter_tx)},
    {"data.dropped.filter.rx", "Frames to the VM dropped by the network filter", "none", FILTER,
     ONE(filter_rx)},
    {"data.dropped.filter.tx", "Frames from the VM dropped by the network filter", "none", FILTER,
     ONE(filter_tx)},
};

static guint64 number(const NicCounts *counts, gsize offset)
{
    return *(const guint64 *)(const void *)((const char *)counts + offset);
}

static gboolean is_counted(const Statistic *statistic, const NicCounts *counts)
{
    return *(const gboolean *)(const void *)((const char *)counts + statistic->is_said);
}

/* As oVirt makes it: the same for every NIC, of the name's MD5 (RFC 4122, version 3). */
static char *statistic_id(const char *name)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, name, -1);

    sum[12] = '3';
    sum[16] = "89ab"[g_ascii_xdigit_value(sum[16]) & 3];
    return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", sum, sum + 8, sum + 12, sum + 16, sum + 20);
}

static guint64 statistic_value(const Statistic *statistic, const NicCounts *counts)
{
    guint64 value = number(counts, statistic->first);

    return statistic->second == statistic->first ? value
                                                 : value + number(counts, statistic->second);
}

static void statistic_write(Element *root, const Nic *nic, const Statistic *statistic,
                            const NicCounts *counts)
{
    Element *element = element_add_repeated(root, "statistic");
    g_autofree char *id = statistic_id(statistic->name);
    g_autofree char *nics = g_strdup_printf("vms/%s/nics", nic->vm_id);
    g_autofree char *href = g_strdup_printf(API_BASE "/%s/%s/statistics/%s", nics, nic->id, id);
    g_autofree char *datum =
        g_strdup_printf("%" G_GUINT64_FORMAT, statistic_value(statistic, counts));
    Element *values;

    element_add_attribute(element, "href", href);
    element_add_attribute(element, "id", id);
    element_add_text(element, "name", statistic->name);
    element_add_text(element, "description", statistic->description);
    element_add_text(element, "kind", "counter");
    element_add_text(element, "type", "integer");
    element_add_text(element, "unit", statistic->unit);
    values = element_add(element, "values");
    element_add_text(element_add_repeated(values, "value"), "datum", datum);
    form_add_reference(element, "nic", nics, nic->id);
}

Element *nic_statistics(Call *call, GError **error)
{
    g_autoptr(Nic) nic = engine_nic(call->engine, call->ids[0], call->ids[1], error);
    const NicCounts *counts;
    Element *root;

    if (!nic)
        return NULL;
    counts = engine_nic_counts(call->engine, nic);
    root = element_new("statistics");
    for (gsize i = 0; i < G_N_ELEMENTS(statistics); i++)
        if (is_counted(&statistics[i], counts))
            statistic_write(root, nic, &statistics[i], counts);
    return root;
}
