/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/text-reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mac.h"

gboolean reader_fail(Reader *reader, const char *expected)
{
    if (!reader->error)
        reader->error =
            g_error_new(DECIDE_ERROR, DECIDE_ERROR_TEXT, "line %u: expected %s before '%.20s'",
                        reader->line, expected, reader->at);
    return FALSE;
}

gboolean reader_take(Reader *reader, const char *word)
{
    gsize length = strlen(word);

    if (reader->error || strncmp(reader->at, word, length) != 0)
        return FALSE;
    reader->at += length;
    return TRUE;
}

gboolean reader_expect(Reader *reader, const char *word)
{
    return reader_take(reader, word) || reader_fail(reader, word);
}

guint64 reader_number(Reader *reader, guint64 max)
{
    char *end;
    guint64 number;

    if (reader->error || !g_ascii_isdigit(*reader->at)) {
        (void)reader_fail(reader, "a number");
        return 0;
    }
    errno = 0;
    number = g_ascii_strtoull(reader->at, &end, 10);
    if (errno != 0 || number > max) {
        (void)reader_fail(reader, "a smaller number");
        return 0;
    }
    reader->at = end;
    return number;
}

char *reader_run(Reader *reader, const char *set, const char *expected)
{
    gsize length = strspn(reader->at, set);
    char *word;

    if (reader->error || length == 0) {
        (void)reader_fail(reader, expected);
        return NULL;
    }
    word = g_strndup(reader->at, length);
    reader->at += length;
    return word;
}

char *reader_quoted(Reader *reader)
{
    g_autofree char *raw = NULL;
    const char *end;

    if (!reader_expect(reader, "\""))
        return NULL;
    end = reader->at;
    while (*end != '\0' && *end != '"')
        end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    if (*end != '"') {
        (void)reader_fail(reader, "a closing quote");
        return NULL;
    }
    raw = g_strndup(reader->at, (gsize)(end - reader->at));
    reader->at = end + 1;
    return g_strcompress(raw);
}

char *reader_name(Reader *reader)
{
    if (*reader->at == '"')
        return reader_quoted(reader);
    return reader_run(reader, ALNUM "-_.", "a name");
}

/* ---- values ---- */

static gboolean mac_value(const char *word, IrValue *value)
{
    return mac_parse(word, &value->low);
}

static gboolean ip4_value(const char *word, IrValue *value)
{
    struct in_addr address;

    if (inet_pton(AF_INET, word, &address) != 1)
        return FALSE;
    value->low = g_ntohl(address.s_addr);
    return TRUE;
}

static gboolean ip6_value(const char *word, IrValue *value)
{
    guint64 wire[2];

    if (inet_pton(AF_INET6, word, wire) != 1)
        return FALSE;
    value->high = GUINT64_FROM_BE(wire[0]);
    value->low = GUINT64_FROM_BE(wire[1]);
    return TRUE;
}

static gboolean number_value(const char *word, IrValue *value)
{
    gboolean is_hex = g_str_has_prefix(word, "0x");

    return g_ascii_string_to_unsigned(is_hex ? word + 2 : word, is_hex ? 16 : 10, 0, G_MAXUINT64,
                                      &value->low, NULL);
}

/* What kind of number it is shows in its form; a field of `bits` must hold it. */
IrValue reader_value(Reader *reader, guint bits)
{
    IrValue value = {0, 0};
    g_autofree char *word = reader_run(reader, ALNUM ":.", "a value");
    gsize length = word ? strlen(word) : 0;

    /* "1..2" is a range of two numbers */
    if (word && strstr(word, ".."))
        (void)reader_fail(reader, "a space before ..");
    else if (word && !(bits == 128         ? ip6_value(word, &value)
                       : bits == 48        ? mac_value(word, &value)
                       : strchr(word, '.') ? ip4_value(word, &value)
                                           : number_value(word, &value)))
        (void)reader_fail(reader, "a value of the field");
    else if (length && ir_value_compare(value, ir_prefix_mask(bits, bits)) > 0)
        (void)reader_fail(reader, "a value within the field");
    return value;
}
