/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: rows of text on standard output, in columns as wide as they need to be.
 * Owner: text_table_free.
 */

typedef struct TextTable TextTable;

/* One letter a column: l for left, r for right. The first row is the head. */
TextTable *text_table_new(const char *columns);
void text_table_free(TextTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextTable, text_table_free)

/* The next cell, row by row. Text from a guest or a client has its control characters replaced. */
void text_table_add(TextTable *table, const char *text);
void text_table_add_number(TextTable *table, gint64 number);

/* No blanks at the end of a line. */
void text_table_print(const TextTable *table);

/* What may be shown on a terminal: control characters become '?'. The caller frees. */
char *text_printable(const char *text);
