/* SPDX-License-Identifier: Apache-2.0 */
#include "nic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "console.h"

#define FRAME_MIN 60
#define RECEIVE_BUFFER (4 << 20)

static bool nic_query(struct nic *nic, int fd)
{
    struct ifreq request = {0};
    if (!if_indextoname((unsigned)nic->index, nic->name))
        return false;
    memcpy(request.ifr_name, nic->name, sizeof nic->name);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        return false;
    memcpy(nic->mac, request.ifr_hwaddr.sa_data, sizeof nic->mac);
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return false;
    request.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static bool nic_listen(const struct nic *nic)
{
    const int buffer = RECEIVE_BUFFER;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = nic->index,
    };
    struct packet_mreq everything = {.mr_ifindex = nic->index, .mr_type = PACKET_MR_PROMISC};
    return setsockopt(nic->socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) == 0 &&
           bind(nic->socket, (struct sockaddr *)&address, sizeof address) == 0 &&
           setsockopt(nic->socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything,
                      sizeof everything) == 0;
}

bool nic_add(struct nic *entry, int index)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    memset(entry, 0, sizeof *entry);
    entry->index = index;
    entry->socket = fd;
    if (nic_query(entry, fd) && nic_listen(entry))
        return true;
    nic_remove(entry);
    return false;
}

void nic_remove(struct nic *nic)
{
    close(nic->socket);
    nic->index = 0;
}

void nic_mac_format(const struct nic *nic, char text[NIC_MAC_TEXT])
{
    const uint8_t *mac = nic->mac;
    snprintf(text, NIC_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
             mac[4], mac[5]);
}

long nic_receive(struct nic *nic, void *frame, size_t size)
{
    struct sockaddr_ll from = {0};
    socklen_t length = sizeof from;
    for (;;) {
        ssize_t got =
            recvfrom(nic->socket, frame, size, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
        if (got < 0 || from.sll_pkttype != PACKET_OUTGOING)
            return got;
    }
}

static void nic_start_run(struct nic *nic, uint32_t run)
{
    if (nic->run == run)
        return;
    nic->run = run;
    memset(nic->total, 0, sizeof nic->total);
    memset(nic->seen, 0, sizeof nic->seen);
}

static unsigned count_bits(const uint8_t *bytes, size_t size)
{
    unsigned bits = 0;
    for (size_t i = 0; i < size; i++)
        bits += (unsigned)__builtin_popcount(bytes[i]);
    return bits;
}

static void nic_report(const struct nic *nic, const struct wire_tag *tag)
{
    char mac[NIC_MAC_TEXT];
    nic_mac_format(nic, mac);
    console_say("got %s %u %u %u %u", mac, nic->run, tag->kind,
                count_bits(nic->seen[tag->kind], sizeof nic->seen[0]), nic->total[tag->kind]);
}

void nic_count(struct nic *nic, const uint8_t *frame, size_t size)
{
    struct wire_tag tag;
    const uint8_t *at = memmem(frame, size, WIRE_TAG_MAGIC, WIRE_MAGIC_SIZE);
    if (!at || size - (size_t)(at - frame) < sizeof tag)
        return;
    memcpy(&tag, at, sizeof tag);
    unsigned sequence = ntohs(tag.sequence);
    nic_start_run(nic, ntohl(tag.run));
    if (tag.flags & WIRE_MARKER) {
        nic_report(nic, &tag);
    } else if (sequence < WIRE_SEQUENCES) {
        nic->total[tag.kind]++;
        nic->seen[tag.kind][sequence / 8] |= (uint8_t)(1U << (sequence % 8));
    }
}

static const char *nic_transmit(const struct nic *nic, const void *frame, size_t size)
{
    if (send(nic->socket, frame, size, 0) != (ssize_t)size)
        return strerror(errno);
    return NULL;
}

static const char *nic_mark(struct nic *nic, struct wire_tag tag)
{
    uint8_t frame[FRAME_MIN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint16_t type = htons(WIRE_TYPE_TEST);
    tag.flags |= WIRE_MARKER;
    memcpy(frame + 6, nic->mac, 6);
    memcpy(frame + 12, &type, sizeof type);
    memcpy(frame + ETH_HLEN, &tag, sizeof tag);
    return nic_transmit(nic, frame, sizeof frame);
}

/* Where the tag of a frame to be sent stands; NULL with *problem set. */
static uint8_t *tag_find(uint8_t *frame, size_t size, unsigned count, const char **problem)
{
    uint8_t *at = memmem(frame, size, WIRE_TAG_MAGIC, WIRE_MAGIC_SIZE);
    if (!at || size - (size_t)(at - frame) < sizeof(struct wire_tag))
        *problem = "the frame has no tag";
    else if (count == 0 || count > WIRE_SEQUENCES)
        *problem = "the count must be 1 to 16384";
    else
        return at;
    return NULL;
}

static const char *nic_send_one(struct nic *nic, uint8_t *frame, size_t size, uint8_t *at,
                                unsigned sequence)
{
    uint16_t number = htons((uint16_t)sequence);
    memcpy(at + offsetof(struct wire_tag, sequence), &number, sizeof number);
    return nic_transmit(nic, frame, size);
}

static const char *nic_mark_after(struct nic *nic, const uint8_t *at)
{
    struct wire_tag tag;
    memcpy(&tag, at, sizeof tag);
    return nic_mark(nic, tag);
}

const char *nic_send(struct nic *nic, uint8_t *frame, size_t size, unsigned count)
{
    const char *problem = NULL;
    uint8_t *at = tag_find(frame, size, count, &problem);
    for (unsigned sequence = 0; !problem && sequence < count; sequence++)
        problem = nic_send_one(nic, frame, size, at, sequence);
    return problem ? problem : nic_mark_after(nic, at);
}

const char *nic_drip_begin(struct nic *nic, const uint8_t *frame, size_t size, unsigned count,
                           int64_t interval)
{
    const char *problem = NULL;
    if (size > sizeof nic->drip.frame || interval < 1)
        return "the frame is too long, or the interval is not positive";
    memcpy(nic->drip.frame, frame, size);
    if (!tag_find(nic->drip.frame, size, count, &problem))
        return problem;
    nic->drip.size = size;
    nic->drip.count = count;
    nic->drip.next = 0;
    nic->drip.interval = interval;
    nic->drip.due = 0;
    return NULL;
}

void nic_drip(struct nic *nic, int64_t now)
{
    struct drip *drip = &nic->drip;
    const char *problem = NULL;
    if (drip->count == 0 || now < drip->due)
        return;
    drip->due = now + drip->interval;
    uint8_t *at = tag_find(drip->frame, drip->size, drip->count, &problem);
    problem = nic_send_one(nic, drip->frame, drip->size, at, drip->next++);
    if (!problem && drip->next == drip->count)
        problem = nic_mark_after(nic, at);
    if (problem)
        console_say("drip: %s", problem);
    if (problem || drip->next == drip->count)
        drip->count = 0;
}

const char *nic_announce(struct nic *nic)
{
    uint8_t frame[FRAME_MIN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint16_t type = htons(WIRE_TYPE_TEST);
    memcpy(frame + 6, nic->mac, 6);
    memcpy(frame + 12, &type, sizeof type);
    return nic_transmit(nic, frame, sizeof frame);
}
