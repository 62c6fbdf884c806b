/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pool.h"

#include "base/mac.h"
#include "engine/private.h"

#define BATCH 256 /* taken addresses looked at in one query */

struct MacPool {
    guint64 from, to, next;
};

static gboolean parse_end(const char *text, guint64 fallback, guint64 *mac, GError **error)
{
    *mac = fallback;
    if (!text || mac_parse(text, mac))
        return TRUE;
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "MAC pool: '%s' is not a MAC address such as 52:54:00:00:00:00", text);
}

MacPool *mac_pool_new(const char *from, const char *to, GError **error)
{
    guint64 first, last;
    if (!parse_end(from, G_GUINT64_CONSTANT(0x525400000000), &first, error) ||
        !parse_end(to, G_GUINT64_CONSTANT(0x525400ffffff), &last, error))
        return NULL;
    if (first > last) {
        engine_refuse(error, ENGINE_ERROR_BAD_INPUT, "MAC pool: %s is above %s", from, to);
        return NULL;
    }
    MacPool *pool = g_new0(MacPool, 1);
    *pool = (MacPool){.from = first, .to = last, .next = first};
    return pool;
}

void mac_pool_free(MacPool *pool)
{
    g_free(pool);
}

static guint64 next_unicast(guint64 mac)
{
    while (mac_is_group(mac))
        mac = ((mac >> 40) + 1) << 40; /* the next first octet, even */
    return mac;
}

/* The taken addresses of from..to, ascending, at most BATCH. */
static GPtrArray *taken(Store *store, guint64 from, guint64 to, GError **error)
{
    char low[MAC_TEXT_SIZE], high[MAC_TEXT_SIZE];
    StoreCondition conditions[] = {
        {.column = "mac_addr", .match = MATCH_NOT_LESS, .text = mac_format(from, low)},
        {.column = "mac_addr", .match = MATCH_NOT_GREATER, .text = mac_format(to, high)},
    };
    StoreQuery query = {.conditions = conditions,
                        .n_conditions = G_N_ELEMENTS(conditions),
                        .order_by = "mac_addr",
                        .limit = BATCH};
    return store_nic_list(store, &query, error);
}

/* The lowest free address of from..to, or to + 1; FALSE on error. Canonical text sorts like the
 * number it stands for. */
static gboolean lowest_free(Store *store, guint64 from, guint64 to, guint64 *mac, GError **error)
{
    guint64 candidate = next_unicast(from);
    while (candidate <= to) {
        g_autoptr(GPtrArray) nics = taken(store, candidate, to, error);
        if (!nics)
            return engine_translate(error);
        for (guint i = 0; i < nics->len; i++) {
            guint64 used;
            if (!mac_parse(((Nic *)nics->pdata[i])->mac, &used) || used < candidate)
                continue;
            if (used > candidate)
                break;
            candidate = next_unicast(candidate + 1);
        }
        *mac = candidate;
        if (nics->len < BATCH || candidate > to)
            return TRUE;
        guint64 last;
        if (mac_parse(((Nic *)nics->pdata[nics->len - 1])->mac, &last) && candidate < last)
            return TRUE;
    }
    *mac = to + 1;
    return TRUE;
}

char *mac_pool_take(MacPool *pool, Store *store, GError **error)
{
    guint64 mac;
    if (!lowest_free(store, pool->next, pool->to, &mac, error))
        return NULL;
    if (mac > pool->to && !lowest_free(store, pool->from, pool->to, &mac, error))
        return NULL;
    if (mac > pool->to) {
        engine_refuse(error, ENGINE_ERROR_CONFLICT,
                      "Cannot add Interface. Not enough MAC addresses left in MAC Address Pool.");
        return NULL;
    }
    pool->next = mac + 1 > pool->to ? pool->from : mac + 1;
    return g_strdup(mac_format(mac, (char[MAC_TEXT_SIZE]){0}));
}
