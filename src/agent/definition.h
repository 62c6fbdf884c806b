/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "agent/nic.h"

/*
 * What a domain is made of, read from its XML: the live one wherever there is one, so that reports
 * show what libvirt has. Immutable once made, shared between threads by reference.
 */
typedef struct {
    char *vm_id, *name;
    guint64 memory_mib;
    guint vcpus;
    GPtrArray *nics; /* of Nic */
    char *xml;
    char *hash;    /* changes whenever the XML does */
    gboolean ours; /* made by this agent or one like it */
} Definition;

/* what names the XML in errors, which are RPC_INVALID_PARAMETER. */
Definition *definition_parse(const char *what, const char *xml, GError **error);
Definition *definition_ref(Definition *definition);
void definition_unref(Definition *definition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Definition, definition_unref)

/* The NIC that alias names, or else the one with that MAC; NULL arguments name nothing. Borrowed.
 */
const Nic *definition_nic(const Definition *definition, const char *alias, const char *mac);

/* The metadata element (metadata.h) of the NICs, without the one that has MAC leave_out (may be
 * NULL) and with extra (may be NULL). */
char *definition_metadata(const Definition *definition, const char *leave_out, const Nic *extra);
