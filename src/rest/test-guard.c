/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>
#include <unistd.h>

#include "rest/guard.h"

/* A connection: the server's end, and the client's descriptor. */
static GSocket *connect_pair(int *client)
{
    int ends[2];
    GSocket *socket;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    socket = g_socket_new_from_fd(ends[0], NULL);
    *client = ends[1];
    return socket;
}

/* Whether the server has shut it down, without waiting. */
static gboolean is_shut(int client)
{
    char byte;

    return recv(client, &byte, 1, MSG_DONTWAIT) == 0;
}

static gboolean on_late(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static void test_deadline(void)
{
    g_autoptr(Guard) guard = guard_new(10);
    int slow_client, busy_client;
    g_autoptr(GSocket) slow = connect_pair(&slow_client);
    g_autoptr(GSocket) busy = connect_pair(&busy_client);
    gboolean late = FALSE;
    guint timer = g_timeout_add_seconds(20, on_late, &late);

    g_assert_true(guard_admit(guard, slow));
    g_assert_true(guard_admit(guard, busy));
    guard_deadline(guard, slow, 1, FALSE);
    guard_deadline(guard, busy, 0, FALSE); /* ours to finish */
    while (!is_shut(slow_client) && !late)
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(late);
    g_assert_false(is_shut(busy_client));
    g_source_remove(timer);
    close(slow_client);
    close(busy_client);
}

/* Who has gone is counted no more; nobody is kept alive by being counted. */
static void test_count(void)
{
    g_autoptr(Guard) guard = guard_new(10);
    int client;
    GSocket *socket = connect_pair(&client);

    g_assert_true(guard_admit(guard, socket));
    g_assert_cmpuint(guard_count(guard), ==, 1);
    g_object_unref(socket);
    g_assert_cmpuint(guard_count(guard), ==, 0);
    close(client);
}

/* One peer gets half: all of these come from the same one. */
static void test_share(void)
{
    g_autoptr(Guard) guard = guard_new(8);
    g_autoptr(GPtrArray) sockets = g_ptr_array_new_with_free_func(g_object_unref);
    guint admitted = 0;

    for (guint i = 0; i < 8; i++) {
        int client;

        g_ptr_array_add(sockets, connect_pair(&client));
        admitted += guard_admit(guard, sockets->pdata[i]);
        close(client);
    }
    g_assert_cmpuint(admitted, ==, 4);
}

static void test_shut(void)
{
    g_autoptr(Guard) guard = guard_new(8);
    int client, stranger_client;
    g_autoptr(GSocket) socket = connect_pair(&client);
    g_autoptr(GSocket) stranger = connect_pair(&stranger_client);

    g_assert_true(guard_admit(guard, socket));
    guard_shut(guard, socket);
    guard_shut(guard, stranger);
    guard_shut(guard, NULL);
    g_assert_true(is_shut(client));
    g_assert_false(is_shut(stranger_client));
    close(client);
    close(stranger_client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guard/deadline", test_deadline);
    g_test_add_func("/guard/count", test_count);
    g_test_add_func("/guard/share", test_share);
    g_test_add_func("/guard/shut", test_shut);
    return g_test_run();
}
