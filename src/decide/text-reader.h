/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/error.h"
#include "decide/ir.h"

/*
 * Purpose: the words of a program's text form, for text-parse.c.
 * Owner: who holds a Reader frees its error.
 */

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* One line at a time, by a cursor that remembers the first error: after it every reader fails, so
 * callers check once. */
typedef struct {
    const char *at; /* rest of the line */
    guint line;
    GError *error;
    IrProgram *program;
} Reader;

/* Remembers the first error; FALSE, always. */
gboolean reader_fail(Reader *reader, const char *expected);

/* Takes exactly this text, when it is there; reader_expect() fails when it is not. */
gboolean reader_take(Reader *reader, const char *word);
gboolean reader_expect(Reader *reader, const char *word);

/* A decimal number of at most `max`. */
guint64 reader_number(Reader *reader, guint64 max);

/* The longest run of characters of `set`; NULL and an error when there is none. The caller frees.
 */
char *reader_run(Reader *reader, const char *set, const char *expected);

/* A text in quotes, and a filter's name, which may be one. The caller frees. */
char *reader_quoted(Reader *reader);
char *reader_name(Reader *reader);

/* A number of a field of `bits`, in the form that its kind has. */
IrValue reader_value(Reader *reader, guint bits);
