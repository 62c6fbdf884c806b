/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "decide/frame.h"

/*
 * Purpose: a dropped frame as tapwalld tells it, for watch and capture.
 * Owner: drop_clear.
 */

typedef struct {
    char *port;   /* NULL: bound no more */
    gint64 time;  /* ns since 1970 */
    char *way;    /* "out", "in" */
    char *rule;   /* "FILTER:LINE", or NULL */
    char *reason; /* the rule's comment, or the reason's word; or NULL */
    gint64 suppressed;
    guint length; /* of the whole frame, its tag not counted */
    struct facts_tag tag;
    GByteArray *octets; /* its beginning */
} Drop;

/* FALSE when the event is not one. */
gboolean drop_read(Drop *drop, JsonObject *params);
void drop_clear(Drop *drop);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Drop, drop_clear)

/* The frame with its tag where it is on the wire; the caller unrefs. */
GByteArray *drop_frame(const Drop *drop);

/* A frame in a line: "52:54:00:00:00:02 > ff:ff:ff:ff:ff:ff vlan 5 arp who-has 10.0.0.1 tell
 * 10.0.0.2 (52:54:00:00:00:02)". The caller frees. */
char *frame_words(const Frame *frame);
