/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/kernel.h"
#include "datapath/shape.h"

/*
 * Purpose: which shape is where in the kernel's table of programs. A shape takes two entries, one
 * for each way; ports share it by its digest.
 * Owner: shape_table_free; the kernel's table stays.
 * Does not: know ports; it counts who uses an entry.
 */

typedef struct ShapeTable ShapeTable;

/* Finds what is in the kernel already; nobody uses it yet. */
ShapeTable *shape_table_new(const Kernel *kernel, GError **error);
void shape_table_free(ShapeTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ShapeTable, shape_table_free)

/* One more user of a shape, loaded first when it is new. *index is its place. Errors: LIMIT when
 * the table is full, KERNEL. */
gboolean shape_table_use(ShapeTable *table, Shape *shape, guint *index, GError **error);

/* One more user of a place found in a row. FALSE when there is nothing. */
gboolean shape_table_use_found(ShapeTable *table, guint index);

/* Whether what is in that place is this shape. */
gboolean shape_table_is(const ShapeTable *table, guint index, const Shape *shape);

/* One less; the last one takes the programs away. */
void shape_table_drop(ShapeTable *table, guint index);

/* All that nobody uses goes. */
void shape_table_clean(ShapeTable *table);

guint shape_table_program(guint index, guint way); /* entry in the table of programs */
guint shape_table_index(guint program);            /* back */
