/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: what can be wrong with a filter, and where.
 * An error of this domain carries its place beside its message. The message is libvirt's text where
 * libvirt knows the error, then what was expected; the place is not part of it, so that a tool can
 * print "file:line: message" and a server can answer in libvirt's words.
 */

typedef enum {
    NWFILTER_ERROR_XML,            /* not well-formed, or another root element */
    NWFILTER_ERROR_INVALID,        /* a name, chain, number or structure that is not allowed */
    NWFILTER_ERROR_UNSUPPORTED,    /* a word that the language does not have */
    NWFILTER_ERROR_VALUE,          /* an attribute's or variable's value is illegal */
    NWFILTER_ERROR_WITHOUT_EFFECT, /* it would be silently ignored, so it is refused */
    NWFILTER_ERROR_LIMIT,
    NWFILTER_ERROR_EXISTS,     /* the name or the UUID is taken */
    NWFILTER_ERROR_LOOP,       /* a filter would include itself */
    NWFILTER_ERROR_NOT_FOUND,  /* no such filter */
    NWFILTER_ERROR_REFERENCE,  /* an included filter does not exist */
    NWFILTER_ERROR_IN_USE,     /* a port uses it */
    NWFILTER_ERROR_MISSING,    /* variables without a value */
    NWFILTER_ERROR_CARDINALITY /* parallel lists of different length */
} NwfilterError;

typedef struct {
    char *file; /* NULL when unknown */
    guint line; /* 0 when unknown */
    char *attribute;
    char *value;
    char *expected;
    int libvirt; /* VIR_ERR_ number a libvirt client gets (virterror.h) */
} NwfilterErrorPlace;

#define NWFILTER_ERROR (nwfilter_error_quark())
GQuark nwfilter_error_quark(void);

/* The place of an error of this domain, never NULL; NULL for another domain. */
const NwfilterErrorPlace *nwfilter_error_place(const GError *error);

/* The message as a libvirt client shows it: with the words that belong to the VIR_ERR_ number. The
 * caller frees. */
char *nwfilter_error_libvirt_message(const GError *error);

/* "file:line: message", leaving out what is unknown. The caller frees. */
char *nwfilter_error_format(const GError *error);

/* A new error; libvirt is the VIR_ERR_ number, format the message. */
GError *nwfilter_error_new(NwfilterError code, int libvirt, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Adds the place; NULL and 0 leave a part as it is. */
void nwfilter_error_set_place(GError *error, const char *file, guint line);

/* Adds what was read and what should have been; the message gains ": expected ...". */
void nwfilter_error_set_value(GError *error, const char *attribute, const char *value,
                              const char *expected);
