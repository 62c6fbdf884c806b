/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "kernel/wire.h"

#define FRAME_MIN 60
#define FRAMES 8000
#define REQUESTS 64

static GByteArray *padded(const char *hex)
{
    GByteArray *octets = wire_octets(hex);

    while (octets->len < FRAME_MIN)
        g_byte_array_append(octets, (const guint8 *)"", 1);
    return octets;
}

Lane frame_lane(void)
{
    return (Lane){
        .octets = padded("525400000002 525400000001 0800 4500 002e 0001 0000 40 11 0000"
                         "0a000001 0a000002 03e8 0035 001a 0000"),
        .repeat = FRAMES,
        .receivers = 1,
    };
}

Lane frame_arp_lane(guint receivers)
{
    return (Lane){
        .octets = padded("ffffffffffff 525400000001 0806 0001 0800 06 04 0001"
                         "525400000001 0a000001 000000000000 0a000002"),
        .repeat = REQUESTS,
        .batch = 1,
        .receivers = receivers,
    };
}
