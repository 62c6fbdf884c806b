/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tool of a test guest, and its process 1 once the modules are loaded. It sends any frame it is
 * told to, honest or forged, counts the test frames that arrive, and says on the serial console
 * what it did. Unasked it sends one honest frame whenever a link comes up. It powers off on the
 * power button, as a well-behaved guest does.
 *
 * Lines on the console ("MAC" is one of the guest's own):
 *   ready                          everything is set up
 *   nic MAC NAME / gone MAC NAME   an interface appeared, disappeared
 *   link MAC up|down               its carrier
 *   ack ID ok|error TEXT           the answer to an order
 *   got MAC RUN KIND UNIQUE TOTAL  what arrived of a kind, said when its marker arrives
 *   power off                      last words
 *
 * Orders (wire.h): "send COUNT 0\nFRAME" at once, "send COUNT MS\nFRAME" one every so often,
 * "announce", "poweroff", "reboot".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "console.h"
#include "nic.h"

#define BUTTON_MAX 4
#define FRAME_MAX 2048
#define ORDER_TEXT_MAX 1500

struct guest {
    int netlink;
    int buttons[BUTTON_MAX]; /* -1 where there is none */
    struct nic nics[NIC_MAX];
    uint32_t last_order;
};

static void guest_end(int how)
{
    console_say(how == RB_POWER_OFF ? "power off" : "reboot");
    sync();
    reboot(how);
}

/* ---- interfaces come and go ---- */

static struct nic *guest_nic(struct guest *guest, int index)
{
    for (int i = 0; i < NIC_MAX; i++)
        if (guest->nics[i].index == index)
            return &guest->nics[i];
    return NULL;
}

static void guest_link(struct guest *guest, const struct ifinfomsg *info)
{
    char mac[NIC_MAC_TEXT];
    struct nic *nic = guest_nic(guest, info->ifi_index);
    if (!nic) {
        nic = guest_nic(guest, 0);
        if (!nic || info->ifi_type != ARPHRD_ETHER || !nic_add(nic, info->ifi_index))
            return;
        nic_mac_format(nic, mac);
        console_say("nic %s %s", mac, nic->name);
    }
    bool running = (info->ifi_flags & IFF_RUNNING) != 0;
    if (running == nic->running)
        return;
    nic->running = running;
    nic_mac_format(nic, mac);
    console_say("link %s %s", mac, running ? "up" : "down");
    const char *problem = running ? nic_announce(nic) : NULL;
    if (problem)
        console_say("announce: %s", problem);
}

static void guest_unlink(struct guest *guest, int index)
{
    char mac[NIC_MAC_TEXT];
    struct nic *nic = guest_nic(guest, index);
    if (!nic)
        return;
    nic_mac_format(nic, mac);
    console_say("gone %s %s", mac, nic->name);
    nic_remove(nic);
}

static void guest_read_netlink(struct guest *guest)
{
    char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
    ssize_t got = recv(guest->netlink, buffer, sizeof buffer, MSG_DONTWAIT);
    int left = got > 0 ? (int)got : 0;
    for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
        const struct ifinfomsg *info = NLMSG_DATA(message);
        if (message->nlmsg_type == RTM_NEWLINK)
            guest_link(guest, info);
        else if (message->nlmsg_type == RTM_DELLINK)
            guest_unlink(guest, info->ifi_index);
    }
}

static bool guest_open_netlink(struct guest *guest)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .info = {.ifi_family = AF_UNSPEC},
    };
    guest->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return guest->netlink >= 0 &&
           bind(guest->netlink, (struct sockaddr *)&address, sizeof address) == 0 &&
           send(guest->netlink, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* ---- the power button ---- */

static void guest_open_buttons(struct guest *guest)
{
    for (int i = 0; i < BUTTON_MAX; i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/input/event%d", i);
        guest->buttons[i] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
}

static void guest_read_button(int fd)
{
    struct input_event event;
    while (read(fd, &event, sizeof event) == (ssize_t)sizeof event)
        if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
            guest_end(RB_POWER_OFF);
}

/* ---- orders ---- */

/* text is followed by a NUL that is not part of it. */
static const char *order_obey(struct nic *nic, char *text, size_t length)
{
    unsigned count, interval;
    int head = 0;
    if (strcmp(text, "announce") == 0)
        return nic_announce(nic);
    if (sscanf(text, "send %u %u%n", &count, &interval, &head) != 2 || text[head] != '\n')
        return "malformed order";
    uint8_t *frame = (uint8_t *)text + head + 1;
    size_t size = length - (size_t)head - 1;
    return interval == 0 ? nic_send(nic, frame, size, count)
                         : nic_drip_begin(nic, frame, size, count, interval);
}

static void order_end(const char *text)
{
    if (strcmp(text, "poweroff") == 0)
        guest_end(RB_POWER_OFF);
    if (strcmp(text, "reboot") == 0)
        guest_end(RB_AUTOBOOT);
}

static void guest_order(struct guest *guest, struct nic *nic, const uint8_t *payload, size_t size)
{
    struct wire_order order;
    char text[ORDER_TEXT_MAX + 1];
    if (size < sizeof order)
        return;
    memcpy(&order, payload, sizeof order);
    size_t length = ntohs(order.length);
    if (memcmp(order.magic, WIRE_ORDER_MAGIC, WIRE_MAGIC_SIZE) != 0 ||
        memcmp(order.target, nic->mac, sizeof order.target) != 0 || length > ORDER_TEXT_MAX ||
        length > size - sizeof order)
        return;
    memcpy(text, payload + sizeof order, length);
    text[length] = '\0';
    uint32_t id = ntohl(order.id);
    const char *problem = NULL;
    if (id > guest->last_order) {
        guest->last_order = id;
        order_end(text);
        problem = order_obey(nic, text, length);
    }
    console_say("ack %u %s%s", id, problem ? "error " : "ok", problem ? problem : "");
}

static void guest_read_nic(struct guest *guest, struct nic *nic)
{
    uint8_t frame[FRAME_MAX];
    long got;
    while (nic->index && (got = nic_receive(nic, frame, sizeof frame)) >= ETH_HLEN) {
        uint16_t type;
        memcpy(&type, frame + 12, sizeof type);
        if (ntohs(type) == WIRE_TYPE_ORDER)
            guest_order(guest, nic, frame + ETH_HLEN, (size_t)got - ETH_HLEN);
        else
            nic_count(nic, frame, (size_t)got);
    }
}

/* ---- the loop ---- */

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Sends what is due; how long poll() may sleep afterwards, in ms: -1 when nothing drips. */
static int guest_drip(struct guest *guest)
{
    int64_t now = milliseconds(), patience = -1;
    for (int i = 0; i < NIC_MAX; i++) {
        struct nic *nic = &guest->nics[i];
        if (!nic->index)
            continue;
        nic_drip(nic, now);
        if (nic->drip.count && (patience < 0 || nic->drip.due - now < patience))
            patience = nic->drip.due - now;
    }
    return (int)patience;
}

static void guest_wait(struct guest *guest)
{
    struct pollfd waits[1 + BUTTON_MAX + NIC_MAX];
    nfds_t count = 0;
    waits[count++] = (struct pollfd){guest->netlink, POLLIN, 0};
    for (int i = 0; i < BUTTON_MAX; i++)
        waits[count++] = (struct pollfd){guest->buttons[i], POLLIN, 0};
    for (int i = 0; i < NIC_MAX; i++)
        waits[count++] =
            (struct pollfd){guest->nics[i].index ? guest->nics[i].socket : -1, POLLIN, 0};
    poll(waits, count, guest_drip(guest));
    for (int i = 0; i < BUTTON_MAX; i++)
        if (waits[1 + i].revents)
            guest_read_button(guest->buttons[i]);
    for (int i = 0; i < NIC_MAX; i++)
        if (waits[1 + BUTTON_MAX + i].revents)
            guest_read_nic(guest, &guest->nics[i]);
    if (waits[0].revents)
        guest_read_netlink(guest);
}

int main(void)
{
    static struct guest guest;
    console_open("/dev/ttyS0");
    guest_open_buttons(&guest);
    if (!guest_open_netlink(&guest)) {
        console_say("no netlink: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    console_say("ready");
    for (;;)
        guest_wait(&guest);
}
