/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/element.h"

/*
 * What a failed request is answered with: an HTTP status and, but for an unknown resource, a fault.
 * REST_ERROR is for what fails before the engine is asked; engine errors are mapped here too.
 */

#define REST_ERROR rest_error_quark()
typedef enum {
    REST_ERROR_SYNTAX,       /* 400: a body that is not XML or JSON, or over its limits */
    REST_ERROR_INCOMPLETE,   /* 400: a required element is missing */
    REST_ERROR_PARAMETER,    /* 400: bad query parameter, header or id */
    REST_ERROR_NOT_FOUND,    /* 404, empty body: no such resource */
    REST_ERROR_METHOD,       /* 405 */
    REST_ERROR_ACCEPT,       /* 406 */
    REST_ERROR_TOO_LARGE,    /* 413 */
    REST_ERROR_CONTENT_TYPE, /* 415 */
    REST_ERROR_LIMITED,      /* 429: too many wrong passwords */
    REST_ERROR_BUSY,         /* 503: over one of the server's limits */
} RestError;
GQuark rest_error_quark(void);

guint fault_status(const GError *error);

/* The fault's element, or NULL where the body stays empty. For an action it is wrapped as
 * <action><fault/><status>failed</status></action>. */
Element *fault_element(const GError *error, gboolean action);
