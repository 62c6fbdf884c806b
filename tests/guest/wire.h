/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * What travels between the lab and a guest's tool, both ways as Ethernet frames: a VM's serial
 * console goes into a log file, so it can only answer. tests/lab/frames.py holds the same numbers.
 *
 * All fields are in network order.
 */

#define WIRE_TYPE_ORDER 0x88b5 /* IEEE 802 local experimental EtherType 1 */
#define WIRE_TYPE_TEST 0x88b6  /* and 2: the test frames that are neither ARP nor IP */

#define WIRE_ORDER_MAGIC "TWORDER1"
#define WIRE_TAG_MAGIC "TWFRAME1"
#define WIRE_MAGIC_SIZE 8

/* The payload of an order: who is meant (every order is a broadcast), and a text of length bytes. A
 * repeated id is the same order again: it is answered, not obeyed a second time. */
struct wire_order {
    char magic[WIRE_MAGIC_SIZE];
    uint8_t target[6];
    uint32_t id;
    uint16_t length;
} __attribute__((packed));

/* What makes a test frame countable; it stands anywhere in the frame. */
struct wire_tag {
    char magic[WIRE_MAGIC_SIZE];
    uint32_t run;  /* one use of the scenario */
    uint8_t kind;  /* which sort of frame */
    uint8_t flags; /* WIRE_MARKER: an honest frame that ends a kind */
    uint16_t sequence;
} __attribute__((packed));

#define WIRE_MARKER 1
#define WIRE_SEQUENCES 16384 /* sequence is below this */
