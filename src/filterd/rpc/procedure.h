/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/rpc/session.h"

/*
 * Purpose: the procedures of libvirt's protocol that are served: a table. A handler decodes
 * nothing and encodes nothing: it gets the arguments, makes its call, and fills in the result,
 * whose parts are g_malloc'd and freed by who asked.
 */

typedef gboolean (*ProcedureFunc)(Session *session, gconstpointer arguments, gpointer result,
                                  GError **error);

typedef enum {
    PROCEDURE_EARLY = 1 << 0,  /* before OPEN, too */
    PROCEDURE_WRITES = 1 << 1, /* not for read-only clients */
} ProcedureFlags;

typedef struct {
    gint32 number;
    const char *name; /* the function of libvirt's API, for messages */
    MessageForm arguments, result;
    guint flags;
    ProcedureFunc run; /* NULL: known, and not supported */
} Procedure;

#define PROCEDURE_LAST 443 /* of libvirt 9.0.0; most are about what no filter daemon has */

/* NULL when nothing is known of that number. */
const Procedure *procedure_lookup(gint32 number);

/* connection-calls.c */
gboolean call_open(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_close(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_type(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_uri(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_library(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_feature(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_auth(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_yes(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_nothing(Session *session, gconstpointer arguments, gpointer result, GError **error);

/* filter-calls.c */
gboolean call_filter_by_name(Session *session, gconstpointer arguments, gpointer result,
                             GError **error);
gboolean call_filter_by_uuid(Session *session, gconstpointer arguments, gpointer result,
                             GError **error);
gboolean call_filter_xml(Session *session, gconstpointer arguments, gpointer result,
                         GError **error);
gboolean call_filter_count(Session *session, gconstpointer arguments, gpointer result,
                           GError **error);
gboolean call_filter_names(Session *session, gconstpointer arguments, gpointer result,
                           GError **error);
gboolean call_filters(Session *session, gconstpointer arguments, gpointer result, GError **error);
gboolean call_filter_define(Session *session, gconstpointer arguments, gpointer result,
                            GError **error);
gboolean call_filter_define_flags(Session *session, gconstpointer arguments, gpointer result,
                                  GError **error);
gboolean call_filter_undefine(Session *session, gconstpointer arguments, gpointer result,
                              GError **error);

/* binding-calls.c */
gboolean call_binding_by_port(Session *session, gconstpointer arguments, gpointer result,
                              GError **error);
gboolean call_binding_xml(Session *session, gconstpointer arguments, gpointer result,
                          GError **error);
gboolean call_binding_create(Session *session, gconstpointer arguments, gpointer result,
                             GError **error);
gboolean call_binding_delete(Session *session, gconstpointer arguments, gpointer result,
                             GError **error);
gboolean call_bindings(Session *session, gconstpointer arguments, gpointer result, GError **error);

/* "connection not open", as libvirt says it for calls about filters, or about the connection. */
GError *not_open(gboolean about_filters);

/* The flags a call may have. FALSE with libvirt's text when there are others. */
gboolean flags_check(guint flags, guint known, const char *function, GError **error);
