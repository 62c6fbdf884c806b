/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "jsonrpc/stomp-parser.h"
#include "jsonrpc/test-peer.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static void feed(StompParser *parser, const char *bytes, gsize length)
{
    if (length == 0)
        return;
    memcpy(stomp_parser_reserve(parser, length), bytes, length);
    stomp_parser_commit(parser, length);
}

/* What bytes, given in pieces of step, are read as: frames and error, separated by '|'. */
static char *read_all(const char *bytes, gsize length, gsize step, const StompLimits *limits)
{
    g_autoptr(StompParser) parser = stomp_parser_new(limits);
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (gsize at = 0; at < length && error == NULL; at += step) {
        feed(parser, bytes + at, MIN(step, length - at));
        g_autoptr(StompFrame) frame = NULL;
        while ((frame = stomp_parser_next(parser, &error)) != NULL) {
            g_autofree char *text = test_frame_format(frame);
            g_string_append_printf(out, "%s|", text);
            g_clear_pointer(&frame, stomp_frame_free);
        }
    }
    if (error != NULL)
        g_string_append_printf(out, "%s: %s", error->code == STOMP_ERROR_LIMIT ? "limit" : "frame",
                               error->message);
    else if (stomp_parser_is_inside(parser))
        g_string_append(out, "...");
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *bytes;
    gsize length;
    const char *expected;
} Row;

/* Every row in one piece, byte by byte, and in threes. */
static void check_rows(const Row *rows, gsize count, const StompLimits *limits)
{
    static const gsize steps[] = {G_MAXUINT16, 1, 3};

    for (gsize i = 0; i < count; i++) {
        for (gsize s = 0; s < G_N_ELEMENTS(steps); s++) {
            g_autofree char *got = read_all(rows[i].bytes, rows[i].length, steps[s], limits);
            g_assert_cmpstr(got, ==, rows[i].expected);
        }
    }
}

static void test_frames(void)
{
    static const Row rows[] = {
        {BYTES(""), ""},
        {BYTES("\n\r\n\n"), ""},
        {BYTES("SEND\n\n\0"), "SEND []|"},
        {BYTES("SEND\r\na:b\r\n\r\nbody\0"), "SEND a=b [body]|"},
        {BYTES("\n\nSEND\na:b\na:c\n\n\0\nSEND\n\nx\0"), "SEND a=b a=c []|SEND [x]|"},
        {BYTES("SEND\ncontent-length:3\n\na\0b\0"), "SEND content-length=3 [a0b]|"},
        {BYTES("SEND\ncontent-length:1\ncontent-length:9\n\na\0"),
         "SEND content-length=1 content-length=9 [a]|"},
        {BYTES("SEND\ncontent-length:0\n\n\0"), "SEND content-length=0 []|"},
        {BYTES("SEND\na\\cb:c\\\\\\nd\\re\n\n\0"), "SEND a:b=c\\\nd\re []|"},
        {BYTES("SEND\na:b:c\n\n\0"), "SEND a=b:c []|"},
        {BYTES("SEND\na:\n\n\0"), "SEND a= []|"},
        {BYTES("CONNECT\na:b\\c\\x\n\n\0"), "CONNECT a=b\\c\\x []|"},
        {BYTES("SEND\na: \xc3\xa4 \n\n\0"), "SEND a= \xc3\xa4  []|"},
        {BYTES("SEND\na:b\n\nhalf"), "..."},
        {BYTES("SEN"), "..."},
        {BYTES("SEND\ncontent-length:5\n\nabc\0"), "..."},
    };
    check_rows(rows, G_N_ELEMENTS(rows), &stomp_request_limits);
}

static void test_malformed(void)
{
    static const Row rows[] = {
        {BYTES("\x16\x03\x01"), "frame: Byte 0x16 where a STOMP command was expected"},
        {BYTES("\0"), "frame: Byte 0x00 where a STOMP command was expected"},
        {BYTES("\rSEND\n\n\0"), "frame: Byte 0x0d where a STOMP command was expected"},
        {BYTES("GET / HTTP/1.1\r\n"), "frame: \"GET / HTTP/1.1\" is no STOMP command"},
        {BYTES("SEND\nno colon\n\n\0"), "frame: Header line \"no colon\" is not name:value"},
        {BYTES("SEND\n:b\n\n\0"), "frame: Header line \":b\" is not name:value"},
        {BYTES("SEND\na:\\t\n\n\0"), "frame: Undefined escape in header line \"a:\\t\""},
        {BYTES("SEND\na:\\\n\n\0"), "frame: Undefined escape in header line \"a:\\\""},
        {BYTES("SEND\na:\xff\n\n\0"), "frame: Header line is not UTF-8 text without NUL and CR"},
        {BYTES("SEND\na:\0b\n\n\0"), "frame: Header line is not UTF-8 text without NUL and CR"},
        {BYTES("SEND\na:b\r\r\n\n\0"), "frame: Header line is not UTF-8 text without NUL and CR"},
        {BYTES("SEND\ncontent-length:x\n\n\0"), "frame: content-length \"x\" is no number"},
        {BYTES("SEND\ncontent-length:-1\n\n\0"), "frame: content-length \"-1\" is no number"},
        {BYTES("SEND\ncontent-length:1\n\nabc\0"), "frame: Frame doesn't end with NULL byte"},
        {BYTES("SEND\n\nok\0\x80"),
         "SEND [ok]|frame: Byte 0x80 where a STOMP command was expected"},
    };
    check_rows(rows, G_N_ELEMENTS(rows), &stomp_request_limits);
}

static void test_limits(void)
{
    static const StompLimits small = {.headers = 2, .line = 20, .body = 4};
    static const Row rows[] = {
        {BYTES("SEND\na:b\nc:d\n\n1234\0"), "SEND a=b c=d [1234]|"},
        {BYTES("SEND\na:b\nc:d\ne:f\n\n\0"), "limit: More than 2 headers in a frame"},
        {BYTES("SEND\na:2345678901234567890\n"),
         "limit: Header line is longer than the limit of 20 bytes"},
        {BYTES("SENDSENDSENDSENDSENDS"), "limit: Header line is longer than the limit of 20 bytes"},
        {BYTES("SEND\n\n12345"), "limit: Body is over the limit of 4 bytes"},
        {BYTES("SEND\n\n12345\0"), "limit: Body is over the limit of 4 bytes"},
        {BYTES("SEND\ncontent-length:5\n"), "limit: Body of 5 bytes is over the limit of 4"},
        {BYTES("SEND\nCL:1\ncontent-length:9223372036854775807\n"),
         "limit: Header line is longer than the limit of 20 bytes"},
    };
    check_rows(rows, G_N_ELEMENTS(rows), &small);
}

static void test_huge_length(void)
{
    static const Row rows[] = {
        {BYTES("SEND\ncontent-length:9223372036854775807\n"),
         "limit: Body of 9223372036854775807 bytes is over the limit of 16777216"},
        {BYTES("SEND\ncontent-length:99999999999999999999\n"),
         "frame: content-length \"99999999999999999999\" is no number"},
    };
    check_rows(rows, G_N_ELEMENTS(rows), &stomp_request_limits);
}

static void test_format(void)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("MESSAGE");

    stomp_frame_add(frame, "a:b", "c\\d\ne\r");
    stomp_frame_add(frame, "a:b", "second");
    stomp_frame_set_text(frame, "{}");
    g_assert_cmpstr(stomp_frame_header(frame, "a:b"), ==, "c\\d\ne\r");
    g_assert_null(stomp_frame_header(frame, "none"));
    g_autoptr(GBytes) bytes = stomp_frame_format(frame);
    static const char expected[] =
        "MESSAGE\na\\cb:c\\\\d\\ne\\r\na\\cb:second\ncontent-length:2\n\n{}";
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), expected,
                    sizeof expected);
}

/* What is written is read as the same. */
static void test_round_trip(void)
{
    static const char *const commands[] = {"CONNECTED", "SEND"};

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(StompFrame) frame = stomp_frame_new(commands[i]);
        stomp_frame_add(frame, "heart-beat", "0,0");
        stomp_frame_add(frame, "x", i == 0 ? "a:b\\" : "a:b\\\r\n\xc3\xa4");
        g_autoptr(GBytes) bytes = stomp_frame_format(frame);
        g_autofree char *got = read_all(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 7,
                                        &stomp_request_limits);
        g_autofree char *text = test_frame_format(frame);
        g_autofree char *expected = g_strconcat(text, "|", NULL);
        g_assert_cmpstr(got, ==, expected);
    }
}

/* A body of the largest size, in pieces, with a frame behind it. */
static void test_large(void)
{
    g_autoptr(StompParser) parser = stomp_parser_new(&stomp_request_limits);
    gsize size = stomp_request_limits.body;
    g_autofree char *body = g_strnfill(size, 'x');
    g_autofree char *head = g_strdup_printf("SEND\ncontent-length:%" G_GSIZE_FORMAT "\n\n", size);
    g_autoptr(GError) error = NULL;

    feed(parser, head, strlen(head));
    for (gsize at = 0; at < size; at += 65536) {
        feed(parser, body + at, MIN(65536, size - at));
        g_assert_null(stomp_parser_next(parser, &error));
        g_assert_no_error(error);
    }
    feed(parser, BYTES("\0SEND\n\n"));
    g_autoptr(StompFrame) frame = stomp_parser_next(parser, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(frame->body), ==, size);
    g_assert_null(stomp_parser_next(parser, &error));
    feed(parser, BYTES("\0"));
    g_autoptr(StompFrame) next = stomp_parser_next(parser, &error);
    g_assert_nonnull(next);
    g_assert_false(stomp_parser_is_inside(parser));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frames", test_frames);
    g_test_add_func("/malformed", test_malformed);
    g_test_add_func("/limits", test_limits);
    g_test_add_func("/huge-length", test_huge_length);
    g_test_add_func("/format", test_format);
    g_test_add_func("/round-trip", test_round_trip);
    g_test_add_func("/large", test_large);
    return g_test_run();
}
