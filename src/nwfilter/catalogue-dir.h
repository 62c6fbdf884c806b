/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/catalogue.h"

/*
 * Purpose: a catalogue in a directory, one file NAME.xml a filter, as libvirt keeps its own.
 * Invariant: a file is always whole: written beside, synced, renamed. What cannot be read is
 * reported and left alone; it never stops the rest.
 */

typedef enum {
    CATALOGUE_LOAD_NONE = 0,
    CATALOGUE_LOAD_ADD_UUIDS = 1 << 0, /* write back a random UUID to a file that has none */
    CATALOGUE_LOAD_KEEP = 1 << 1,      /* pass over a name the catalogue has already */
} CatalogueLoadFlags;

/*
 * Reads every *.xml of the directory, in the order of names, into the catalogue. *problems gets one
 * GError for each fault (unref when done): all of a damaged file's, a name that differs from the
 * file's, identities that are taken, limits. FALSE only when the directory itself cannot be read.
 */
gboolean catalogue_load(Catalogue *catalogue, const char *directory, CatalogueLoadFlags flags,
                        GPtrArray **problems, GError **error);

/* Writes one filter of the catalogue, mode 0600. Errors: G_FILE_ERROR. */
gboolean catalogue_save(const Catalogue *catalogue, const char *name, const char *directory,
                        GError **error);

/* Removes its file; one that is gone already is no error. Errors: G_FILE_ERROR. */
gboolean catalogue_remove_file(const char *name, const char *directory, GError **error);
