/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/space.h"

/* The variables, in their order from the root down: what decides about the others comes first. */

typedef struct {
    char *text; /* "above N of KEY" */
    char *key;
    guint64 above;
    guint variable;
} SpaceLimit;

struct Space {
    BddStore *store;
    guint n_variables; /* numbers given out; 0 is none */
    guint wrapped;
    guint has[32];           /* by number of the bit */
    guint has_vlan, has_stp; /* of the outermost view */
    guint outer_type[16];
    guint fields[IR_N_FIELDS][128]; /* by bit, the highest first */
    guint own[48];                  /* the port's MAC, the highest bit first; 0: not free */
    guint options, states, reply;
    GArray *limits; /* SpaceLimit, their variables at the end */
    Bdd frames;     /* 0 until asked */
};

/* The frames in which bit `bit` (0: the highest) of the field is set. */
Bdd space_bit(Space *space, SpaceView view, IrField field, guint bit);
