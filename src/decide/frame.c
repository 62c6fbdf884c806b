/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/frame.h"
#include "decide/parse.h"
#include <string.h>

void frame_parse(const Frame *frame, guint want, struct facts *facts)
{
    struct facts_source source = {frame->octets, frame->length};

    memset(facts, 0, sizeof *facts);
    facts_parse(&source, (__u32)frame->length, frame->tag, want, facts);
}

void frame_unwrap(const Frame *frame, guint want, struct facts *facts)
{
    struct facts_source source = {frame->octets, frame->length};

    memset(facts, 0, sizeof *facts);
    facts_unwrap(&source, (__u32)frame->length, frame->tag, want, facts);
}

Frame frame_untag(const Frame *frame, guint8 *octets)
{
    Frame bare = *frame;

    if (frame->tag.type || frame->length < 18 ||
        !facts_is_kernel_tag(facts_u16(frame->octets + 12)))
        return bare;
    bare.tag.type = facts_u16(frame->octets + 12);
    bare.tag.tci = facts_u16(frame->octets + 14);
    memcpy(octets, frame->octets, 12);
    memcpy(octets + 12, frame->octets + 16, frame->length - 16);
    bare.octets = octets;
    bare.length = frame->length - 4;
    return bare;
}
