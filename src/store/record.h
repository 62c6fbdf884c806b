/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/entities.h"

/*
 * One table per entity: its members, their types and the columns they are stored in. Copying,
 * freeing, reading and writing an entity all walk this table, so that a new member is one new row
 * here and one new column in a migration.
 */

typedef enum {
    FIELD_TEXT,   /* char *, owned; NULL is stored as NULL */
    FIELD_BOOL,   /* gboolean */
    FIELD_INT,    /* int or an enum */
    FIELD_UINT,   /* guint */
    FIELD_UINT16, /* guint16 */
    FIELD_INT64,  /* gint64 */
    FIELD_UINT64, /* guint64 below 2^63 */
} FieldType;

typedef struct {
    const char *column;
    FieldType type;
    gsize offset;
} Field;

typedef enum {
    ENTITY_OPTION,
    ENTITY_DATA_CENTER,
    ENTITY_CLUSTER,
    ENTITY_HOST,
    ENTITY_NETWORK,
    ENTITY_VM,
    ENTITY_NIC,
    ENTITY_NETWORK_FILTER,
    ENTITY_EVENT,
    ENTITY_KIND_COUNT,
} EntityKind;

#define RECORD_MAX_FIELDS 32

/* fields[0] is the key. */
typedef struct {
    const char *table;
    const char *word; /* how messages call one of them */
    gsize size;
    const Field *fields;
    guint n_fields;
    const char *name_column; /* what a reference by name compares; NULL for none */
    const char *order;       /* the order lists come in when nothing else is asked for */
    GDestroyNotify free;
} Record;

extern const Record records[ENTITY_KIND_COUNT];

/* The field stored in that column, or NULL. */
const Field *record_field(const Record *record, const char *column);

gpointer record_copy(const Record *record, gconstpointer from);
void record_free(const Record *record, gpointer entity);
