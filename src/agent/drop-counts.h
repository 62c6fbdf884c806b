/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

/*
 * What tapwalld has dropped on this host, by port, at one moment. Immutable, shared between threads
 * by reference.
 */
typedef struct DropCounts DropCounts;

typedef struct {
    guint64 from_vm, to_vm; /* frames since the port was bound */
} DropCount;

/* From the answer to Ports.list (docs/operator.md). What is not of that shape is passed over. */
DropCounts *drop_counts_from_json(JsonNode *answer);
DropCounts *drop_counts_ref(DropCounts *counts);
void drop_counts_unref(DropCounts *counts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DropCounts, drop_counts_unref)

/* NULL when tapwalld does not filter that port; counts and port may be NULL. Borrowed. */
const DropCount *drop_counts_lookup(const DropCounts *counts, const char *port);
