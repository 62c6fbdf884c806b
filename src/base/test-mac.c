/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mac.h"

static void test_parse_good(void)
{
    static const struct {
        const char *text;
        guint64 mac;
    } rows[] = {
        {"52:54:00:00:00:01", 0x525400000001},
        {"52-54-00-AB-cd-EF", 0x525400abcdef},
        {"00:00:00:00:00:00", 0},
        {"ff:ff:ff:ff:ff:ff", 0xffffffffffff},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 mac = 1;
        g_assert_true(mac_parse(rows[i].text, &mac));
        g_assert_cmphex(mac, ==, rows[i].mac);
    }
}

static void test_parse_bad(void)
{
    static const char *const rows[] = {
        "",
        "52:54:00:00:00",
        "52:54:00:00:00:0",
        "52:54:00:00:00:01:02",
        "52:54:00:00:00:0g",
        "525400000001",
        "52:54:00:00:00:01 ",
        " 52:54:00:00:00:01",
        "52:54:0:0:0:1",
        "52.54.00.00.00.01",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 mac = 42;
        g_assert_false(mac_parse(rows[i], &mac));
        g_assert_cmphex(mac, ==, 42);
    }
}

static void test_format(void)
{
    char text[MAC_TEXT_SIZE];
    g_assert_cmpstr(mac_format(0x5254000a0bff, text), ==, "52:54:00:0a:0b:ff");
}

static void test_group(void)
{
    g_assert_false(mac_is_group(0x525400000001));
    g_assert_true(mac_is_group(0x01005e000001));
    g_assert_true(mac_is_group(0xffffffffffff));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mac/parse/good", test_parse_good);
    g_test_add_func("/mac/parse/bad", test_parse_bad);
    g_test_add_func("/mac/format", test_format);
    g_test_add_func("/mac/group", test_group);
    return g_test_run();
}
