/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>
#include <unistd.h>

#include "filterd/rpc/peer.h"
#include "filterd/rpc/session.h"

/* One connection on a pair of sockets, and a clock of the test's own. No call here reaches filters,
 * so there are none. */

enum { OPEN = 1, CLOSE = 2, TYPE = 3, FEATURE = 60, AUTH_LIST = 66 };

typedef struct {
    RpcPeer *peer;
    GSocket *client;
    RpcServiceLimits limits;
    gboolean is_over;
    gint64 now;
} World;

static void note_over(RpcPeer *peer, gpointer data)
{
    World *world = data;

    g_assert_false(world->is_over);
    world->is_over = TRUE;
}

static void world_init(World *world, gboolean read_only)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_autoptr(GSocket) server = g_socket_new_from_fd(pair[0], NULL);
    *world = (World){.limits = rpc_service_defaults, .client = g_socket_new_from_fd(pair[1], NULL)};
    g_socket_set_blocking(world->client, FALSE);
    world->peer = rpc_peer_new(server, NULL, read_only, &world->limits, note_over, world);
    world->now = g_get_monotonic_time();
}

static void world_clear(World *world)
{
    rpc_peer_free(world->peer);
    g_object_unref(world->client);
}

static void run_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

static void send_octets(World *world, gconstpointer octets, gsize size)
{
    g_assert_cmpint(g_socket_send(world->client, octets, size, NULL, NULL), ==, (gssize)size);
    run_loop();
}

static GBytes *call_new(gint32 procedure, const MessageForm *form, gconstpointer value)
{
    const MessageHeader header = {
        MESSAGE_PROGRAM_REMOTE, MESSAGE_VERSION, procedure, MESSAGE_CALL, 1, MESSAGE_OK};

    return message_new(&header, form, value);
}

static void call(World *world, gint32 procedure, const MessageForm *form, gconstpointer value)
{
    g_autoptr(GBytes) message = call_new(procedure, form, value);

    send_octets(world, g_bytes_get_data(message, NULL), g_bytes_get_size(message));
}

static void call_open(World *world)
{
    rpc_text uri = (char *)"nwfilter:///system";
    const rpc_open_args named = {&uri, 0};

    call(world, OPEN, &MESSAGE_FORM(rpc_open_args), &named);
}

/* How many messages the client has received, 0 at the end of the connection, too. */
static guint received(World *world, MessageHeader *last)
{
    static guint8 octets[1 << 20];
    const gssize size = g_socket_receive(world->client, (char *)octets, sizeof octets, NULL, NULL);
    guint n = 0;
    guint32 length;

    for (gssize at = 0; at < size; at += length, n++) {
        g_assert_true(message_length(octets + at, &length));
        message_header(octets + at, last);
    }
    return n;
}

static void tick(World *world, guint seconds)
{
    world->now += seconds * G_USEC_PER_SEC;
    rpc_peer_tick(world->peer, world->now);
    run_loop();
}

static void test_in_pieces(void)
{
    g_autoptr(GBytes) message = call_new(AUTH_LIST, &MESSAGE_NOTHING, NULL);
    const guint8 *octets = g_bytes_get_data(message, NULL);
    MessageHeader header;
    World world;

    world_init(&world, FALSE);
    for (gsize i = 0; i < g_bytes_get_size(message); i++) {
        g_assert_cmpuint(received(&world, &header), ==, 0);
        send_octets(&world, octets + i, 1);
    }
    g_assert_cmpuint(received(&world, &header), ==, 1);
    g_assert_cmpint(header.procedure, ==, AUTH_LIST);
    g_assert_cmpint(header.type, ==, MESSAGE_REPLY);
    g_assert_cmpint(header.status, ==, MESSAGE_OK);
    g_assert_false(world.is_over);
    world_clear(&world);
}

/* Many at once are answered in order, in turns. */
static void test_many_at_once(void)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    MessageHeader header;
    World world;
    guint n = 0;

    world_init(&world, FALSE);
    for (guint i = 1; i <= 300; i++) {
        const MessageHeader head = {MESSAGE_PROGRAM_REMOTE, 1, AUTH_LIST, MESSAGE_CALL, i, 0};
        g_autoptr(GBytes) message = message_new(&head, &MESSAGE_NOTHING, NULL);

        g_byte_array_append(all, g_bytes_get_data(message, NULL), g_bytes_get_size(message));
    }
    send_octets(&world, all->data, all->len);
    while (n < 300) { /* the socket does not hold all answers */
        const guint more = received(&world, &header);

        g_assert_cmpuint(more, >, 0);
        n += more;
        run_loop();
    }
    g_assert_cmpuint(n, ==, 300);
    g_assert_cmpuint(header.serial, ==, 300);
    world_clear(&world);
}

/* One that sends faster than it is answered, and reads: what it is ahead waits in its socket, where
 * the kernel bounds it, and not with us. */
static void test_sends_ahead(void)
{
    enum { AT_ONCE = 500, TURNS = 300, SOCKET_HOLDS = 16000 };
    g_autoptr(GByteArray) some = g_byte_array_new();
    guint sent = 0, answered = 0;
    MessageHeader header;
    World world;

    for (guint i = 0; i < AT_ONCE; i++) {
        g_autoptr(GBytes) message = call_new(AUTH_LIST, &MESSAGE_NOTHING, NULL);

        g_byte_array_append(some, g_bytes_get_data(message, NULL), g_bytes_get_size(message));
    }
    world_init(&world, FALSE);
    for (guint turn = 0; turn < TURNS; turn++) {
        while (g_socket_send(world.client, (const char *)some->data, some->len, NULL, NULL) ==
               (gssize)some->len)
            sent += AT_ONCE;
        (void)g_main_context_iteration(NULL, FALSE);
        answered += received(&world, &header);
        g_assert_cmpuint(sent - answered, <, SOCKET_HOLDS);
    }
    g_assert_cmpuint(answered, >=, TURNS);
    world_clear(&world);
}

/* One that sends and never reads: less and less is taken from it, and in the end it goes. */
static void test_never_reads(void)
{
    g_autoptr(GBytes) message = call_new(AUTH_LIST, &MESSAGE_NOTHING, NULL);
    gsize size, taken = 0;
    const char *octets = g_bytes_get_data(message, &size);
    World world;

    world_init(&world, FALSE);
    call_open(&world);
    while (taken < 64 * 1024 * 1024 &&
           g_socket_send(world.client, octets, size, NULL, NULL) == (gssize)size) {
        taken += size;
        run_loop();
    }
    g_assert_cmpuint(taken, <, 8 * 1024 * 1024);
    g_assert_false(world.is_over);
    tick(&world, world.limits.message_seconds + 60);
    g_assert_true(world.is_over);
    world_clear(&world);
}

static void test_impossible_length(void)
{
    static const guint8 huge[] = {0x7f, 0xff, 0xff, 0xff};
    World world;

    world_init(&world, FALSE);
    send_octets(&world, huge, sizeof huge);
    g_assert_true(world.is_over);
    world_clear(&world);
}

/* Documents of 4 MiB come by the other socket. */
static void test_reader_message(void)
{
    static const guint8 long_one[] = {0, 1, 0, 1}; /* one octet more than 64 KiB */
    World world;

    for (gboolean read_only = FALSE; read_only <= TRUE; read_only++) {
        world_init(&world, read_only);
        send_octets(&world, long_one, sizeof long_one);
        g_assert_cmpint(world.is_over, ==, read_only);
        world_clear(&world);
    }
}

static void test_half_message(void)
{
    World world;

    world_init(&world, FALSE);
    call_open(&world);
    send_octets(&world, "\0\0\0\x1c half", 9);
    tick(&world, world.limits.message_seconds - 1);
    g_assert_false(world.is_over);
    send_octets(&world, "a", 1); /* does not count: it must get done */
    tick(&world, 3);
    g_assert_true(world.is_over);
    world_clear(&world);
}

/* It may say what it likes: without OPEN it is no client. */
static void test_opens_nothing(void)
{
    World world;

    world_init(&world, FALSE);
    tick(&world, world.limits.message_seconds - 1);
    call(&world, AUTH_LIST, &MESSAGE_NOTHING, NULL);
    g_assert_false(world.is_over);
    tick(&world, 3);
    g_assert_true(world.is_over);
    world_clear(&world);
}

static void test_close(void)
{
    MessageHeader header;
    World world;

    world_init(&world, FALSE);
    call_open(&world);
    call(&world, CLOSE, &MESSAGE_NOTHING, NULL);
    g_assert_true(world.is_over);
    g_assert_cmpuint(received(&world, &header), ==, 2);
    g_assert_cmpint(header.procedure, ==, CLOSE);
    world_clear(&world);
}

static void test_hangs_up(void)
{
    World world;

    world_init(&world, FALSE);
    g_assert_true(g_socket_close(world.client, NULL));
    run_loop();
    g_assert_true(world.is_over);
    world_clear(&world);
}

static void ask_keepalive(World *world)
{
    const rpc_number feature = {10};
    MessageHeader header;

    call(world, FEATURE, &MESSAGE_FORM(rpc_number), &feature);
    call_open(world);
    g_assert_cmpuint(received(world, &header), ==, 2);
}

/* Of who did not ask for it, no sign of life is asked. */
static void test_keepalive(void)
{
    static const MessageHeader pong = {MESSAGE_PROGRAM_KEEPALIVE, 1, 2, MESSAGE_EVENT, 0, 0};
    MessageHeader header;
    World world;

    world_init(&world, FALSE);
    call_open(&world);
    g_assert_cmpuint(received(&world, &header), ==, 1);
    tick(&world, 1000);
    g_assert_cmpuint(received(&world, &header), ==, 0);
    g_assert_false(world.is_over);
    world_clear(&world);

    world_init(&world, FALSE);
    ask_keepalive(&world);
    for (guint i = 0; i < world.limits.keepalive_count; i++) {
        tick(&world, 6);
        g_assert_false(world.is_over);
        g_assert_cmpuint(received(&world, &header), ==, 1);
        g_assert_cmpuint(header.prog, ==, MESSAGE_PROGRAM_KEEPALIVE);
        g_assert_cmpint(header.procedure, ==, 1);
        if (i < 3) { /* answered so far: it is alive, and counting begins anew */
            g_autoptr(GBytes) answer = message_new(&pong, &MESSAGE_NOTHING, NULL);

            send_octets(&world, g_bytes_get_data(answer, NULL), g_bytes_get_size(answer));
            world.now = g_get_monotonic_time();
        }
    }
    for (guint i = 0; i < 3; i++) {
        g_assert_false(world.is_over);
        tick(&world, 6);
    }
    tick(&world, 6);
    g_assert_true(world.is_over);
    world_clear(&world);
}

static void test_ping_is_answered(void)
{
    g_autoptr(GBytes) ping = session_ping();
    MessageHeader header;
    World world;

    world_init(&world, FALSE);
    send_octets(&world, g_bytes_get_data(ping, NULL), g_bytes_get_size(ping));
    g_assert_cmpuint(received(&world, &header), ==, 1);
    g_assert_cmpuint(header.prog, ==, MESSAGE_PROGRAM_KEEPALIVE);
    g_assert_cmpint(header.procedure, ==, 2);
    world_clear(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rpc/peer/in-pieces", test_in_pieces);
    g_test_add_func("/rpc/peer/many-at-once", test_many_at_once);
    g_test_add_func("/rpc/peer/sends-ahead", test_sends_ahead);
    g_test_add_func("/rpc/peer/never-reads", test_never_reads);
    g_test_add_func("/rpc/peer/impossible-length", test_impossible_length);
    g_test_add_func("/rpc/peer/reader-message", test_reader_message);
    g_test_add_func("/rpc/peer/half-message", test_half_message);
    g_test_add_func("/rpc/peer/opens-nothing", test_opens_nothing);
    g_test_add_func("/rpc/peer/close", test_close);
    g_test_add_func("/rpc/peer/hangs-up", test_hangs_up);
    g_test_add_func("/rpc/peer/keepalive", test_keepalive);
    g_test_add_func("/rpc/peer/ping-is-answered", test_ping_is_answered);
    return g_test_run();
}
