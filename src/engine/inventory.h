/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/events.h"

/*
 * What the files of data centers, clusters and networks share. verb and type make the messages:
 * "Cannot remove Cluster. ..."
 */

/* [worker] The event of a thing that only has a name. */
gboolean inventory_tell(Engine *engine, EventCode code, const Actor *actor, const char *name,
                        GError **error);

/* "It is still in use" for the store's REFERENCE, else translated; FALSE. */
gboolean inventory_still_used(GError **error, const char *type);

/* [worker] Fills in the default data center where *id is NULL, else checks that there is one. */
gboolean data_center_place(Engine *engine, char **id, GError **error);
