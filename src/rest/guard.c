/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/guard.h"

#include "rest/throttle.h"

typedef struct {
    Guard *guard;
    GSocket *socket; /* weak */
    char *peer;
    gint64 deadline; /* monotonic us, 0 for none */
    gint64 since;    /* of the state it is in */
    gboolean idle;
} Member;

struct Guard {
    GHashTable *members; /* GSocket -> Member */
    guint limit;
    guint timer;
};

static void on_disposed(gpointer data, GObject *where);

static void member_free(gpointer data)
{
    Member *member = data;

    if (member->socket)
        g_object_weak_unref(G_OBJECT(member->socket), on_disposed, member);
    g_free(member->peer);
    g_free(member);
}

static void on_disposed(gpointer data, GObject *where)
{
    Member *member = data;

    member->socket = NULL;
    g_hash_table_remove(member->guard->members, where);
}

/* Both directions: what soup reads or writes then fails, and it lets go of the connection. */
static void member_shut(Member *member)
{
    member->deadline = 0;
    member->idle = FALSE;
    g_socket_shutdown(member->socket, TRUE, TRUE, NULL);
}

static gboolean on_tick(gpointer data)
{
    Guard *guard = data;
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer member;

    g_hash_table_iter_init(&iter, guard->members);
    while (g_hash_table_iter_next(&iter, NULL, &member)) {
        gint64 deadline = ((Member *)member)->deadline;

        if (deadline && now > deadline)
            member_shut(member);
    }
    return G_SOURCE_CONTINUE;
}

Guard *guard_new(guint limit)
{
    Guard *guard = g_new0(Guard, 1);

    guard->members = g_hash_table_new_full(NULL, NULL, NULL, member_free);
    guard->limit = limit;
    guard->timer = g_timeout_add_seconds(2, on_tick, guard);
    return guard;
}

void guard_free(Guard *guard)
{
    g_source_remove(guard->timer);
    g_hash_table_unref(guard->members);
    g_free(guard);
}

static char *peer_of(GSocket *socket)
{
    g_autoptr(GSocketAddress) remote = g_socket_get_remote_address(socket, NULL);
    g_autofree char *address = NULL;

    if (!G_IS_INET_SOCKET_ADDRESS(remote))
        return g_strdup("local");
    address =
        g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote)));
    return throttle_peer(address);
}

/* How many the peer has, and which connection has been idle for longest. */
static guint survey(const Guard *guard, const char *peer, Member **oldest)
{
    GHashTableIter iter;
    gpointer data;
    guint count = 0;

    *oldest = NULL;
    g_hash_table_iter_init(&iter, guard->members);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        Member *member = data;

        count += g_str_equal(member->peer, peer);
        if (member->idle && (!*oldest || member->since < (*oldest)->since))
            *oldest = member;
    }
    return count;
}

/* A full house makes room once: what is shut here leaves as soon as the loop runs. */
static gboolean has_room(Guard *guard, const char *peer)
{
    Member *oldest;

    if (survey(guard, peer, &oldest) >= MAX(1, guard->limit / 2))
        return FALSE;
    if (guard_count(guard) < guard->limit)
        return TRUE;
    if (!oldest || guard_count(guard) >= guard->limit + 16)
        return FALSE;
    member_shut(oldest);
    return TRUE;
}

gboolean guard_admit(Guard *guard, GSocket *socket)
{
    g_autofree char *peer = peer_of(socket);
    Member *member;

    if (!has_room(guard, peer))
        return FALSE;
    member = g_new0(Member, 1);
    member->guard = guard;
    member->socket = socket;
    member->peer = g_steal_pointer(&peer);
    g_object_weak_ref(G_OBJECT(socket), on_disposed, member);
    g_hash_table_insert(guard->members, socket, member);
    guard_deadline(guard, socket, GUARD_FIRST_SECONDS, TRUE);
    return TRUE;
}

void guard_deadline(Guard *guard, GSocket *socket, guint seconds, gboolean idle)
{
    Member *member = socket ? g_hash_table_lookup(guard->members, socket) : NULL;

    if (!member)
        return;
    member->since = g_get_monotonic_time();
    member->deadline = seconds ? member->since + seconds * G_USEC_PER_SEC : 0;
    member->idle = idle;
}

void guard_shut(Guard *guard, GSocket *socket)
{
    Member *member = socket ? g_hash_table_lookup(guard->members, socket) : NULL;

    if (member)
        member_shut(member);
}

guint guard_count(const Guard *guard)
{
    return g_hash_table_size(guard->members);
}
