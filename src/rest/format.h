/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/element.h"

/*
 * The two formats of an element tree. XML is written as oVirt writes it (prolog, indented), read
 * without document types, entities or anything from outside the body. JSON is unwrapped: the root's
 * name does not appear; numbers and booleans are strings, as in oVirt, and are read either way.
 * Both readers take at most FORMAT_COUNT_LIMIT elements; XML is at most FORMAT_DEPTH_LIMIT deep,
 * JSON JSON_TEXT_DEPTH.
 */
#define FORMAT_DEPTH_LIMIT 32
#define FORMAT_COUNT_LIMIT 20000

GBytes *xml_format(const Element *root);
Element *xml_parse(GBytes *body, GError **error);

GBytes *json_format(const Element *root);
/* root_name: the name the unwrapped object stands for. */
Element *json_parse(GBytes *body, const char *root_name, GError **error);

/* ms since 1970 as xs:dateTime in UTC. */
char *format_time(const char *milliseconds);
