/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/ports.h"
#include "filterd/ruleset.h"

/*
 * Purpose: other rules for some ports, tried on all of them before any gets them.
 * Owner: change_commit and change_abandon take it.
 */

typedef struct Change Change;

/*
 * `ports` (of Port *, borrowed until the end of the change) have a device. Nothing is in force
 * yet. Errors name the port after libvirt's text if there are several; a port that has a problem
 * already is left as it is instead.
 */
Change *change_prepare(Datapath *datapath, Ruleset *ruleset, const GPtrArray *ports,
                       GError **error);

/* In force on all of them, and their problems are gone. */
gboolean change_commit(Change *change, GError **error);
void change_abandon(Change *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Change, change_abandon)
