/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mac.h"

#define MAC_OCTETS 6

gboolean mac_parse(const char *text, guint64 *mac)
{
    guint64 value = 0;

    for (int octet = 0; octet < MAC_OCTETS; octet++, text += 2) {
        if (octet > 0 && *text != ':' && *text != '-')
            return FALSE;
        if (octet > 0)
            text++;
        if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1]))
            return FALSE;
        value = value << 8 | (guint)g_ascii_xdigit_value(text[0]) << 4 |
                (guint)g_ascii_xdigit_value(text[1]);
    }
    if (*text != '\0')
        return FALSE;
    *mac = value;
    return TRUE;
}

const char *mac_format(guint64 mac, char text[MAC_TEXT_SIZE])
{
    g_snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", (guint)(mac >> 40 & 0xff),
               (guint)(mac >> 32 & 0xff), (guint)(mac >> 24 & 0xff), (guint)(mac >> 16 & 0xff),
               (guint)(mac >> 8 & 0xff), (guint)(mac & 0xff));
    return text;
}

gboolean mac_is_group(guint64 mac)
{
    return mac >> 40 & 1;
}
