/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/bdd.h"
#include "decide/binding.h"
#include "decide/ir.h"

/*
 * Purpose: the space of all frames that a port can see, with all that is known beside them, as sets
 * over boolean variables; and what a program passes as such a set.
 * Owner: space_free. Its sets live as long as it does.
 *
 * A frame is plain, or wrapped in tags or LLC/SNAP. A plain frame has one view. A wrapped one has
 * two: OUTERMOST, with a type of its own and perhaps a first tag, and INSIDE, which is what a plain
 * frame would be. So one set of fields serves plain frames and the inside of wrapped ones; MACs
 * (and a BPDU directly behind one tag) are the same in both views.
 *
 * space_frames() holds exactly the frames that can be: which facts exclude or imply each other is
 * in space-frames.c. Left out are frames that are refused by our limits (every program with rules
 * drops them), and frames whose octets are a BPDU and an IP or ARP header at once.
 *
 * Connection state, direction of the flow and exceeded limits are free, as far as a frame can have
 * any.
 */

typedef enum { SPACE_INSIDE, SPACE_OUTERMOST } SpaceView;

typedef struct Space Space;

#define SPACE_NODES_MAX (6u * 1024 * 1024)

Space *space_new(void);

/* The same over all ports, too: the MAC that the port itself has, its variable MAC, is free. A
 * program then means by $MAC this one, whatever it is bound to. */
Space *space_new_any_mac(void);
void space_free(Space *space);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Space, space_free)

BddStore *space_store(Space *space);

/* All frames. */
Bdd space_frames(Space *space);

/* The frames that are wrapped. */
Bdd space_wrapped(Space *space);

/* The frames of which, in this view, the fact holds. */
Bdd space_has(Space *space, SpaceView view, guint bits);
Bdd space_in(Space *space, SpaceView view, IrField field, IrValue first, IrValue last);
Bdd space_equal(Space *space, SpaceView view, IrField field, guint64 value);
Bdd space_masked(Space *space, SpaceView view, IrField field, IrValue value, IrValue mask);

/* Of a space with a free MAC: the frames whose field is the port's MAC, as far as the mask goes,
 * and the ports whose MAC can be one: of a single station, and not zero. */
Bdd space_own(Space *space, SpaceView view, IrField field, IrValue mask);
Bdd space_own_possible(Space *space);

Bdd space_option(Space *space, guint kind);
Bdd space_state(Space *space, guint states);
Bdd space_reply(Space *space);

/* A limit by what it counts and its figure: equal ones are exceeded together. */
Bdd space_over(Space *space, const char *key, guint64 above);

/* ---- programs ---- */

/* What a program makes of all frames in one view. `taken` holds, for each origin, the frames at
 * which a rule of that line decided something (a return too); NULL when nobody asks. */
typedef struct {
    Bdd passes;
    Bdd *taken;
} SpaceVerdict;

SpaceVerdict space_run(Space *space, SpaceView view, const IrProgram *program,
                       const IrBinding *binding, gboolean wants_taken);

/* ---- one frame of a set ---- */

/* What a frame of the set is, with pleasant values where the set leaves a choice. */
typedef struct {
    gboolean is_wrapped;
    struct facts inside;    /* of a plain frame: the frame */
    struct facts outermost; /* of a wrapped one: eth_type, vlan_*, has */
    guint64 own;            /* the port's MAC, where that is free */
    guint state;
    gboolean reply;
    GHashTable *over; /* "above N of KEY" -> itself, for the limits that are exceeded */
} SpacePoint;

SpacePoint *space_pick(Space *space, Bdd set);
void space_point_free(SpacePoint *point);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpacePoint, space_point_free)

/* TRUE when the point says that this limit is exceeded. */
gboolean space_point_is_over(const SpacePoint *point, const char *key, guint64 above);
