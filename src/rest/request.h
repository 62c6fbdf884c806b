/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/route.h"

/*
 * One API request, from its head to its reply, without HTTP around it. Built on the main loop from
 * the head alone; a mistake found there is kept and becomes the reply, without asking the engine.
 * request_run() parses the body, calls the handler and builds the reply's bytes: on the worker.
 */
typedef struct {
    const char *method;
    const char *path;  /* as in the request line, percent-encoded, without the query */
    const char *query; /* or NULL */
    const char *accept, *content_type, *version, *correlation_id; /* headers, or NULL */
} RequestHead;

typedef enum { FORMAT_XML, FORMAT_JSON } Format;

typedef struct {
    guint status;
    const char *content_type; /* NULL: empty body */
    GBytes *body;
    char *location, *allow, *link; /* headers, or NULL */
} Reply;

typedef struct Request Request;

#define CORRELATION_ID_LIMIT 50 /* oVirt's */

Request *request_new(const RequestHead *head);
void request_free(Request *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

/* The mistake found in the head, or NULL. */
const GError *request_error(const Request *request);

void request_set_body(Request *request, GBytes *body);
void request_set_user(Request *request, const char *user);

/* [worker] NULL with error set leaves no change behind: the engine takes back what was begun. The
 * error becomes the reply by request_fault(). */
Reply *request_run(Request *request, Engine *engine, GError **error);
/* The fault for error, in the format and shape the request asked for. */
Reply *request_fault(const Request *request, const GError *error);

Reply *reply_new(guint status, const char *content_type, GBytes *body); /* takes body */
void reply_free(Reply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reply, reply_free)
