/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/dhcp.h"

#include <string.h>

/* RFC 2131, section 2: where the fields are. */
enum { AT_CIADDR = 12, AT_YIADDR = 16, AT_CHADDR = 28, AT_SNAME = 44, AT_FILE = 108 };
enum { AT_COOKIE = 236, AT_OPTIONS = 240 };

static const guint8 cookie[] = {99, 130, 83, 99};

enum { OP_REQUEST = 1, OP_REPLY = 2, HTYPE_ETHERNET = 1, HLEN_ETHERNET = 6 };
enum { OPTION_PAD = 0, OPTION_END = 255 };
enum { OPTION_REQUESTED = 50, OPTION_LEASE, OPTION_OVERLOAD, OPTION_TYPE, OPTION_SERVER };
enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

static guint32 number_at(const guint8 *octets)
{
    return (guint32)octets[0] << 24 | (guint32)octets[1] << 16 | (guint32)octets[2] << 8 |
           octets[3];
}

/* ---- options ---- */

typedef struct {
    DhcpMessage *message;
    guint overload;
    guint seen; /* bit i: option 50 + i was there */
} Options;

static guint32 *number_of(DhcpMessage *message, guint option)
{
    switch (option) {
    case OPTION_REQUESTED:
        return &message->requested;
    case OPTION_LEASE:
        return &message->lease;
    case OPTION_SERVER:
        return &message->server;
    }
    return NULL;
}

/* FALSE for one that is not as it should be. */
static gboolean take(Options *options, guint option, const guint8 *value, guint length)
{
    guint32 *number = number_of(options->message, option);
    const guint bit = option >= OPTION_REQUESTED && option <= OPTION_SERVER
                          ? 1u << (option - OPTION_REQUESTED)
                          : 0;
    const gboolean is_again = (options->seen & bit) != 0;

    if (!bit)
        return TRUE;
    options->seen |= bit;
    if (length != (number ? 4 : 1))
        return FALSE;
    if (number)
        *number = number_at(value);
    else if (option == OPTION_TYPE)
        options->message->types |= *value < 32 ? 1u << *value : 0;
    else
        options->overload = *value;
    return !is_again;
}

/* One field of options. FALSE when it does not end as it should. */
static gboolean read_field(Options *options, const guint8 *field, gsize length)
{
    gboolean good = TRUE;
    gsize at = 0;

    while (at < length && field[at] != OPTION_END) {
        if (field[at] == OPTION_PAD) {
            at++;
            continue;
        }
        if (length - at < 2 || length - at - 2 < field[at + 1])
            return FALSE;
        good = take(options, field[at], field + at + 2, field[at + 1]) && good;
        at += 2 + (gsize)field[at + 1];
    }
    return good && at < length;
}

static gboolean read_options(DhcpMessage *message, const guint8 *octets, gsize length)
{
    Options options = {message};
    gboolean good = read_field(&options, octets + AT_OPTIONS, length - AT_OPTIONS);
    const guint overload = options.overload;

    if (overload & OVERLOAD_FILE)
        good = read_field(&options, octets + AT_FILE, AT_COOKIE - AT_FILE) && good;
    if (overload & OVERLOAD_SNAME)
        good = read_field(&options, octets + AT_SNAME, AT_FILE - AT_SNAME) && good;
    return good && overload == options.overload;
}

/* ---- the message ---- */

gboolean dhcp_parse(const guint8 *octets, gsize length, DhcpMessage *message)
{
    DhcpMessage parsed = {0};

    if (length < AT_OPTIONS || (octets[0] != OP_REQUEST && octets[0] != OP_REPLY) ||
        memcmp(octets + AT_COOKIE, cookie, sizeof cookie) != 0)
        return FALSE;
    parsed.is_reply = octets[0] == OP_REPLY;
    parsed.current = number_at(octets + AT_CIADDR);
    parsed.given = number_at(octets + AT_YIADDR);
    for (guint i = 0; i < HLEN_ETHERNET; i++)
        parsed.client = parsed.client << 8 | octets[AT_CHADDR + i];
    parsed.is_strict = read_options(&parsed, octets, length) && octets[1] == HTYPE_ETHERNET &&
                       octets[2] == HLEN_ETHERNET;
    *message = parsed;
    return TRUE;
}
