/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/field.h"

#include <string.h>

/* The groups of protocols that fields.def speaks of. */
#define P(id) (1u << PROTOCOL_##id)
#define P_IP (P(IP) | P(IPV6))
#define P_ARP (P(ARP) | P(RARP))
#define P_L2_BUT_STP (P(MAC) | P(VLAN) | P_ARP | P_IP)
#define P_L2 (P_L2_BUT_STP | P(STP))
#define P_PORTS4 (P(TCP) | P(UDP) | P(SCTP))
#define P_PORTS6 (P(TCP_IPV6) | P(UDP_IPV6) | P(SCTP_IPV6))
#define P_PORTS (P_PORTS4 | P_PORTS6 | P_IP)
#define P_INET4 (P_PORTS4 | P(ICMP) | P(IGMP) | P(UDPLITE) | P(ESP) | P(AH) | P(ALL))
#define P_INET6 (P_PORTS6 | P(ICMPV6) | P(UDPLITE_IPV6) | P(ESP_IPV6) | P(AH_IPV6) | P(ALL_IPV6))
#define P_INET (P_INET4 | P_INET6)
#define P_FAMILY4 (P(IP) | P_INET4)
#define P_FAMILY6 (P(IPV6) | P_INET6)
#define P_TCP (P(TCP) | P(TCP_IPV6))
#define P_ICMP (P(ICMP) | P(ICMPV6) | P(IPV6))
#define P_ANY (P_L2 | P_INET)

static const ProtocolInfo protocols[N_PROTOCOLS] = {
#define PROTOCOL(id, element, half, family, ip_protocol)                                           \
    {element, HALF_##half, family, ip_protocol},
#include "nwfilter/fields.def"
};

static const guint8 bits[N_FIELDS] = {
#define FIELD(id, width) width,
#include "nwfilter/fields.def"
};

static const struct {
    NameTable table;
    const char *name;
    guint64 number;
} names[] = {
#define NAME(table, name, number) {NAMES_##table, name, number},
#include "nwfilter/fields.def"
};

static const FieldRow rows[] = {
#define ROW(protocols, attribute, field, role, type, min, max, names)                              \
    {protocols, attribute, FIELD_##field, ROLE_##role, TYPE_##type, min, max, NAMES_##names},
#include "nwfilter/fields.def"
};

const ProtocolInfo *protocol_info(Protocol protocol)
{
    g_assert(protocol < N_PROTOCOLS);
    return &protocols[protocol];
}

Protocol protocol_lookup(const char *element)
{
    for (guint i = 0; i < N_PROTOCOLS; i++) {
        if (*element != '\0' && strcmp(protocols[i].element, element) == 0)
            return (Protocol)i;
    }
    return N_PROTOCOLS;
}

guint field_bits(Field field)
{
    g_assert(field < N_FIELDS);
    return bits[field];
}

const FieldRow *field_rows(guint *n_rows)
{
    *n_rows = G_N_ELEMENTS(rows);
    return rows;
}

const FieldRow *field_row_lookup(Protocol protocol, const char *attribute)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].protocols & 1u << protocol && strcmp(rows[i].attribute, attribute) == 0)
            return &rows[i];
    }
    return NULL;
}

const FieldRow *field_row_base(Protocol protocol, const FieldRow *row)
{
    for (const FieldRow *base = row - 1; base >= rows; base--) {
        if (base->protocols & 1u << protocol && base->field == row->field &&
            base->role == ROLE_VALUE)
            return base;
    }
    return NULL;
}

const char *field_name_format(NameTable table, guint64 number)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].table == table && names[i].number == number)
            return names[i].name;
    }
    return NULL;
}

gboolean field_name_parse(NameTable table, const char *word, guint64 *number)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].table == table && g_ascii_strcasecmp(names[i].name, word) == 0) {
            *number = names[i].number;
            return TRUE;
        }
    }
    return FALSE;
}

const char *field_name_nth(NameTable table, guint n)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].table == table && n-- == 0)
            return names[i].name;
    }
    return NULL;
}
