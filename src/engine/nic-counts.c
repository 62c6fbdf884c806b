/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/nic-counts.h"

#include "engine/private.h"

void nic_counts_take(Engine *engine, const Nic *nic, const NicReport *report)
{
    if (!report->counts.has_traffic && !report->counts.has_filter)
        return;
    g_hash_table_replace(engine->counts, g_strdup(nic->id),
                         g_memdup2(&report->counts, sizeof report->counts));
}

void nic_counts_forget(Engine *engine, const Nic *nic)
{
    g_hash_table_remove(engine->counts, nic->id);
}

const NicCounts *engine_nic_counts(Engine *engine, const Nic *nic)
{
    static const NicCounts nothing;
    const NicCounts *counts = nic->reported ? g_hash_table_lookup(engine->counts, nic->id) : NULL;

    return counts ? counts : &nothing;
}
