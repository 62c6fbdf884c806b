/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/drop.h"

#include "base/capture.h"

/* What stands in the watcher's line of a frame. */
static const struct {
    const char *hex;
    struct facts_tag tag;
    const char *words;
} rows[] = {
    {"ffffffffffff525400000002 0806 0001 0800 06 04 0001 525400000002 0a000002 000000000000 "
     "0a000001",
     {0, 0},
     "52:54:00:00:00:02 > ff:ff:ff:ff:ff:ff arp who-has 10.0.0.1 tell 10.0.0.2 "
     "(52:54:00:00:00:02)"},
    {"ffffffffffff525400000002 0806 0001 0800 06 04 0002 525400000002 0a000002 000000000000 "
     "0a000001",
     {0x8100, 5},
     "52:54:00:00:00:02 > ff:ff:ff:ff:ff:ff vlan 5 arp reply 10.0.0.2 (52:54:00:00:00:02)"},
    {"525400000001525400000002 8100 0007 88b5 0000",
     {0, 0},
     "52:54:00:00:00:02 > 52:54:00:00:00:01 vlan 7 type 0x88b5"},
    {"525400000001525400000002 0800 4500 0028 0000 0000 40 06 0000 0a000002 0a000001"
     "1000 0016 00000000 00000000 5002 0000 0000 0000",
     {0, 0},
     "52:54:00:00:00:02 > 52:54:00:00:00:01 ip 10.0.0.2 > 10.0.0.1 tcp port 4096 > 22 syn"},
    {"525400000001525400000002 0800 4500 001c 0000 0000 40 01 0000 0a000002 0a000001"
     "0800 0000 0000 0000",
     {0, 0},
     "52:54:00:00:00:02 > 52:54:00:00:00:01 ip 10.0.0.2 > 10.0.0.1 icmp type 8 code 0"},
    {"525400000001525400000002 86dd 6000 0000 0008 11 40 fe800000000000000000000000000002"
     "fe800000000000000000000000000001 0035 1000 0008 0000",
     {0, 0},
     "52:54:00:00:00:02 > 52:54:00:00:00:01 ip6 fe80::2 > fe80::1 udp port 53 > 4096"},
    {"525400000001525400000002 0024 aaaa03000000 0806 0001 0800 06 04 0001 525400000002 0a000002"
     "000000000000 0a000001",
     {0, 0},
     "52:54:00:00:00:02 > 52:54:00:00:00:01 arp who-has 10.0.0.1 tell 10.0.0.2 "
     "(52:54:00:00:00:02) in llc/snap"},
    {"525400000001", {0, 0}, "6 octets, no whole header"},
    {"", {0, 0}, "0 octets, no whole header"},
};

static void test_words(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) octets = capture_hex_parse(rows[i].hex, NULL);
        const Frame frame = {octets->data, octets->len, rows[i].tag};
        g_autofree char *words = frame_words(&frame);

        g_assert_cmpstr(words, ==, rows[i].words);
    }
}

static void test_event(void)
{
    g_autoptr(JsonNode) node = json_from_string(
        "{\"port\":\"p1\",\"time\":1790000000123456789,\"direction\":\"out\",\"filter\":\"f\","
        "\"line\":4,\"reason\":null,\"suppressed\":7,\"length\":60,\"tagType\":33024,\"tagTci\":5,"
        "\"frame\":\"52540000000152540000000288b5ab\"}",
        NULL);
    g_auto(Drop) drop = {0};
    g_autoptr(GByteArray) frame = NULL;

    g_assert_true(drop_read(&drop, json_node_get_object(node)));
    g_assert_cmpstr(drop.rule, ==, "f:4");
    g_assert_null(drop.reason);
    g_assert_cmpint(drop.time, ==, 1790000000123456789);
    g_assert_cmpint(drop.suppressed, ==, 7);
    frame = drop_frame(&drop); /* the tag is where it was */
    g_assert_cmpmem(frame->data, frame->len,
                    "\x52\x54\0\0\0\1\x52\x54\0\0\0\2\x81\0\0\5\x88\xb5\xab", 19);
}

static void test_no_event(void)
{
    static const char *const texts[] = {"{}", "{\"frame\":5,\"direction\":\"out\"}",
                                        "{\"frame\":\"0\",\"direction\":\"out\"}",
                                        "{\"frame\":\"00\",\"direction\":null}"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(JsonNode) node = json_from_string(texts[i], NULL);
        g_auto(Drop) drop = {0};

        g_assert_false(drop_read(&drop, json_node_get_object(node)));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drop/words", test_words);
    g_test_add_func("/drop/event", test_event);
    g_test_add_func("/drop/no-event", test_no_event);
    return g_test_run();
}
