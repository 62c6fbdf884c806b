/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"

#define MAC_OCTETS 6
#define SET_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+- "

typedef struct {
    const char *word;
    guint bits;
} Flag;

static const Flag states[] = {{"NEW", STATE_NEW},         {"ESTABLISHED", STATE_ESTABLISHED},
                              {"RELATED", STATE_RELATED}, {"INVALID", STATE_INVALID},
                              {"NONE", STATE_NONE},       {NULL, 0}};

static const Flag tcp_flags[] = {{"FIN", 0x01}, {"SYN", 0x02}, {"RST", 0x04},
                                 {"PSH", 0x08}, {"ACK", 0x10}, {"URG", 0x20},
                                 {"ALL", 0x3f}, {"NONE", 0},   {NULL, 0}};

/* ---- numbers ---- */

/* Digits of the base to the end of the text; blanks before them are let pass, as libvirt does. */
static gboolean digits_parse(const char *text, int base, guint64 *number)
{
    char *end = NULL;

    while (g_ascii_isspace(*text))
        text++;
    if (base == 16 ? !g_ascii_isxdigit(*text) : !g_ascii_isdigit(*text))
        return FALSE;
    errno = 0;
    *number = g_ascii_strtoull(text, &end, (guint)base);
    return errno == 0 && *end == '\0';
}

static gboolean in_limits(const FieldRow *row, guint64 number)
{
    return number >= row->min && number <= row->max;
}

/* Decimal first: only what is not decimal (or too large for it) is read as hexadecimal. */
static gboolean number_parse(const FieldRow *row, const char *text, Value *value)
{
    if (digits_parse(text, 10, &value->number))
        return in_limits(row, value->number);
    if (row->type == TYPE_DECIMAL)
        return FALSE;
    if (digits_parse(text, 16, &value->number)) {
        value->hex = TRUE;
        return in_limits(row, value->number);
    }
    return row->names != NAMES_NONE && field_name_parse(row->names, text, &value->number);
}

static char *number_format(const FieldRow *row, const Value *value)
{
    const char *name = field_name_format(row->names, value->number);

    if (name)
        return g_strdup(name);
    /* libvirt forgets the form of an ARP opcode. */
    if (value->hex && row->names != NAMES_OPCODE)
        return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value->number);
    return g_strdup_printf("%" G_GUINT64_FORMAT, value->number);
}

/* ---- addresses and masks ---- */

/* Six groups of one or two digits; base's mac_parse wants two. */
static gboolean mac_value_parse(const char *text, guint64 *number)
{
    guint64 mac = 0;

    for (int octet = 0; octet < MAC_OCTETS; octet++) {
        guint group = 0, digits = 0;

        for (; digits < 2 && g_ascii_isxdigit(*text); digits++)
            group = group << 4 | (guint)g_ascii_xdigit_value(*text++);
        if (digits == 0 || *text != (octet < MAC_OCTETS - 1 ? ':' : '\0'))
            return FALSE;
        mac = mac << 8 | group;
        text++;
    }
    *number = mac;
    return TRUE;
}

/* TRUE when the ones of the lowest width bits all stand before the zeros. */
static gboolean is_contiguous(guint64 mask, guint width)
{
    guint64 zeros = ~mask & (width == 64 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << width) - 1);

    return (zeros & (zeros + 1)) == 0;
}

/* getaddrinfo on a number, because libvirt takes what it takes ("1.2.3" is 1.2.0.3). */
static gboolean address_parse(const char *text, int family, void *address)
{
    struct addrinfo hints = {.ai_family = family, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;

    if (strchr(text, '%') || getaddrinfo(text, NULL, &hints, &found) != 0)
        return FALSE;
    if (family == AF_INET)
        memcpy(address, &((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr, 4);
    else
        memcpy(address, &((struct sockaddr_in6 *)(void *)found->ai_addr)->sin6_addr, 16);
    freeaddrinfo(found);
    return TRUE;
}

static gboolean ip4_parse(const char *text, guint64 *number)
{
    guint32 address;

    if (!address_parse(text, AF_INET, &address))
        return FALSE;
    *number = g_ntohl(address);
    return TRUE;
}

static gboolean ip4_mask_parse(const FieldRow *row, const char *text, guint64 *length)
{
    guint64 mask;

    if (digits_parse(text, 10, length))
        return in_limits(row, *length);
    if (!ip4_parse(text, &mask) || !is_contiguous(mask, 32))
        return FALSE;
    *length = (guint64)__builtin_popcountll(mask);
    return TRUE;
}

/* The number of leading ones; -1 when a one follows a zero. */
static int ip6_mask_length(const guint8 mask[16])
{
    int length = 0;

    while (length < 128 && mask[length / 8] & 0x80 >> length % 8)
        length++;
    for (int bit = length; bit < 128; bit++) {
        if (mask[bit / 8] & 0x80 >> bit % 8)
            return -1;
    }
    return length;
}

static gboolean ip6_mask_parse(const FieldRow *row, const char *text, guint64 *length)
{
    guint8 mask[16];

    if (digits_parse(text, 10, length))
        return in_limits(row, *length);
    if (!address_parse(text, AF_INET6, mask) || ip6_mask_length(mask) < 0)
        return FALSE;
    *length = (guint64)ip6_mask_length(mask);
    return TRUE;
}

/* ---- lists of words ---- */

static const Flag *flag_lookup(const Flag *table, const char *word, gsize length)
{
    for (; table->word; table++) {
        if (strlen(table->word) == length && g_ascii_strncasecmp(table->word, word, length) == 0)
            return table;
    }
    return NULL;
}

/* Words of the table with commas or blanks between them; none at all is allowed. */
static gboolean flags_parse(const Flag *table, const char *text, gsize size, guint64 *bits)
{
    const char *end = text + size;

    *bits = 0;
    while (text < end) {
        gsize length = 0;

        while (text + length < end && text[length] != ',' && !g_ascii_isspace(text[length]))
            length++;
        if (length > 0) {
            const Flag *flag = flag_lookup(table, text, length);

            if (!flag)
                return FALSE;
            *bits |= flag->bits;
        }
        text += MAX(length, 1);
    }
    return TRUE;
}

static void flags_append(GString *out, const Flag *table, guint64 bits)
{
    gsize before = out->len;

    for (; table->word; table++) {
        if (table->bits & bits && (table->bits & (table->bits - 1)) == 0)
            g_string_append_printf(out, "%s%s", out->len > before ? "," : "", table->word);
    }
}

static gboolean states_parse(const char *text, guint64 *bits)
{
    if (!flags_parse(states, text, strlen(text), bits) || *bits == 0)
        return FALSE;
    if (*bits & STATE_NONE)
        *bits = STATE_NONE;
    return TRUE;
}

static gboolean tcp_flags_parse(const char *text, guint64 *number)
{
    const char *slash = strchr(text, '/');
    guint64 mask, flags;

    if (!slash || !flags_parse(tcp_flags, text, (gsize)(slash - text), &mask) ||
        !flags_parse(tcp_flags, slash + 1, strlen(slash + 1), &flags))
        return FALSE;
    *number = mask << 8 | flags;
    return TRUE;
}

static void tcp_flags_append(GString *out, guint64 bits)
{
    if (bits == 0)
        g_string_append(out, "NONE");
    else if (bits == 0x3f)
        g_string_append(out, "ALL");
    else
        flags_append(out, tcp_flags, bits);
}

static gboolean set_flags_parse(const FieldRow *row, const char *text, guint64 *number)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    guint count = g_strv_length(words);
    guint64 bits = 0;

    if (count == 0 || count > row->max)
        return FALSE;
    for (guint i = 0; i < count; i++) {
        gboolean is_src = g_ascii_strcasecmp(words[i], "src") == 0;

        if (!is_src && g_ascii_strcasecmp(words[i], "dst") != 0)
            return FALSE;
        bits |= (guint64)is_src << i;
    }
    *number = (guint64)count << 8 | bits;
    return TRUE;
}

static void set_flags_append(GString *out, guint64 number)
{
    for (guint i = 0; i < number >> 8; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", number >> i & 1 ? "src" : "dst");
}

/* ---- texts ---- */

static gboolean set_name_parse(const FieldRow *row, const char *text, char **name)
{
    gsize length = strlen(text);

    if (length == 0 || length > row->max || strspn(text, SET_NAME_CHARACTERS) != length)
        return FALSE;
    *name = g_strdup(text);
    return TRUE;
}

/* At most max bytes, not cutting a character in two. */
static char *text_parse(const FieldRow *row, const char *text)
{
    const char *end = text + strlen(text);

    if ((gsize)(end - text) <= row->max)
        return g_strdup(text);
    end = g_utf8_find_prev_char(text, text + row->max + 1);
    return g_strndup(text, (gsize)(end - text));
}

/* ---- all types ---- */

static const char *expected_number(const FieldRow *row)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "a number from %u to %u%s", row->min, row->max,
                    row->type == TYPE_DECIMAL ? ", in decimal" : "");
    for (guint i = 0; field_name_nth(row->names, i); i++)
        g_string_append_printf(text, "%s%s", i == 0 ? " or one of " : ", ",
                               field_name_nth(row->names, i));
    return g_intern_string(text->str);
}

const char *value_expected(const FieldRow *row)
{
    switch (row->type) {
    case TYPE_NUMBER:
    case TYPE_DECIMAL:
        return expected_number(row);
    case TYPE_MAC:
        return "a MAC address such as 52:54:00:00:00:01";
    case TYPE_MACMASK:
        return "a MAC mask of leading ones such as ff:ff:ff:00:00:00";
    case TYPE_IP4:
        return "an IPv4 address";
    case TYPE_IP4MASK:
        return "a mask length from 0 to 32 or a dotted mask of leading ones";
    case TYPE_IP6:
        return "an IPv6 address";
    case TYPE_IP6MASK:
        return "a mask length from 0 to 128 or an IPv6 mask of leading ones";
    case TYPE_BOOLEAN:
        return "true or false";
    case TYPE_STATES:
        return "a comma list of NEW, ESTABLISHED, RELATED, INVALID, or NONE";
    case TYPE_TCPFLAGS:
        return "MASK/FLAGS, both comma lists of FIN, SYN, RST, PSH, ACK, URG, or ALL or NONE";
    case TYPE_SETNAME:
        return "a set's name: at most 31 letters, digits and characters of _.:+- and blank";
    case TYPE_SETFLAGS:
        return "one to six of src and dst, with commas";
    case TYPE_TEXT:
        return "a text";
    }
    g_assert_not_reached();
}

static gboolean parse(const FieldRow *row, const char *text, Value *value)
{
    switch (row->type) {
    case TYPE_NUMBER:
    case TYPE_DECIMAL:
        return number_parse(row, text, value);
    case TYPE_MAC:
        return mac_value_parse(text, &value->number);
    case TYPE_MACMASK:
        return mac_value_parse(text, &value->number) && is_contiguous(value->number, 48);
    case TYPE_IP4:
        return ip4_parse(text, &value->number);
    case TYPE_IP4MASK:
        return ip4_mask_parse(row, text, &value->number);
    case TYPE_IP6:
        return address_parse(text, AF_INET6, value->ip6);
    case TYPE_IP6MASK:
        return ip6_mask_parse(row, text, &value->number);
    case TYPE_BOOLEAN:
        value->number =
            g_str_equal(text, "true") || g_str_equal(text, "1") || g_str_equal(text, "yes");
        return TRUE;
    case TYPE_STATES:
        return states_parse(text, &value->number);
    case TYPE_TCPFLAGS:
        return tcp_flags_parse(text, &value->number);
    case TYPE_SETNAME:
        return set_name_parse(row, text, &value->text);
    case TYPE_SETFLAGS:
        return set_flags_parse(row, text, &value->number);
    case TYPE_TEXT:
        value->text = text_parse(row, text);
        return TRUE;
    }
    g_assert_not_reached();
}

gboolean value_parse(const FieldRow *row, const char *text, Value *value, const char **wanted)
{
    Value parsed = {.type = row->type};

    if (!parse(row, text, &parsed)) {
        *wanted = value_expected(row);
        return FALSE;
    }
    *value = parsed;
    return TRUE;
}

static char *mac_value_format(guint64 number)
{
    char text[MAC_TEXT_SIZE];

    return g_strdup(mac_format(number, text));
}

static char *ip_format(int family, const void *address)
{
    char text[INET6_ADDRSTRLEN];

    return g_strdup(inet_ntop(family, address, text, sizeof(text)));
}

static char *list_format(const Value *value)
{
    GString *out = g_string_new(NULL);

    if (value->type == TYPE_STATES) {
        flags_append(out, states, value->number);
    } else if (value->type == TYPE_SETFLAGS) {
        set_flags_append(out, value->number);
    } else {
        tcp_flags_append(out, value->number >> 8);
        g_string_append_c(out, '/');
        tcp_flags_append(out, value->number & 0xff);
    }
    return g_string_free(out, FALSE);
}

char *value_format(const FieldRow *row, const Value *value)
{
    guint32 ip4 = g_htonl((guint32)value->number);

    switch (value->type) {
    case TYPE_NUMBER:
    case TYPE_DECIMAL:
        return number_format(row, value);
    case TYPE_MAC:
    case TYPE_MACMASK:
        return mac_value_format(value->number);
    case TYPE_IP4:
        return ip_format(AF_INET, &ip4);
    case TYPE_IP6:
        return ip_format(AF_INET6, value->ip6);
    case TYPE_IP4MASK:
    case TYPE_IP6MASK:
        return g_strdup_printf("%" G_GUINT64_FORMAT, value->number);
    case TYPE_BOOLEAN:
        return g_strdup(value->number ? "true" : "false");
    case TYPE_STATES:
    case TYPE_TCPFLAGS:
    case TYPE_SETFLAGS:
        return list_format(value);
    case TYPE_SETNAME:
    case TYPE_TEXT:
        return g_strdup(value->text);
    }
    g_assert_not_reached();
}

void value_copy(Value *to, const Value *from)
{
    *to = *from;
    to->text = g_strdup(from->text);
}

void value_clear(Value *value)
{
    g_clear_pointer(&value->text, g_free);
}

int value_compare(const Value *a, const Value *b)
{
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    int order = memcmp(a->ip6, b->ip6, sizeof(a->ip6));
    return order != 0 ? order : g_strcmp0(a->text, b->text);
}
