/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

/*
 * Checking what a caller sent against a table of what a verb or a dictionary takes.
 *
 * VDSM's command line client sends every value as a string, so numbers and booleans are taken in
 * that form too. What comes out has the table's types; keys outside the table are left out, as VDSM
 * ignores them. A null stays a null: it means "not given" except where a caller says otherwise.
 */

typedef enum {
    PARAM_NAME,   /* a string of up to 255 bytes; a number is taken as its digits */
    PARAM_STRING, /* a string of up to 4 KiB */
    PARAM_TEXT,   /* a string of up to 1 MiB: XML */
    PARAM_UINT,   /* 0 .. 2^32-1, also as decimal digits in a string */
    PARAM_BOOL,   /* true, false, 1, 0, also as strings in any case */
    PARAM_OBJECT,
    PARAM_LIST, /* up to 256 members */
} ParamType;

typedef struct {
    const char *name; /* NULL ends a table */
    ParamType type;
    gboolean required;
} Param;

/* A verb's parameters, by name or by position in the table. Errors are RPC_INVALID_PARAMS. */
JsonObject *params_read(const char *method, const Param *table, JsonNode *params, GError **error);

/* A dictionary inside the parameters; what names it in errors, which are RPC_MISSING_PARAMETER
 * (VDSM's text) and RPC_INVALID_PARAMETER. */
JsonObject *dict_read(const char *what, const Param *table, JsonObject *dict, GError **error);

/* Members of what the functions above returned; the fallback (NULL) when absent or null. Borrowed.
 */
const char *dict_string(JsonObject *dict, const char *name);
guint64 dict_uint(JsonObject *dict, const char *name, guint64 fallback);
gboolean dict_bool(JsonObject *dict, const char *name, gboolean fallback);
JsonObject *dict_object(JsonObject *dict, const char *name);
JsonArray *dict_list(JsonObject *dict, const char *name);

/* TRUE for 1 to 255 of the characters of [A-Za-z0-9_.-] that do not begin with '.' or '-': names of
 * filters, VMs, bridges. Never a path. */
gboolean name_is_plain(const char *name);

/* VDSM's "message: {'key': 'value'}". */
char *context_message(const char *message, const char *key, const char *value);
