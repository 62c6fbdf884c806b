/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "filterd/operator/operator.h"

/* What the files of the operator's server share. */

/* What a call is about. Borrowed. */
typedef struct {
    Filterd *filterd;
    const FilterdSettings *settings;
    gint64 started; /* g_get_real_time() */
} OperatorContext;

/* Runs a method and gives the JSON text of its result. params is an object, an array or NULL.
 * Errors: RPC_ERROR, FILTERD_ERROR. */
GString *operator_verb_run(const OperatorContext *context, const char *method, JsonNode *params,
                           GError **error);

/* ---- JSON text, appended ---- */

/* "name":"text", or null for NULL; a comma goes before it unless something just opened. */
void json_add_text(GString *json, const char *name, const char *text);
void json_add_number(GString *json, const char *name, guint64 number);
/* "name": and what the caller appends next; name NULL: an element of an array. */
void json_add(GString *json, const char *name);

void json_add_port(GString *json, const FilterdPort *port);
void json_add_counter(GString *json, const FilterdCounter *counter);

/* The state's word: "waiting". */
const char *port_state_word(FilterdPortState state);

/* "out" of PLAN_FROM_VM, "in". */
const char *way_word(guint way);

/* The parameters of the event of a drop. */
JsonNode *drop_event(const FilterdDrop *drop);
