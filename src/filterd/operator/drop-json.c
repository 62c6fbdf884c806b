/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/operator/operator-private.h"

/* The kernel tells a drop's time on its own clock. */
static gint64 real_time(guint64 monotonic_ns)
{
    return (g_get_real_time() - g_get_monotonic_time()) * 1000 + (gint64)monotonic_ns;
}

static char *hex_of(const guint8 *octets, gsize length)
{
    static const char digits[] = "0123456789abcdef";
    char *text = g_malloc(2 * length + 1);

    for (gsize i = 0; i < length; i++) {
        text[2 * i] = digits[octets[i] >> 4];
        text[2 * i + 1] = digits[octets[i] & 15];
    }
    text[2 * length] = '\0';
    return text;
}

JsonNode *drop_event(const FilterdDrop *drop)
{
    const DatapathDrop *frame = drop->drop;
    g_autofree char *hex = hex_of(frame->sample, frame->sample_length);
    JsonObject *object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_string_member(object, "port", drop->port);
    json_object_set_int_member(object, "time", real_time(frame->time));
    json_object_set_string_member(object, "direction", way_word(frame->way));
    json_object_set_string_member(object, "filter", drop->filter);
    json_object_set_int_member(object, "line", drop->line);
    json_object_set_string_member(object, "reason", drop->reason);
    json_object_set_int_member(object, "suppressed", frame->suppressed);
    json_object_set_int_member(object, "length", frame->length);
    json_object_set_int_member(object, "tagType", frame->tag_type);
    json_object_set_int_member(object, "tagTci", frame->tag_tci);
    json_object_set_string_member(object, "frame", hex);
    json_node_take_object(node, object);
    return node;
}
