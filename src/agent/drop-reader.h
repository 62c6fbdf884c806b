/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/drop-counts.h"

/*
 * Asks tapwalld over its own socket how many frames it has dropped, when told to, and keeps the
 * newest answer. Main loop only. A host without tapwalld has no such socket, and no counts.
 */
typedef struct DropReader DropReader;

/* path "": never asks. */
DropReader *drop_reader_new(const char *path);
void drop_reader_free(DropReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DropReader, drop_reader_free)

/* Asks, unless an earlier question is still open. */
void drop_reader_ask(DropReader *reader);

/* The newest answer; NULL while tapwalld cannot be asked. Borrowed until the main loop goes on. */
DropCounts *drop_reader_counts(const DropReader *reader);
