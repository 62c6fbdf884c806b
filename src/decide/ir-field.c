/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/ir.h"
#include <string.h>

static const IrFieldInfo fields[IR_N_FIELDS] = {
#define FACT(id, name, bits, member, guard, form)                                                  \
    [IR_##id] = {                                                                                  \
        name,  bits,          offsetof(struct facts, member), sizeof(((struct facts *)0)->member), \
        guard, IR_FORM_##form},
#include "decide/facts.def"
};

static const struct {
    guint bit, excludes;
} has_rows[] = {
#define HAS(id, name, implies, excludes) {FACTS_##id, excludes},
#include "decide/facts.def"
};

const IrFieldInfo *ir_field_info(IrField field)
{
    g_assert(field < IR_N_FIELDS);
    return &fields[field];
}

gboolean ir_field_parse(const char *name, IrField *field)
{
    for (guint i = 0; i < IR_N_FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            *field = i;
            return TRUE;
        }
    }
    return FALSE;
}

static guint64 member_read(const guint8 *member, guint size)
{
    guint16 two;
    guint32 four;
    guint64 eight;

    switch (size) {
    case 1:
        return *member;
    case 2:
        memcpy(&two, member, sizeof two);
        return two;
    case 4:
        memcpy(&four, member, sizeof four);
        return four;
    default:
        memcpy(&eight, member, sizeof eight);
        return eight;
    }
}

IrValue ir_field_get(IrField field, const struct facts *facts)
{
    const IrFieldInfo *info = ir_field_info(field);
    const guint8 *member = (const guint8 *)facts + info->offset;

    if (info->size == 16)
        return (IrValue){member_read(member, 8), member_read(member + 8, 8)};
    return (IrValue){0, member_read(member, info->size)};
}

IrValue ir_field_max(IrField field)
{
    return ir_prefix_mask(ir_field_info(field)->bits, ir_field_info(field)->bits);
}

int ir_value_compare(IrValue a, IrValue b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low == b.low ? 0 : a.low < b.low ? -1 : 1;
}

IrValue ir_value_and(IrValue a, IrValue b)
{
    return (IrValue){a.high & b.high, a.low & b.low};
}

IrValue ir_value_xor(IrValue a, IrValue b)
{
    return (IrValue){a.high ^ b.high, a.low ^ b.low};
}

gboolean ir_value_is_zero(IrValue value)
{
    return value.high == 0 && value.low == 0;
}

/* The leading `length` of 64 bits. */
static guint64 leading(guint length)
{
    return length == 0 ? 0 : length >= 64 ? G_MAXUINT64 : ~(G_MAXUINT64 >> length);
}

IrValue ir_prefix_mask(guint bits, guint length)
{
    g_assert(bits <= 128 && length <= bits);
    if (bits <= 64)
        return (IrValue){0, length == 0 ? 0 : leading(length) >> (64 - bits)};
    return (IrValue){leading(MIN(length, 64)), leading(length > 64 ? length - 64 : 0)};
}

/* By number of the bit. */
static const guint implied_by[32] = {
#define HAS(id, name, implies, excludes) [__builtin_ctz(FACTS_##id)] = implies,
#include "decide/facts.def"
};

guint ir_has_implied(guint bits)
{
    guint implied = bits;

    for (guint rest = bits; rest != 0; rest &= rest - 1)
        implied |= implied_by[__builtin_ctz(rest)];
    return implied;
}

/* The relation is symmetric: a row whose `excludes` meets what is implied is excluded too. */
guint ir_has_excluded(guint bits)
{
    guint implied = ir_has_implied(bits), excluded = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(has_rows); i++) {
        if (implied & has_rows[i].bit)
            excluded |= has_rows[i].excludes;
        if (implied & has_rows[i].excludes)
            excluded |= has_rows[i].bit;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(has_rows); i++) /* what would bring an excluded bit along */
        if (ir_has_implied(has_rows[i].bit) & excluded)
            excluded |= has_rows[i].bit;
    return excluded;
}
