/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/inventory.h"

/* Networks: each is a bridge on the hosts. */

/* oVirt's rule: the bridge is called like the network where Linux allows, else "on" and part of the
 * id. */
static void network_default_bridge(Network *network)
{
    if (network->bridge)
        return;
    if (bridge_is_valid(network->name)) {
        network->bridge = g_strdup(network->name);
        return;
    }
    g_auto(GStrv) parts = g_strsplit(network->id, "-", -1);
    g_autofree char *digits = g_strjoinv("", parts);
    network->bridge = g_strdup_printf("on%.13s", digits);
}

static gboolean network_check(Engine *engine, Network *network, const char *verb, GError **error)
{
    if (!name_check(network->name, verb, "Network", error) ||
        !description_check(network->description, verb, "Network", error) ||
        !data_center_place(engine, &network->data_center_id, error))
        return FALSE;
    network_default_bridge(network);
    return bridge_is_valid(network->bridge) ||
           engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "Cannot %s Network. The bridge '%.64s' is not allowed: it must be 1 to 15 "
                         "characters out of a-z, A-Z, 0-9, '-', '_' and '.'.",
                         verb, network->bridge);
}

Network *engine_network_add(Engine *engine, const Actor *actor, const Network *wish, GError **error)
{
    g_autoptr(Network) network = network_copy(wish);
    g_free(network->id);
    network->id = g_uuid_string_random();
    if (!network_check(engine, network, "add", error))
        return NULL;
    if (!store_network_insert(engine->store, network, error)) {
        name_conflict(error, "add", "Network");
        return NULL;
    }
    if (!inventory_tell(engine, EVENT_NETWORK_ADDED, actor, network->name, error))
        return NULL;
    return g_steal_pointer(&network);
}

gboolean engine_network_update(Engine *engine, const Actor *actor, const Network *wish,
                               GError **error)
{
    g_autoptr(Network) network = network_copy(wish);
    if (!network_check(engine, network, "edit", error))
        return FALSE;
    if (!store_network_update(engine->store, network, error))
        return name_conflict(error, "edit", "Network");
    return inventory_tell(engine, EVENT_NETWORK_UPDATED, actor, network->name, error);
}

gboolean engine_network_remove(Engine *engine, const Actor *actor, const char *id, GError **error)
{
    g_autoptr(Network) network = engine_network(engine, id, error);
    if (!network)
        return FALSE;
    if (!store_network_remove(engine->store, id, error))
        return inventory_still_used(error, "Network");
    return inventory_tell(engine, EVENT_NETWORK_REMOVED, actor, network->name, error);
}
