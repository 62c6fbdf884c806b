/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/packet.h"

enum { ETHERNET = 14, AT_SOURCE = 6, AT_TYPE = 12, TYPE_IP4 = 0x0800, TYPE_ARP = 0x0806 };

/* RFC 826 on Ethernet with IPv4. */
enum { ARP = 28, ARP_ETHERNET = 1, ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { ARP_AT_OPERATION = 6, ARP_AT_MAC = 8, ARP_AT_ADDRESS = 14 };

/* RFC 791, RFC 768. */
enum { IP4 = 20, IP4_AT_LENGTH = 2, IP4_AT_FRAGMENT = 6, IP4_AT_PROTOCOL = 9, IP4_AT_SOURCE = 12 };
enum { IP4_FRAGMENT = 0x3fff, PROTOCOL_UDP = 17, UDP = 8, DHCP_SERVER = 67, DHCP_CLIENT = 68 };

static guint64 number(const guint8 *octets, guint length)
{
    guint64 value = 0;

    for (guint i = 0; i < length; i++)
        value = value << 8 | octets[i];
    return value;
}

gboolean address_is_host(guint32 address)
{
    const guint first = address >> 24;

    return first > 0 && first != 127 && first < 224;
}

static gboolean arp_sender(const guint8 *arp, gsize length, guint64 mac, guint32 *address)
{
    guint operation;

    if (length < ARP || number(arp, 2) != ARP_ETHERNET || number(arp + 2, 2) != TYPE_IP4 ||
        arp[4] != 6 || arp[5] != 4)
        return FALSE;
    operation = (guint)number(arp + ARP_AT_OPERATION, 2);
    if ((operation != ARP_REQUEST && operation != ARP_REPLY) || number(arp + ARP_AT_MAC, 6) != mac)
        return FALSE;
    *address = (guint32)number(arp + ARP_AT_ADDRESS, 4);
    return TRUE;
}

/* The header's length; 0: it lies. *total is what the datagram has. */
static gsize ip4_header(const guint8 *ip, gsize length, gsize *total)
{
    gsize header;

    if (length < IP4 || ip[0] >> 4 != 4)
        return 0;
    header = (gsize)(ip[0] & 15) * 4;
    *total = (gsize)number(ip + IP4_AT_LENGTH, 2);
    return header >= IP4 && header <= *total && *total <= length ? header : 0;
}

gboolean packet_sender(const guint8 *octets, gsize length, guint64 mac, guint32 *address)
{
    guint32 claimed = 0;
    gsize total;

    if (length < ETHERNET || number(octets + AT_SOURCE, 6) != mac)
        return FALSE;
    if (number(octets + AT_TYPE, 2) == TYPE_ARP) {
        if (!arp_sender(octets + ETHERNET, length - ETHERNET, mac, &claimed))
            return FALSE;
    } else if (number(octets + AT_TYPE, 2) == TYPE_IP4) {
        if (ip4_header(octets + ETHERNET, length - ETHERNET, &total) == 0)
            return FALSE;
        claimed = (guint32)number(octets + ETHERNET + IP4_AT_SOURCE, 4);
    }
    if (!address_is_host(claimed))
        return FALSE;
    *address = claimed;
    return TRUE;
}

gboolean packet_dhcp(const guint8 *octets, gsize length, gboolean is_reply, PacketDhcp *dhcp)
{
    const guint8 *ip, *udp;
    gsize header, total, claimed;

    if (length < ETHERNET || number(octets + AT_TYPE, 2) != TYPE_IP4)
        return FALSE;
    ip = octets + ETHERNET;
    if ((header = ip4_header(ip, length - ETHERNET, &total)) == 0 ||
        ip[IP4_AT_PROTOCOL] != PROTOCOL_UDP || (number(ip + IP4_AT_FRAGMENT, 2) & IP4_FRAGMENT) ||
        total - header < UDP)
        return FALSE;
    udp = ip + header;
    claimed = (gsize)number(udp + 4, 2);
    if (claimed < UDP || claimed > total - header ||
        number(udp + 2, 2) != (is_reply ? DHCP_CLIENT : DHCP_SERVER) ||
        (is_reply && number(udp, 2) != DHCP_SERVER))
        return FALSE;
    *dhcp = (PacketDhcp){(guint32)number(ip + IP4_AT_SOURCE, 4), udp + UDP, claimed - UDP};
    return TRUE;
}
