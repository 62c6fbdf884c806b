/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: fields.def as C: which protocol elements there are, and which attributes each takes.
 * Owner: constant tables; nothing here is ever freed or changed.
 * Does not: know values (value.h) or rules (filter.h).
 */

typedef enum {
#define PROTOCOL(id, element, half, family, ip_protocol) PROTOCOL_##id,
#include "nwfilter/fields.def"
    N_PROTOCOLS
} Protocol;

typedef enum {
#define FIELD(id, bits) FIELD_##id,
#include "nwfilter/fields.def"
    N_FIELDS
} Field;

/* Which half of the evaluation judges a rule. */
typedef enum {
    HALF_L2,   /* the chain tree */
    HALF_INET, /* the flat list with connection state */
} Half;

typedef enum {
    ROLE_VALUE, /* starts a condition on its field */
    ROLE_MASK,  /* the mask of the condition that the VALUE row before it starts */
    ROLE_END,   /* the upper end of that condition's range */
    ROLE_CONNLIMIT,
    ROLE_STATE,
    ROLE_IPSET,
    ROLE_IPSETFLAGS,
    ROLE_COMMENT,
} Role;

/* How text becomes a value; Value (value.h) says how each is stored. */
typedef enum {
    TYPE_NUMBER,  /* decimal, 0x hex, or a name of the row's table */
    TYPE_DECIMAL, /* decimal only */
    TYPE_MAC,
    TYPE_MACMASK, /* leading ones only */
    TYPE_IP4,
    TYPE_IP4MASK, /* a length or a dotted mask of leading ones */
    TYPE_IP6,
    TYPE_IP6MASK,
    TYPE_BOOLEAN,
    TYPE_STATES,
    TYPE_TCPFLAGS,
    TYPE_SETNAME,
    TYPE_SETFLAGS,
    TYPE_TEXT,
} ValueType;

typedef enum { NAMES_NONE, NAMES_ETHERTYPE, NAMES_OPCODE, NAMES_IP_PROTOCOL } NameTable;

typedef struct {
    const char *element; /* "" for PROTOCOL_NONE */
    Half half;
    guint family;    /* 4, 6, or 0 */
    int ip_protocol; /* -1: any, or not of this half */
} ProtocolInfo;

/* One attribute of one or more protocols. Its index in the table is its place in the print order.
 */
typedef struct {
    guint32 protocols; /* bit 1 << Protocol for each that takes it */
    const char *attribute;
    Field field;
    Role role;
    ValueType type;
    guint32 min, max; /* numbers, both included; other types: max is a length or 0 */
    NameTable names;
} FieldRow;

/* Never NULL. */
const ProtocolInfo *protocol_info(Protocol protocol);

/* The element's protocol, or N_PROTOCOLS. */
Protocol protocol_lookup(const char *element);

/* Width on the wire in bits; 0 for FIELD_NONE. */
guint field_bits(Field field);

/* All rows, in print order. */
const FieldRow *field_rows(guint *n_rows);

/* The row of an attribute in an element, or NULL when that element has no such attribute. */
const FieldRow *field_row_lookup(Protocol protocol, const char *attribute);

/* The VALUE row that a MASK or END row belongs to in this protocol. */
const FieldRow *field_row_base(Protocol protocol, const FieldRow *row);

/* The word for a number, NULL when there is none. */
const char *field_name_format(NameTable table, guint64 number);

/* FALSE when the table lacks the word (read in any case). */
gboolean field_name_parse(NameTable table, const char *word, guint64 *number);

/* The i-th word of a table, NULL at its end. For messages and docs. */
const char *field_name_nth(NameTable table, guint i);
