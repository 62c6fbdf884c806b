/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/resource.h"

/*
 * The API's routes, as one table: which path, which method, which handler.
 */
typedef enum {
    METHOD_GET, /* also HEAD */
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_COUNT,
} Method;

typedef struct {
    const char *pattern; /* "vms/{id}/nics"; {id} is a UUID, {number} a decimal number */
    const Resource *resource;
    Handler handlers[METHOD_COUNT]; /* NULL: method not allowed */
    gboolean action;                /* failures are told in an <action> */
} Route;

/* segments: the decoded path below the base, NULL-terminated. ids[0..1] borrow from it. NULL with
 * REST_ERROR_NOT_FOUND, or REST_ERROR_PARAMETER when an id is malformed. */
const Route *route_find(const char *const *segments, const char *ids[2], GError **error);

/* FALSE for a method the API does not know at all. */
gboolean method_parse(const char *text, Method *method);

/* "GET, HEAD, POST": the value of the Allow header. */
char *route_allow(const Route *route);

/* The collections of the entry point, for its links. NULL-terminated; free the array only. */
const char **route_collections(void);

Element *api_get(Call *call, GError **error);
