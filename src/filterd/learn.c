/* SPDX-License-Identifier: Apache-2.0 */
#include <glib-unix.h>

#include "base/log.h"
#include "filterd/dhcp.h"
#include "filterd/filterd-private.h"
#include "filterd/packet.h"

/*
 * Addresses learned of the frames that the data path tells whole. While a port learns it has the
 * filter of learning.h, which lets nothing out that claims an address. What is learned is a value
 * of $IP; the port then gets its own filter as it would by any other change, and the frame that it
 * was learned of comes once more, to be judged by that.
 *
 * A lease counts from the acknowledgement on that went to the VM, and until its time is over or the
 * VM gives it back. A port without leases learns again.
 */

#define AGAIN_SECONDS 5        /* until what could not be in force is tried again */
#define LEASES_LOOK_SECONDS 60 /* a timer does not go on while the host sleeps; leases do */

/* ---- keeping ---- */

static void save(Filterd *filterd, const Port *port)
{
    g_autofree char *owner = port_owner(port);
    g_autofree char *text =
        addresses_size(port->addresses) > 0 ? addresses_format(port->addresses, owner) : NULL;
    g_autoptr(GError) error = NULL;

    if (!state_dir_save_addresses(filterd->state, port->binding->port, text, &error))
        log_warning("port=%s what it learned is not as it should be after a restart: %s",
                    port->binding->port, error->message);
}

void filterd_recall(Filterd *filterd, Port *port)
{
    g_autofree char *text = state_dir_read_addresses(filterd->state, port->binding->port);
    g_autofree char *owner = text ? port_owner(port) : NULL;
    Addresses *addresses = text ? addresses_parse(text, owner) : NULL;

    if (!addresses)
        return;
    (void)addresses_expire(addresses, addresses_now()); /* what is left counts */
    addresses_free(port->addresses);
    port->addresses = addresses;
}

void filterd_inherit(Filterd *filterd, Port *port, const Port *before)
{
    g_autofree char *owner = port_owner(port);
    g_autofree char *owner_before = before ? port_owner(before) : NULL;

    if (g_strcmp0(owner, owner_before) != 0)
        return;
    addresses_free(port->addresses);
    port->addresses = addresses_copy(before->addresses);
    port->heard_from = before->heard_from; /* what was told of it and is not heard yet counts */
}

void filterd_keep_learned(Filterd *filterd, Port *port)
{
    save(filterd, port);
    filterd_look_at_leases(filterd, port);
}

void filterd_forget_learned(Filterd *filterd, Port *port)
{
    addresses_clear(port->addresses);
    save(filterd, port);
}

/* ---- in force ---- */

/* The port's rules as its addresses now want them. A port that leaves keeps its rules. */
static gboolean put_in_force(Filterd *filterd, Port *port)
{
    g_autofree char *before = g_steal_pointer(&port->problem); /* else it would be left out */
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Change *change;

    g_ptr_array_add(one, port);
    change = change_prepare(filterd->datapath, filterd->ruleset, one, &error);
    port->is_behind = !change || !change_commit(change, &error);
    sweeper_want(filterd->sweeper);
    if (!port->is_behind)
        return TRUE;
    port_set_problem(port, g_strdup_printf("what it learned is not in force: %s", error->message));
    if (!before) /* a guest can bring this about again and again */
        log_warning("port=%s %s", port->binding->port, port->problem);
    return FALSE;
}

static gboolean is_judged(const Port *port)
{
    return port->state == FILTERD_LEARNING || port->state == FILTERD_FILTERED;
}

/* An address more: as it was before, until it can be. */
static void more(Filterd *filterd, Port *port)
{
    if (is_judged(port))
        (void)put_in_force(filterd, port); /* a failure is the port's problem; tried again */
}

/* One less: what cannot be taken out by itself goes with all the rest. */
static void fewer(Filterd *filterd, Port *port)
{
    g_autoptr(GError) error = NULL;

    if (is_judged(port) && !put_in_force(filterd, port) &&
        !datapath_unbind(filterd->datapath, port->ifindex, &error))
        log_error("port=%s an address stays in force that it has no more: %s", port->binding->port,
                  error->message);
}

/* ---- any: the first address that a frame claims ---- */

static void replay(Filterd *filterd, const Port *port, const DatapathFrame *frame)
{
    g_autoptr(GError) error = NULL;

    if (frame->tag_type == 0 && frame->length == frame->n_octets &&
        !datapath_replay(filterd->datapath, port->ifindex, frame->octets, frame->n_octets, &error))
        log_debug("port=%s %s", port->binding->port, error->message);
}

static void learn(Filterd *filterd, Port *port, const DatapathFrame *frame)
{
    g_autofree char *text = NULL;
    guint32 address;

    if (frame->tag_type != 0 ||
        !packet_sender(frame->octets, frame->n_octets, port->binding->mac, &address))
        return;
    (void)addresses_put(port->addresses, address, ADDRESS_FOR_GOOD); /* the first one */
    if (!put_in_force(filterd, port)) {
        addresses_clear(port->addresses);
        port->is_behind = FALSE;
        return;
    }
    save(filterd, port);
    text = address_format(address);
    log_info("port=%s ifindex=%u learned %s", port->binding->port, port->ifindex, text);
}

/* What was dropped before the first one was heard comes again, too. */
static void heard_dropped(Filterd *filterd, Port *port, const DatapathFrame *frame)
{
    if (port->state == FILTERD_LEARNING && port->learning == LEARNING_ANY)
        learn(filterd, port, frame);
    if (port->state == FILTERD_FILTERED && addresses_size(port->addresses) > 0)
        replay(filterd, port, frame);
}

/* ---- dhcp: leases ---- */

static gboolean is_server(const Binding *binding, guint32 source)
{
    const char *const *servers = learning_servers(binding);
    guint32 server;

    if (!servers)
        return TRUE;
    for (; *servers; servers++)
        if (address_parse(*servers, &server) && server == source)
            return TRUE;
    return FALSE;
}

static void say(const Port *port, const char *what, guint32 address)
{
    g_autofree char *text = address_format(address);

    log_info("port=%s ifindex=%u %s %s", port->binding->port, port->ifindex, what, text);
}

static void heard_reply(Filterd *filterd, Port *port, guint32 source, const DhcpMessage *message)
{
    const gboolean is_new = !addresses_has(port->addresses, message->given);
    gint64 until = ADDRESS_FOR_GOOD;

    if (!message->is_reply || !message->is_strict || message->types != DHCP_ACK ||
        message->client != port->binding->mac || !address_is_host(message->given) ||
        message->lease == 0 || !is_server(port->binding, source))
        return;
    if (message->lease != DHCP_LEASE_INFINITE)
        until = addresses_now() + message->lease;
    if (!addresses_put(port->addresses, message->given, until)) {
        log_warning("port=%s has %d leases; another one does not count", port->binding->port,
                    ADDRESSES_MAX);
        return;
    }
    if (is_new)
        say(port, "leased", message->given);
    if (is_new || port->is_behind)
        more(filterd, port);
    filterd_keep_learned(filterd, port);
}

/* A message that a server might read although it is not as it should be counts, too. */
static void heard_request(Filterd *filterd, Port *port, const DhcpMessage *message)
{
    guint32 address = 0;

    if (message->is_reply)
        return;
    if (message->types & DHCP_RELEASE)
        address = message->current;
    else if (message->types & DHCP_DECLINE)
        address = message->requested;
    if (!addresses_remove(port->addresses, address))
        return;
    say(port, "gave back", address);
    fewer(filterd, port);
    filterd_keep_learned(filterd, port);
}

static void heard_dhcp(Filterd *filterd, Port *port, const DatapathFrame *frame)
{
    const gboolean is_reply = frame->way == PLAN_TO_VM;
    PacketDhcp packet;
    DhcpMessage message;

    if (!learning_has_leases(port->binding) || frame->tag_type != 0 ||
        frame->length != frame->n_octets ||
        !packet_dhcp(frame->octets, frame->n_octets, is_reply, &packet) ||
        !dhcp_parse(packet.octets, packet.length, &message))
        return;
    if (is_reply)
        heard_reply(filterd, port, packet.source, &message);
    else
        heard_request(filterd, port, &message);
}

/* ---- leases' ends ---- */

static gboolean look(gpointer data);

/* Not later than that lease's end. */
static void look_at(Filterd *filterd, gint64 end)
{
    const gint64 now = addresses_now();
    const gint64 wait = CLAMP(end - now, 0, LEASES_LOOK_SECONDS);

    if (end == ADDRESS_FOR_GOOD || (filterd->leases > 0 && filterd->leases_look <= now + wait))
        return;
    if (filterd->leases > 0)
        g_source_remove(filterd->leases);
    filterd->leases_look = now + wait;
    filterd->leases = g_timeout_add((guint)wait * 1000, look, filterd);
}

static gint64 next_look(const Port *port)
{
    const gint64 again = port->is_behind ? addresses_now() + AGAIN_SECONDS : ADDRESS_FOR_GOOD;

    return MIN(again, addresses_next_end(port->addresses));
}

void filterd_look_at_leases(Filterd *filterd, const Port *port)
{
    look_at(filterd, next_look(port));
}

static void expire(Filterd *filterd, Port *port)
{
    if (!addresses_expire(port->addresses, addresses_now()))
        return;
    log_info("port=%s ifindex=%u a lease is over; it has %u", port->binding->port, port->ifindex,
             addresses_size(port->addresses));
    fewer(filterd, port);
    save(filterd, port);
}

static gboolean look(gpointer data)
{
    Filterd *filterd = data;
    g_autoptr(GPtrArray) ports = ports_all(filterd->ports);
    gint64 end = ADDRESS_FOR_GOOD;

    filterd->leases = 0;
    for (guint i = 0; i < ports->len; i++) {
        Port *port = ports->pdata[i];

        if (port->is_behind)
            more(filterd, port);
        expire(filterd, port);
        end = MIN(end, next_look(port));
    }
    look_at(filterd, end);
    return G_SOURCE_REMOVE;
}

/* ---- hearing ---- */

static void heard(const DatapathFrame *frame, gpointer data)
{
    Filterd *filterd = data;
    Port *port = ports_lookup_device(filterd->ports, frame->ifindex);

    if (!port || frame->time < port->heard_from)
        return;
    if (frame->is_dropped)
        heard_dropped(filterd, port, frame);
    else
        heard_dhcp(filterd, port, frame);
}

static gboolean readable(int fd, GIOCondition condition, gpointer data)
{
    Filterd *filterd = data;
    g_autoptr(GError) error = NULL;

    if (datapath_frames_read(filterd->datapath, heard, filterd, &error))
        return G_SOURCE_CONTINUE;
    log_error("nothing is learned any more: %s", error->message);
    filterd->frames = 0;
    return G_SOURCE_REMOVE;
}

void filterd_learn_begin(Filterd *filterd)
{
    g_autoptr(GPtrArray) ports = ports_all(filterd->ports);

    for (guint i = 0; i < ports->len; i++)
        filterd_look_at_leases(filterd, ports->pdata[i]);
    filterd->frames =
        g_unix_fd_add(datapath_frames_fd(filterd->datapath), G_IO_IN, readable, filterd);
}

void filterd_learn_end(Filterd *filterd)
{
    if (filterd->frames > 0)
        g_source_remove(filterd->frames);
    if (filterd->leases > 0)
        g_source_remove(filterd->leases);
}
