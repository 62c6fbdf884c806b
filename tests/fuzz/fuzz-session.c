/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "jsonrpc/session.h"

/*
 * A whole session of the server: the input is what a client says, in pieces that end at 0xff, over
 * a socket pair. The methods answer at once, or when the next one is called ("hold"), or after the
 * end.
 */
typedef struct {
    RpcCall *held;
    gboolean ended;
} State;

static void handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    State *state = data;

    if (state->held != NULL)
        rpc_call_fail(g_steal_pointer(&state->held), 1, method);
    if (g_str_has_prefix(method, "h"))
        state->held = call;
    else
        rpc_call_return(call, params != NULL ? json_node_copy(params) : NULL);
}

static gboolean ready(RpcSession *session, gpointer data, GError **error)
{
    return TRUE;
}

static void ended(RpcSession *session, const GError *reason, gpointer data)
{
    State *state = data;

    state->ended = TRUE;
    rpc_session_unref(session);
}

static void run_loop(void)
{
    for (int i = 0; i < 16 && g_main_context_iteration(NULL, FALSE); i++)
        continue;
}

static void talk(GSocket *client, const guint8 *data, gsize size)
{
    char answers[4096];

    for (gsize at = 0; at < size;) {
        const guint8 *cut = memchr(data + at, 0xff, size - at);
        gsize end = cut != NULL ? (gsize)(cut - data) : size;
        if (end > at)
            (void)g_socket_send(client, (const char *)data + at, end - at, NULL, NULL);
        at = end + 1;
        run_loop();
        while (g_socket_receive(client, answers, sizeof answers, NULL, NULL) > 0)
            run_loop();
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    int pair[2];
    RpcLimits limits = rpc_default_limits;
    State state = {0};
    g_autoptr(GBytes) event = g_bytes_new_static("{}", 2);
    RpcSessionOwner owner = {&limits, NULL, handle, &state, ready, ended, &state};

    limits.calls = 2;
    limits.subscriptions = 2;
    limits.batch = 3;
    limits.queued = 64;
    g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    g_autoptr(GSocket) socket = g_socket_new_from_fd(pair[0], NULL);
    g_autoptr(GSocket) client = g_socket_new_from_fd(pair[1], NULL);
    g_socket_set_blocking(client, FALSE);
    g_autoptr(GSocketConnection) connection = g_socket_connection_factory_create_connection(socket);
    RpcSession *session = rpc_session_new(connection, &owner);
    rpc_session_begin(session);
    talk(client, data, size);
    if (!state.ended)
        rpc_session_notify(session, RPC_EVENTS, event);
    if (!state.ended) {
        rpc_session_end(session, NULL);
        rpc_session_unref(session);
    }
    if (state.held != NULL)
        rpc_call_return(state.held, NULL);
    run_loop();
    return 0;
}
