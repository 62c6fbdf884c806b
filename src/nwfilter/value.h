/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "nwfilter/field.h"

/*
 * Purpose: a value of the filter language: text in, one comparable form out, and back.
 * Owner: the holder of a Value calls value_clear; only SETNAME and TEXT own memory.
 * Invariant: two equal values of a type have the same number (or bytes, or text).
 */

/* Bits of a TYPE_STATES number, in print order. NONE stands alone. */
enum {
    STATE_NEW = 1 << 0,
    STATE_ESTABLISHED = 1 << 1,
    STATE_RELATED = 1 << 2,
    STATE_INVALID = 1 << 3,
    STATE_NONE = 1 << 4,
};

typedef struct {
    ValueType type;
    gboolean hex;   /* NUMBER: written in hexadecimal, printed so again */
    guint64 number; /* NUMBER, DECIMAL, BOOLEAN: itself. MAC, MACMASK: 48 bits, first octet highest.
                       IP4: host order. IP4MASK, IP6MASK: prefix length. STATES: STATE_ bits.
                       TCPFLAGS: mask << 8 | flags, FIN lowest. SETFLAGS: count << 8 | bits, bit i
                       set where the i-th direction is src */
    guint8 ip6[16]; /* IP6: network order */
    char *text;     /* SETNAME, TEXT; else NULL */
} Value;

/*
 * Reads text as the row's type within the row's limits. On failure returns FALSE, leaves *value
 * untouched and sets *expected to a static or g_intern'ed phrase such as "a number from 0 to 63".
 */
gboolean value_parse(const FieldRow *row, const char *text, Value *value, const char **expected);

/* That phrase: what a row takes. Never freed. */
const char *value_expected(const FieldRow *row);

/* As libvirt prints it; text is not XML-escaped. The caller frees. */
char *value_format(const FieldRow *row, const Value *value);

void value_copy(Value *to, const Value *from);
void value_clear(Value *value);

/* As memcmp, over values of one type. The form (hex) does not count. */
int value_compare(const Value *a, const Value *b);
