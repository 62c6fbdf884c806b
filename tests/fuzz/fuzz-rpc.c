/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of libvirt's protocol may send, through a connection and all procedures, to filters
 * and bindings that are in no kernel. Every answer is a message whose payload has the form of its
 * procedure, or of an error that says something. Input: an octet of ways (1 read-only, 2 octet by
 * octet, 4 the client hangs up at once), then the stream.
 */
#include <string.h>
#include <sys/socket.h>

#include "filterd/rpc/peer.h"
#include "filterd/rpc/procedure.h"

enum { READ_ONLY = 1, IN_PIECES = 2, HANGS_UP = 4 };

/* ---- a host without a kernel ---- */

struct Filterd {
    Catalogue *catalogue;
    GHashTable *bindings; /* by port */
};

const Catalogue *filterd_catalogue(const Filterd *filterd)
{
    return filterd->catalogue;
}

Filter *filterd_define(Filterd *filterd, const char *xml, gsize length, GError **error)
{
    g_autoptr(Filter) filter = filter_parse(xml, length, NULL, NULL, error);

    return filter && catalogue_define(filterd->catalogue, filter, error)
               ? catalogue_lookup(filterd->catalogue, filter->name)
               : NULL;
}

static gboolean is_bound(gpointer data, const char *name)
{
    const Filterd *filterd = data;
    GHashTableIter each;
    gpointer binding;

    g_hash_table_iter_init(&each, filterd->bindings);
    while (g_hash_table_iter_next(&each, NULL, &binding))
        if (strcmp(((const Binding *)binding)->filter, name) == 0)
            return TRUE;
    return FALSE;
}

gboolean filterd_undefine(Filterd *filterd, const char *name, GError **error)
{
    return catalogue_undefine(filterd->catalogue, name, is_bound, filterd, error);
}

GPtrArray *filterd_bindings(const Filterd *filterd)
{
    GPtrArray *bindings = g_ptr_array_new();
    GHashTableIter each;
    gpointer binding;

    g_hash_table_iter_init(&each, filterd->bindings);
    while (g_hash_table_iter_next(&each, NULL, &binding))
        g_ptr_array_add(bindings, binding);
    return bindings;
}

const Binding *filterd_binding_lookup(const Filterd *filterd, const char *port, GError **error)
{
    const Binding *binding = g_hash_table_lookup(filterd->bindings, port);

    if (!binding)
        g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_NO_BINDING, "none for '%s'", port);
    return binding;
}

const Binding *filterd_binding_create(Filterd *filterd, const char *xml, gsize length,
                                      GError **error)
{
    Binding *binding = binding_parse(xml, length, error);

    if (binding)
        g_hash_table_replace(filterd->bindings, binding->port, binding);
    return binding;
}

gboolean filterd_binding_delete(Filterd *filterd, const char *port, GError **error)
{
    return filterd_binding_lookup(filterd, port, error) != NULL &&
           g_hash_table_remove(filterd->bindings, port);
}

char *filterd_binding_xml(const Filterd *filterd, const Binding *binding)
{
    return binding_format(binding, NULL);
}

static void unref_binding(gpointer binding)
{
    binding_unref(binding);
}

/* ---- one conversation ---- */

typedef struct {
    Filterd filterd;
    RpcPeer *peer;
    GSocket *client;
    GByteArray *answers;
    gboolean is_over;
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

    *world = (World){.answers = g_byte_array_new()};
    world->filterd.catalogue = catalogue_new();
    world->filterd.bindings = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, unref_binding);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==,
                    0);
    g_autoptr(GSocket) server = g_socket_new_from_fd(pair[0], NULL);
    world->client = g_socket_new_from_fd(pair[1], NULL);
    g_socket_set_blocking(world->client, FALSE);
    world->peer =
        rpc_peer_new(server, &world->filterd, read_only, &rpc_service_defaults, note_over, world);
}

static void world_clear(World *world)
{
    rpc_peer_free(world->peer);
    g_object_unref(world->client);
    g_byte_array_unref(world->answers);
    g_hash_table_unref(world->filterd.bindings);
    catalogue_free(world->filterd.catalogue);
}

static void run_loop(World *world)
{
    char octets[4096];
    gssize n;

    do {
        while (g_main_context_iteration(NULL, FALSE))
            continue;
        n = g_socket_receive(world->client, octets, sizeof octets, NULL, NULL);
        if (n > 0)
            g_byte_array_append(world->answers, (const guint8 *)octets, (guint)n);
    } while (n > 0);
}

static void talk(World *world, const guint8 *data, gsize size, gsize piece)
{
    for (gsize at = 0; at < size && !world->is_over; at += MIN(piece, size - at)) {
        (void)g_socket_send(world->client, (const char *)data + at, MIN(piece, size - at), NULL,
                            NULL);
        run_loop(world);
    }
}

/* ---- what came back ---- */

static void check_form(const guint8 *message, gsize length, const MessageForm *form)
{
    g_autofree gpointer value = g_malloc0(form->size + 1);

    g_assert_true(message_read(message, length, form, value));
    message_clear(form, value);
}

static void check_error(const guint8 *message, gsize length)
{
    rpc_error error;

    g_assert_true(message_read(message, length, &MESSAGE_FORM(rpc_error), &error));
    g_assert_cmpint(error.code, >, 0);
    g_assert_cmpint(error.level, ==, 2);
    g_assert_true(error.message && g_utf8_validate(*error.message, -1, NULL));
    message_clear(&MESSAGE_FORM(rpc_error), &error);
}

static void check_message(const guint8 *message, gsize length)
{
    MessageHeader header;

    message_header(message, &header);
    if (header.prog == MESSAGE_PROGRAM_KEEPALIVE && header.type == MESSAGE_EVENT) {
        g_assert_cmpuint(length, ==, MESSAGE_MIN);
        return;
    }
    g_assert_cmpint(header.type, ==, MESSAGE_REPLY);
    if (header.status == MESSAGE_ERROR)
        check_error(message, length);
    else
        check_form(message, length, &procedure_lookup(header.procedure)->result);
}

static void check_answers(const GByteArray *answers)
{
    guint32 length;

    for (gsize at = 0; at < answers->len; at += length) {
        g_assert_cmpuint(answers->len - at, >=, MESSAGE_MIN);
        g_assert_true(message_length(answers->data + at, &length));
        g_assert_cmpuint(length, <=, answers->len - at);
        check_message(answers->data + at, length);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    World world;

    if (size < 1)
        return 0;
    world_init(&world, (*data & READ_ONLY) != 0);
    talk(&world, data + 1, size - 1, *data & IN_PIECES ? 1 : MAX(size, 1));
    if (!world.is_over) {
        rpc_peer_tick(world.peer, g_get_monotonic_time());
        g_assert_true(*data & HANGS_UP ? g_socket_close(world.client, NULL)
                                       : g_socket_shutdown(world.client, FALSE, TRUE, NULL));
        if (*data & HANGS_UP)
            while (g_main_context_iteration(NULL, FALSE))
                continue;
        else
            run_loop(&world);
        g_assert_true(world.is_over); /* nobody is left behind */
    }
    check_answers(world.answers);
    world_clear(&world);
    return 0;
}
