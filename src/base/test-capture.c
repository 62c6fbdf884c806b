/* SPDX-License-Identifier: Apache-2.0 */
#include "base/capture.h"

#include <string.h>

static void test_hex(void)
{
    static const struct {
        const char *text;
        guint length; /* G_MAXUINT: refused */
    } rows[] = {
        {"", 0},
        {"00", 1},
        {"52:54-00.aB cD", 5},
        {"5", G_MAXUINT},
        {"0 0", G_MAXUINT},
        {"zz", G_MAXUINT},
        {"00,11", G_MAXUINT},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) octets = capture_hex_parse(rows[i].text, &error);

        g_assert_cmpint(octets == NULL, ==, rows[i].length == G_MAXUINT);
        g_assert_cmpint(error != NULL, ==, octets == NULL);
        if (octets)
            g_assert_cmpuint(octets->len, ==, rows[i].length);
    }
    g_autoptr(GByteArray) octets = capture_hex_parse("0fF0", NULL);
    g_assert_cmpmem(octets->data, octets->len, "\x0f\xf0", 2);
}

static void test_hex_limit(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_malloc(2 * CAPTURE_FRAME_MAX + 3);

    memset(text, '0', 2 * CAPTURE_FRAME_MAX + 2);
    text[2 * CAPTURE_FRAME_MAX] = '\0';
    g_autoptr(GByteArray) longest = capture_hex_parse(text, &error);
    g_assert_no_error(error);
    text[2 * CAPTURE_FRAME_MAX] = '0';
    text[2 * CAPTURE_FRAME_MAX + 2] = '\0';
    g_assert_null(capture_hex_parse(text, &error));
    g_assert_error(error, CAPTURE_ERROR, CAPTURE_ERROR_LIMIT);
}

/* Two frames, of 2 and 3 octets. */
#define LITTLE                                                                                     \
    "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0"                                     \
    "\0\0\0\0\0\0\0\0\2\0\0\0\2\0\0\0ab"                                                           \
    "\0\0\0\0\0\0\0\0\3\0\0\0\x10\0\0\0xyz"
#define BIG                                                                                        \
    "\xa1\xb2\x3c\x4d\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\1"                                     \
    "\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2"                                                             \
    "ab"                                                                                           \
    "\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\x10xyz"

static void assert_frames(const char *capture, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) frames = capture_pcap_parse((const guint8 *)capture, length, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(frames->len, ==, 2);
    g_assert_cmpmem(((GByteArray *)frames->pdata[0])->data, ((GByteArray *)frames->pdata[0])->len,
                    "ab", 2);
    g_assert_cmpmem(((GByteArray *)frames->pdata[1])->data, ((GByteArray *)frames->pdata[1])->len,
                    "xyz", 3);
}

static void test_pcap(void)
{
    assert_frames(LITTLE, sizeof LITTLE - 1);
    assert_frames(BIG, sizeof BIG - 1);
}

/* Whatever the cut, a clear error or fewer frames; the sanitizers watch the end. */
static void test_pcap_cut(void)
{
    for (gsize length = 0; length < sizeof LITTLE - 1; length++) {
        g_autoptr(GError) error = NULL;
        g_autofree guint8 *copy = g_memdup2(LITTLE, length ? length : 1);
        g_autoptr(GPtrArray) frames = capture_pcap_parse(copy, length, &error);

        g_assert_cmpint(frames != NULL, ==, length == 24 || length == 42);
        if (!frames)
            g_assert_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FILE);
    }
}

static void test_pcap_other(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree guint8 *raw_ip = g_memdup2(LITTLE, sizeof LITTLE - 1);

    raw_ip[20] = 101;
    g_assert_null(capture_pcap_parse(raw_ip, sizeof LITTLE - 1, &error));
    g_assert_cmpstr(error->message, ==, "the capture's link type is not Ethernet");
    g_clear_error(&error);
    g_assert_null(capture_pcap_parse((const guint8 *)"\x0a\x0d\x0d\x0a", 4, &error));
    g_assert_nonnull(strstr(error->message, "pcapng"));
    g_clear_error(&error);
    g_assert_null(capture_pcap_read("/nonexistent", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_null(capture_file_read("/dev/zero", &error));
    g_assert_error(error, CAPTURE_ERROR, CAPTURE_ERROR_LIMIT);
}

static void test_pcap_write(void)
{
    static const guint8 wanted[] = {
        0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 1, 0,    1,
        0,    0,    0,    3,    0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 9, 0,    0, 0, 0xaa, 0xbb,
    };
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) frames = NULL;

    capture_pcap_begin(file);
    capture_pcap_add(file, 3000000005, (const guint8 *)"\xaa\xbb", 2, 9);
    g_assert_cmpmem(file->data, file->len, wanted, sizeof wanted);
    frames = capture_pcap_parse(file->data, file->len, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(frames->len, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/capture/hex", test_hex);
    g_test_add_func("/base/capture/hex-limit", test_hex_limit);
    g_test_add_func("/base/capture/pcap", test_pcap);
    g_test_add_func("/base/capture/pcap-write", test_pcap_write);
    g_test_add_func("/base/capture/pcap-cut", test_pcap_cut);
    g_test_add_func("/base/capture/pcap-other", test_pcap_other);
    return g_test_run();
}
