/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/*
 * The guest's network interfaces. Each is brought up as soon as it appears (hot plug too), with a
 * packet socket of its own that sends, receives everything, and counts the tagged frames it
 * receives by kind.
 */

#define NIC_MAX 8
#define NIC_MAC_TEXT 18
#define NIC_KINDS 256

#define NIC_FRAME_MAX 1500

/* A frame being sent again and again, one every interval. */
struct drip {
    uint8_t frame[NIC_FRAME_MAX];
    size_t size;
    unsigned count, next;  /* sequences below next have been sent; count 0: nothing drips */
    int64_t interval, due; /* ms; due: of the monotonic clock */
};

struct nic {
    int index; /* the kernel's ifindex; 0: this entry is free */
    int socket;
    char name[IF_NAMESIZE];
    uint8_t mac[6];
    bool running; /* the link is up */
    struct drip drip;
    uint32_t run; /* the run the counts below belong to */
    uint32_t total[NIC_KINDS];
    uint8_t seen[NIC_KINDS][WIRE_SEQUENCES / 8];
};

/* Makes entry the interface index, up and listening; false (entry still free) when it is no
 * Ethernet interface or cannot be used. */
bool nic_add(struct nic *entry, int index);
void nic_remove(struct nic *nic);
void nic_mac_format(const struct nic *nic, char text[NIC_MAC_TEXT]);

/* One received frame of at most size bytes, or -1 when there is none. What the guest itself sent is
 * left out. */
long nic_receive(struct nic *nic, void *frame, size_t size);

/* Counts a tagged frame; a marker is answered with the counts of its kind. */
void nic_count(struct nic *nic, const uint8_t *frame, size_t size);

/* Sends frame count times, numbering its tag, then an honest marker. NULL, or what went wrong. */
const char *nic_send(struct nic *nic, uint8_t *frame, size_t size, unsigned count);
/* Begins to send frame count times, one every interval ms, by nic_drip(); then the marker follows.
 */
const char *nic_drip_begin(struct nic *nic, const uint8_t *frame, size_t size, unsigned count,
                           int64_t interval);
/* Sends the next frame of what drips, if one is due at the time now (ms). */
void nic_drip(struct nic *nic, int64_t now);
/* Sends one honest broadcast, so that bridges learn where this interface is. */
const char *nic_announce(struct nic *nic);
