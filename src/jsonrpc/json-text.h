/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/*
 * JSON text from a peer to a JsonNode. json-glib is lenient (comments, octal numbers, assignments)
 * and recursive; so the text is judged first, by the grammar of RFC 8259 and by limits, in one pass
 * and without recursion.
 *
 * Refused on purpose although RFC 8259 allows them, because a C string or a 64-bit number cannot
 * hold them and half a value is worse than none: U+0000, lone surrogates, numbers out of range.
 */
#define JSON_TEXT_DEPTH 64             /* nested arrays and objects */
#define JSON_TEXT_VALUES (1024 * 1024) /* values in one text */
#define JSON_TEXT_WORKER_SIZE                                                                      \
    (64 * 1024) /* longer texts are for a worker, not for the main loop                            \
                 */

#define JSON_TEXT_ERROR json_text_error_quark()
typedef enum { JSON_TEXT_ERROR_SYNTAX, JSON_TEXT_ERROR_LIMIT } JsonTextError;
GQuark json_text_error_quark(void);

/* TRUE when text is one JSON value within the limits. */
gboolean json_text_check(const char *text, gsize length, GError **error);

/* The value, or NULL. Any thread. */
JsonNode *json_text_parse(GBytes *text, GError **error);

/* The same in a worker thread. */
void json_text_parse_async(GBytes *text, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer data);
JsonNode *json_text_parse_finish(GAsyncResult *result, GError **error);

/* The compact text of a node, which stays the caller's. Members keep their order; text that is not
 * UTF-8 is made so, a double that is not finite is null. (json-glib's own writer makes 1e+300
 * "1e+300.0", which is no JSON.) */
char *json_text_format(JsonNode *node);

/* Appends text as a JSON string with its quotes; what is not UTF-8 is replaced by U+FFFD. */
void json_text_append_string(GString *out, const char *text);
