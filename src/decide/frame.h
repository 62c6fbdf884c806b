/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/facts.h"
#include <glib.h>

/*
 * A frame in memory, and the host's way to its facts: the parser of decide/parse.h compiled for a
 * buffer. What BPF code sees in an skb, the host sees here, octet for octet.
 */

typedef struct {
    const guint8 *octets; /* from the destination MAC on */
    gsize length;
    struct facts_tag tag; /* beside the frame, as the kernel keeps it; type 0: none */
} Frame;

/* The two views. All of *facts is written; what `has` does not vouch for is zero. */
void frame_parse(const Frame *frame, guint want, struct facts *facts);
void frame_unwrap(const Frame *frame, guint want, struct facts *facts);

/* Takes the outermost 802.1Q or 802.1ad tag out of the octets and puts it beside them, as the
 * kernel does with what it receives: the same facts either way. Writes length - 4 octets to
 * `octets`, of which there must be room for `length`, and returns the new frame; a frame without
 * such a tag, or with one already beside it, comes back as it is. */
Frame frame_untag(const Frame *frame, guint8 *octets);
