/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/message.h"

#include <string.h>

static const MessageHeader call = {
    MESSAGE_PROGRAM_REMOTE, MESSAGE_VERSION, 175, MESSAGE_CALL, 7, MESSAGE_OK};

static const struct {
    guint32 length;
    gboolean is_good;
} lengths[] = {
    {0, FALSE},
    {MESSAGE_MIN - 1, FALSE},
    {MESSAGE_MIN, TRUE},
    {16 * 1024 * 1024 + 4, TRUE},
    {16 * 1024 * 1024 + 5, FALSE},
    {0x80000000u, FALSE},
    {0xffffffffu, FALSE},
};

static void test_length(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const guint32 big_endian = GUINT32_TO_BE(lengths[i].length);
        guint8 octets[MESSAGE_LENGTH_SIZE];
        guint32 length;

        memcpy(octets, &big_endian, sizeof octets);
        g_assert_cmpint(message_length(octets, &length), ==, lengths[i].is_good);
        g_assert_cmpuint(length, ==, lengths[i].length);
    }
}

/* The octets of RFC 4506, written out. */
static void test_octets(void)
{
    static const guint8 expected[] = {
        0, 0, 0, 40, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1, 0,   0,   0,   175, 0,   0, 0, 0,
        0, 0, 0, 7,  0,    0, 0,    0,    0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0,
    };
    rpc_text_value value = {(char *)"hello"};
    g_autoptr(GBytes) message = message_new(&call, &MESSAGE_FORM(rpc_text_value), &value);
    const guint8 *octets = g_bytes_get_data(message, NULL);
    MessageHeader header;
    rpc_text_value read;

    g_assert_cmpmem(octets, g_bytes_get_size(message), expected, sizeof expected);
    message_header(octets, &header);
    g_assert_cmpmem(&header, sizeof header, &call, sizeof call);
    g_assert_true(message_read(octets, sizeof expected, &MESSAGE_FORM(rpc_text_value), &read));
    g_assert_cmpstr(read.value, ==, "hello");
    message_clear(&MESSAGE_FORM(rpc_text_value), &read);
    g_assert_null(read.value);
}

/* A message with these words behind its header. */
static GByteArray *message_of(const guint32 *words, guint n)
{
    GByteArray *octets = g_byte_array_new();

    g_byte_array_set_size(octets, MESSAGE_MIN);
    memset(octets->data, 0, MESSAGE_MIN);
    for (guint i = 0; i < n; i++) {
        const guint32 big_endian = GUINT32_TO_BE(words[i]);

        g_byte_array_append(octets, (const guint8 *)&big_endian, sizeof big_endian);
    }
    return octets;
}

/* What is no such value: cut short, too long, with more behind, longer than what is there. */
static void test_bad(void)
{
    static const struct {
        MessageForm form;
        guint32 words[6];
        guint n;
    } rows[] = {
        {MESSAGE_NOTHING, {0}, 1},
        {{(xdrproc_t)xdr_rpc_text_value, sizeof(rpc_text_value)}, {0}, 0},
        {{(xdrproc_t)xdr_rpc_text_value, sizeof(rpc_text_value)}, {5, 0}, 2},
        {{(xdrproc_t)xdr_rpc_text_value, sizeof(rpc_text_value)}, {0, 0}, 2},
        {{(xdrproc_t)xdr_rpc_text_value, sizeof(rpc_text_value)}, {RPC_TEXT_MAX, 0}, 2},
        {{(xdrproc_t)xdr_rpc_text_value, sizeof(rpc_text_value)}, {0xffffffff, 0}, 2},
        {{(xdrproc_t)xdr_rpc_uuid_value, sizeof(rpc_uuid_value)}, {1, 2, 3}, 3},
        {{(xdrproc_t)xdr_rpc_open_args, sizeof(rpc_open_args)}, {1, 4, 0}, 3},
        {{(xdrproc_t)xdr_rpc_texts, sizeof(rpc_texts)}, {RPC_LIST_MAX + 1, 0}, 2},
        {{(xdrproc_t)xdr_rpc_texts, sizeof(rpc_texts)}, {RPC_LIST_MAX, 0, 0}, 3},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        GByteArray *message = message_of(rows[i].words, rows[i].n);
        guint8 value[64];

        g_assert_cmpuint(rows[i].form.size, <=, sizeof value);
        g_assert_false(message_read(message->data, message->len, &rows[i].form, value));
        g_byte_array_unref(message);
    }
}

/* What the protocol cannot carry is not half sent. */
static void test_too_much(void)
{
    g_autofree char *text = g_strnfill(RPC_TEXT_MAX + 1, 'x');
    rpc_text_value value = {text};
    rpc_texts texts = {{RPC_LIST_MAX + 1, NULL}};
    g_autofree rpc_text *all = g_new0(rpc_text, RPC_LIST_MAX + 1);

    g_assert_null(message_new(&call, &MESSAGE_FORM(rpc_text_value), &value));
    text[RPC_TEXT_MAX] = '\0';
    g_bytes_unref(message_new(&call, &MESSAGE_FORM(rpc_text_value), &value));
    for (guint i = 0; i <= RPC_LIST_MAX; i++)
        all[i] = (char *)"";
    texts.values.values_val = all;
    g_assert_null(message_new(&call, &MESSAGE_FORM(rpc_texts), &texts));
    for (guint i = 0; i < 5; i++)
        all[i] = text;
    texts.values.values_len = 5; /* more than 16 MiB */
    g_assert_null(message_new(&call, &MESSAGE_FORM(rpc_texts), &texts));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rpc/message/length", test_length);
    g_test_add_func("/rpc/message/octets", test_octets);
    g_test_add_func("/rpc/message/bad", test_bad);
    g_test_add_func("/rpc/message/too-much", test_too_much);
    return g_test_run();
}
