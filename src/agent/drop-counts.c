/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/drop-counts.h"

struct DropCounts {
    GHashTable *ports; /* name -> DropCount */
};

static void counts_clear(gpointer data)
{
    g_hash_table_unref(((DropCounts *)data)->ports);
}

DropCounts *drop_counts_ref(DropCounts *counts)
{
    return g_atomic_rc_box_acquire(counts);
}

void drop_counts_unref(DropCounts *counts)
{
    g_atomic_rc_box_release_full(counts, counts_clear);
}

static JsonNode *member(JsonNode *node, const char *name)
{
    return node && JSON_NODE_HOLDS_OBJECT(node)
               ? json_object_get_member(json_node_get_object(node), name)
               : NULL;
}

static gboolean holds(JsonNode *node, GType type)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

static gboolean dropped_read(JsonNode *port, const char *way, guint64 *dropped)
{
    JsonNode *node = member(member(member(port, "frames"), way), "dropped");

    if (!holds(node, G_TYPE_INT64))
        return FALSE;
    *dropped = (guint64)json_node_get_int(node);
    return TRUE;
}

static void port_add(DropCounts *counts, JsonNode *port)
{
    JsonNode *name = member(port, "port");
    DropCount read;

    if (holds(name, G_TYPE_STRING) && dropped_read(port, "out", &read.from_vm) &&
        dropped_read(port, "in", &read.to_vm))
        g_hash_table_insert(counts->ports, json_node_dup_string(name),
                            g_memdup2(&read, sizeof read));
}

DropCounts *drop_counts_from_json(JsonNode *answer)
{
    DropCounts *counts = g_atomic_rc_box_new0(DropCounts);
    JsonArray *ports = JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;

    counts->ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; ports && i < json_array_get_length(ports); i++)
        port_add(counts, json_array_get_element(ports, i));
    return counts;
}

const DropCount *drop_counts_lookup(const DropCounts *counts, const char *port)
{
    return counts && port ? g_hash_table_lookup(counts->ports, port) : NULL;
}
