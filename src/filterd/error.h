/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: what a libvirt client is told went wrong. The code of an error of this domain is the
 * number of libvirt's own (virterror.h), its message the detail alone: the words that belong to the
 * number are added by filterd_error_format().
 */

typedef enum {
    FILTERD_ERROR_INTERNAL = 1,
    FILTERD_ERROR_NO_SUPPORT = 3,
    FILTERD_ERROR_NO_CONNECT = 5,
    FILTERD_ERROR_INVALID_ARG = 8,
    FILTERD_ERROR_OPERATION_FAILED = 9,
    FILTERD_ERROR_XML = 27,
    FILTERD_ERROR_OPERATION_DENIED = 29,
    FILTERD_ERROR_PARSE_FAILED = 32,
    FILTERD_ERROR_XML_DETAIL = 35,
    FILTERD_ERROR_SYSTEM = 38,
    FILTERD_ERROR_RPC = 39,
    FILTERD_ERROR_OPERATION_INVALID = 55,
    FILTERD_ERROR_NO_NWFILTER = 62,
    FILTERD_ERROR_CONFIG_UNSUPPORTED = 67,
    FILTERD_ERROR_INVALID_SCHEMA = 92,
    FILTERD_ERROR_INVALID_BINDING = 100,
    FILTERD_ERROR_NO_BINDING = 101,
} FilterdError;

#define FILTERD_ERROR (filterd_error_quark())
GQuark filterd_error_quark(void);

/* libvirt's number for an error of any domain of ours: a filter's own (nwfilter/error.h), INTERNAL
 * for what libvirt has no number for. */
int filterd_error_number(const GError *error);

/* What stands before the detail in a client's message, as "operation failed: %s"; "%s" for numbers
 * that have no words. */
const char *filterd_error_words(int number);

/* The detail, without the number's words. Borrowed from the error. */
const char *filterd_error_detail(const GError *error);

/* The whole message as a client shows it: of an error, or of its two parts. The caller frees. */
char *filterd_error_format(const GError *error);
char *filterd_error_join(int number, const char *detail);
