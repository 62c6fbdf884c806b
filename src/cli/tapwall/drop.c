/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/drop.h"

#include "base/capture.h"

static const char *text_member(JsonObject *params, const char *name)
{
    JsonNode *node = json_object_get_member(params, name);
    gboolean is_text =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;

    return is_text ? json_node_get_string(node) : NULL;
}

static gint64 number_member(JsonObject *params, const char *name)
{
    JsonNode *node = json_object_get_member(params, name);
    gboolean is_number =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;

    return is_number ? json_node_get_int(node) : 0;
}

gboolean drop_read(Drop *drop, JsonObject *params)
{
    const char *hex = text_member(params, "frame"), *filter = text_member(params, "filter");

    *drop = (Drop){
        .port = g_strdup(text_member(params, "port")),
        .time = number_member(params, "time"),
        .way = g_strdup(text_member(params, "direction")),
        .reason = g_strdup(text_member(params, "reason")),
        .suppressed = number_member(params, "suppressed"),
        .length = (guint)number_member(params, "length"),
        .tag = {(guint16)number_member(params, "tagType"),
                (guint16)number_member(params, "tagTci")},
        .octets = hex ? capture_hex_parse(hex, NULL) : NULL,
    };
    if (filter)
        drop->rule = g_strdup_printf("%s:%" G_GINT64_FORMAT, filter, number_member(params, "line"));
    if (drop->octets && drop->way)
        return TRUE;
    drop_clear(drop);
    return FALSE;
}

void drop_clear(Drop *drop)
{
    g_clear_pointer(&drop->port, g_free);
    g_clear_pointer(&drop->way, g_free);
    g_clear_pointer(&drop->rule, g_free);
    g_clear_pointer(&drop->reason, g_free);
    g_clear_pointer(&drop->octets, g_byte_array_unref);
}

GByteArray *drop_frame(const Drop *drop)
{
    enum { ADDRESSES = 12 };
    const guint8 tag[] = {(guint8)(drop->tag.type >> 8), (guint8)drop->tag.type,
                          (guint8)(drop->tag.tci >> 8), (guint8)drop->tag.tci};
    GByteArray *frame = g_byte_array_new();
    const guint before = MIN(drop->octets->len, (guint)ADDRESSES);

    g_byte_array_append(frame, drop->octets->data, before);
    if (drop->tag.type != 0 && before == ADDRESSES)
        g_byte_array_append(frame, tag, sizeof tag);
    g_byte_array_append(frame, drop->octets->data + before, drop->octets->len - before);
    return frame;
}
