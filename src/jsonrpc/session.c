/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/session.h"

#include "jsonrpc/handshake.h"
#include "jsonrpc/json-text.h"
#include "jsonrpc/message.h"
#include "jsonrpc/reply.h"
#include "jsonrpc/stomp-link.h"
#include "jsonrpc/subscriptions.h"

struct RpcSession {
    gint references;
    const RpcSessionOwner *owner;
    GSocketConnection *connection;
    GIOStream *stream; /* the TLS connection, or connection itself */
    GCancellable *cancellable;
    StompLink *link; /* NULL before the handshake is done */
    guint deadline;  /* the timeout of handshake or CONNECT */
    char *peer;
    gboolean connected; /* CONNECT was accepted */
    gboolean ended;
    Subscriptions *subscriptions;
    GPtrArray *replies; /* of RpcReply: those that point here */
    guint calls;        /* in flight */
};

/* A SEND whose body is being parsed in a worker. */
typedef struct {
    RpcSession *session;
    char *reply_to;
    char *flow_id;
} Parsing;

static RpcSession *session_ref(RpcSession *session)
{
    session->references++;
    return session;
}

void rpc_session_unref(RpcSession *session)
{
    if (--session->references > 0)
        return;
    g_assert(session->ended);
    g_clear_object(&session->stream);
    g_object_unref(session->connection);
    g_object_unref(session->cancellable);
    stomp_link_unref(session->link);
    g_ptr_array_unref(session->subscriptions);
    g_ptr_array_unref(session->replies);
    g_free(session->peer);
    g_free(session);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcSession, rpc_session_unref)

const char *rpc_session_peer(const RpcSession *session)
{
    return session->peer;
}

/* -- the end */

static void detach_replies(RpcSession *session)
{
    for (guint i = 0; i < session->replies->len; i++)
        rpc_reply_detach(session->replies->pdata[i]);
    g_ptr_array_set_size(session->replies, 0);
}

static void clear_deadline(RpcSession *session)
{
    if (session->deadline != 0)
        g_source_remove(session->deadline);
    session->deadline = 0;
}

/* Everything but telling the owner. A handshake's thread still uses the socket: it is only
 * cancelled, and the socket closed when the thread has let go. */
static void session_shut(RpcSession *session)
{
    session->ended = TRUE;
    clear_deadline(session);
    g_cancellable_cancel(session->cancellable);
    detach_replies(session);
    if (session->link != NULL)
        stomp_link_close(session->link);
}

/* reason NULL: the peer took its leave. */
static void session_over(RpcSession *session, const GError *reason)
{
    if (session->ended)
        return;
    g_autoptr(RpcSession) self = session_ref(session);
    session_shut(self);
    self->owner->ended(self, reason, self->owner->server);
}

void rpc_session_end(RpcSession *session, const GError *reason)
{
    if (reason != NULL)
        session_over(session, reason);
    else if (!session->ended)
        session_shut(session);
}

static gboolean deadline_passed(gpointer data)
{
    RpcSession *session = data;
    gboolean greeted = session->link != NULL;
    const RpcLimits *limits = session->owner->limits;
    g_autoptr(GError) reason = g_error_new(STOMP_ERROR, STOMP_ERROR_TIMEOUT, "No %s within %u ms",
                                           greeted ? "CONNECT" : "complete TLS handshake",
                                           greeted ? limits->connect_ms : limits->handshake_ms);

    session->deadline = 0;
    session_over(session, reason);
    return G_SOURCE_REMOVE;
}

static void set_deadline(RpcSession *session, guint ms)
{
    clear_deadline(session);
    session->deadline = g_timeout_add(ms, deadline_passed, session);
}

/* -- frames out */

static void send_receipt(RpcSession *session, const char *receipt)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("RECEIPT");

    stomp_frame_add(frame, "receipt-id", receipt);
    stomp_link_send(session->link, frame);
}

/* request is the frame that is answered, or NULL when it could not be read. */
static void send_error(RpcSession *session, const StompFrame *request, const char *text)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("ERROR");
    const char *receipt = request != NULL ? stomp_frame_header(request, "receipt") : NULL;

    stomp_frame_add(frame, "message", text);
    stomp_frame_add(frame, "content-type", "text/plain");
    if (receipt != NULL)
        stomp_frame_add(frame, "receipt-id", receipt);
    stomp_frame_set_text(frame, text);
    stomp_link_send(session->link, frame);
}

/* An error after which the connection is of no use. FALSE for the caller to return. */
static gboolean refuse_peer(RpcSession *session, const StompFrame *request, const char *text)
{
    g_autoptr(GError) reason = g_error_new_literal(STOMP_ERROR, STOMP_ERROR_PROTOCOL, text);

    send_error(session, request, text);
    stomp_link_finish(session->link, reason);
    return FALSE;
}

/* An error of one frame; as with VDSM the connection stays. */
static gboolean refuse_frame(RpcSession *session, const StompFrame *request, const char *text)
{
    send_error(session, request, text);
    return FALSE;
}

static gsize pieces_length(GBytes *const *pieces, guint count)
{
    gsize length = 0;

    for (guint i = 0; i < count; i++)
        length += g_bytes_get_size(pieces[i]);
    return length;
}

/* Takes the pieces of the body. */
static void send_message(RpcSession *session, const char *id, const char *destination,
                         GBytes *const *pieces, guint count)
{
    g_autoptr(StompFrame) frame = stomp_frame_new("MESSAGE");
    g_autofree GBytes **all = g_new(GBytes *, count + 2);

    stomp_frame_add(frame, "destination", destination);
    stomp_frame_add(frame, "content-type", "application/json");
    stomp_frame_add(frame, "subscription", id);
    all[0] = g_string_free_to_bytes(stomp_frame_head(frame, pieces_length(pieces, count)));
    memcpy(all + 1, pieces, count * sizeof *pieces);
    all[count + 1] = g_bytes_new_static("", 1);
    stomp_link_send_pieces(session->link, all, count + 2);
}

typedef struct {
    RpcSession *session;
    const char *destination;
    GBytes *body;
} Notice;

static void notify_one(const char *id, gpointer data)
{
    const Notice *notice = data;
    GBytes *body = g_bytes_ref(notice->body);

    send_message(notice->session, id, notice->destination, &body, 1);
}

void rpc_session_notify(RpcSession *session, const char *destination, GBytes *body)
{
    Notice notice = {session, destination, body};

    if (session->connected && !session->ended)
        subscriptions_foreach(session->subscriptions, destination, notify_one, &notice);
}

/* -- requests and answers */

/* The subscription an answer goes to, or NULL; *destination is what to call it in the frame. */
static const char *answer_subscription(const RpcSession *session, const char **destination)
{
    if (*destination == NULL)
        *destination = RPC_RESPONSES;
    return subscriptions_lookup(session->subscriptions, *destination);
}

static void deliver(const RpcReply *reply, GBytes *const *pieces, guint count, gpointer data)
{
    RpcSession *session = data;
    const char *destination = rpc_reply_destination(reply);
    const char *id = answer_subscription(session, &destination);

    if (id != NULL)
        send_message(session, id, destination, pieces, count);
    for (guint i = 0; id == NULL && i < count; i++)
        g_bytes_unref(pieces[i]); /* nobody listens: dropped, as VDSM does */
}

static void released(const RpcReply *reply, gpointer data)
{
    RpcSession *session = data;

    (void)g_ptr_array_remove_fast(session->replies, (gpointer)reply);
}

static void call_ended(gpointer data)
{
    RpcSession *session = data;

    session->calls--;
}

static const RpcReplyEvents reply_events = {deliver, call_ended, released};

static guint count_answers(const RpcMessage *message)
{
    guint answers = 0;

    for (guint i = 0; i < message->requests->len; i++) {
        const RpcRequest *request = message->requests->pdata[i];
        if (request->error != NULL || request->id != NULL)
            answers++;
    }
    return answers;
}

/* Too many calls at once: an answer when one is wanted. */
static void refuse_call(RpcSession *session, RpcReply *reply, const char *id)
{
    g_autofree char *reason = g_strdup_printf("more than %u calls in flight on this connection",
                                              session->owner->limits->calls);
    g_autoptr(GError) error = rpc_internal_error(reason);

    if (id != NULL)
        rpc_reply_add_error(reply, id, error->code, error->message);
}

static void run_request(RpcSession *session, RpcReply *reply, const RpcRequest *request)
{
    if (request->error != NULL) {
        rpc_reply_add_error(reply, request->id, request->error->code, request->error->message);
        return;
    }
    if (session->calls >= session->owner->limits->calls) {
        refuse_call(session, reply, request->id);
        return;
    }
    session->calls++;
    session->owner->handler(rpc_call_new(reply, request->id), request->method, request->params,
                            session->owner->handler_data);
}

static void run_message(RpcSession *session, const RpcMessage *message, const char *reply_to,
                        const char *flow_id)
{
    guint answers = count_answers(message);
    gboolean array = message->batch && message->requests->len > 1;
    g_autoptr(RpcReply) reply =
        rpc_reply_new(answers, array, reply_to, flow_id, session->peer, &reply_events, session);

    g_ptr_array_add(session->replies, reply);
    for (guint i = 0; i < message->requests->len; i++)
        run_request(session, reply, message->requests->pdata[i]);
}

static RpcMessage *read_message(const RpcSession *session, JsonNode *root)
{
    return root != NULL ? rpc_message_new(root, session->owner->limits->batch)
                        : rpc_message_new_invalid(rpc_parse_error());
}

static void free_in_worker(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    g_task_set_task_data(task, NULL, NULL); /* frees the message here */
    g_task_return_boolean(task, TRUE);
}

/* A tree of many nodes takes longer to free than the main loop should wait. */
static void message_free_in_worker(RpcMessage *message)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);

    g_task_set_task_data(task, message, (GDestroyNotify)rpc_message_free);
    g_task_run_in_thread(task, free_in_worker);
}

static void parsed(GObject *source, GAsyncResult *result, gpointer data)
{
    Parsing *parsing = data;
    g_autoptr(RpcSession) session = parsing->session;
    JsonNode *root = json_text_parse_finish(result, NULL);
    RpcMessage *message = read_message(session, root);

    if (!session->ended) {
        run_message(session, message, parsing->reply_to, parsing->flow_id);
        stomp_link_resume(session->link);
    }
    message_free_in_worker(message);
    g_free(parsing->reply_to);
    g_free(parsing->flow_id);
    g_free(parsing);
}

/* Nothing more is read meanwhile, so that requests keep their order. */
static void parse_in_worker(RpcSession *session, const StompFrame *frame)
{
    Parsing *parsing = g_new0(Parsing, 1);

    parsing->session = session_ref(session);
    parsing->reply_to = g_strdup(stomp_frame_header(frame, "reply-to"));
    parsing->flow_id = g_strdup(stomp_frame_header(frame, "ovirtCorrelationId"));
    stomp_link_pause(session->link);
    json_text_parse_async(frame->body, NULL, parsed, parsing);
}

/* -- frames in: each handler returns TRUE when the frame was accepted */

static gboolean on_send(RpcSession *session, const StompFrame *frame)
{
    const char *destination = stomp_frame_header(frame, "destination");

    if (destination == NULL)
        return refuse_frame(session, frame, "Missing destination header");
    if (stomp_frame_header(frame, "transaction") != NULL)
        return refuse_frame(session, frame, "Transactions are not supported");
    if (!destination_covers(RPC_REQUESTS, destination) &&
        !destination_covers(RPC_IRS_REQUESTS, destination))
        return refuse_frame(session, frame, "Subscription not available");
    if (g_bytes_get_size(frame->body) > JSON_TEXT_WORKER_SIZE) {
        parse_in_worker(session, frame);
        return TRUE;
    }
    g_autoptr(RpcMessage) message = read_message(session, json_text_parse(frame->body, NULL));
    run_message(session, message, stomp_frame_header(frame, "reply-to"),
                stomp_frame_header(frame, "ovirtCorrelationId"));
    return TRUE;
}

static gboolean on_subscribe(RpcSession *session, const StompFrame *frame)
{
    const char *destination = stomp_frame_header(frame, "destination");
    const char *id = stomp_frame_header(frame, "id");
    const char *ack = stomp_frame_header(frame, "ack");
    guint most = session->owner->limits->subscriptions;

    if (destination == NULL || *destination == '\0' || id == NULL || *id == '\0')
        return refuse_frame(session, frame, "Missing destination or subscription id header");
    if (ack != NULL && !g_str_equal(ack, "auto"))
        return refuse_frame(session, frame, "Only ack:auto is supported");
    if (session->subscriptions->len >= most) {
        g_autofree char *text = g_strdup_printf("More than %u subscriptions", most);
        return refuse_frame(session, frame, text);
    }
    if (!subscriptions_add(session->subscriptions, id, destination))
        return refuse_frame(session, frame, "Subscription id already exists");
    return TRUE;
}

static gboolean on_unsubscribe(RpcSession *session, const StompFrame *frame)
{
    const char *id = stomp_frame_header(frame, "id");

    if (id == NULL || *id == '\0')
        return refuse_frame(session, frame, "Missing id header");
    (void)subscriptions_remove(session->subscriptions, id); /* an unknown one is no error in VDSM */
    return TRUE;
}

static gboolean on_disconnect(RpcSession *session, const StompFrame *frame)
{
    const char *receipt = stomp_frame_header(frame, "receipt");

    if (receipt != NULL)
        send_receipt(session, receipt);
    detach_replies(session);
    stomp_link_finish(session->link, NULL);
    return FALSE; /* its receipt is out already */
}

static gboolean lists_version(const char *accepted)
{
    g_auto(GStrv) versions = g_strsplit(accepted != NULL ? accepted : "", ",", 16);

    for (char **version = versions; *version != NULL; version++)
        if (g_str_equal(g_strstrip(*version), "1.2"))
            return TRUE;
    return FALSE;
}

/* "cx,cy": what the client can send and what it wants. What is no number counts as 0, as in VDSM.
 */
static void read_heartbeat(const RpcSession *session, const char *header, guint *cx, guint *cy)
{
    g_auto(GStrv) parts = g_strsplit(header != NULL ? header : "0,0", ",", 2);
    guint *values[] = {cx, cy};

    *cx = *cy = 0;
    for (guint i = 0; i < 2 && parts[i] != NULL && parts[1] != NULL; i++) {
        guint64 value = 0;
        if (g_ascii_string_to_unsigned(parts[i], 10, 1, G_MAXINT, &value, NULL))
            *values[i] = MAX((guint)value, session->owner->limits->heartbeat_ms);
    }
}

static gboolean on_connect(RpcSession *session, const StompFrame *frame)
{
    guint cx, cy;

    if (session->connected)
        return refuse_peer(session, frame, "Already connected");
    if (!lists_version(stomp_frame_header(frame, "accept-version")))
        return refuse_peer(session, frame, "Version unsupported");
    clear_deadline(session);
    session->connected = TRUE;
    read_heartbeat(session, stomp_frame_header(frame, "heart-beat"), &cx, &cy);
    g_autofree char *agreed = g_strdup_printf("%u,%u", cy, cx);
    g_autoptr(StompFrame) answer = stomp_frame_new("CONNECTED");
    stomp_frame_add(answer, "version", "1.2");
    stomp_frame_add(answer, "heart-beat", agreed);
    stomp_link_set_heartbeat(session->link, cy, cx);
    stomp_link_send(session->link, answer);
    return TRUE;
}

static const struct {
    const char *command;
    gboolean connected; /* allowed only after CONNECT */
    gboolean (*handler)(RpcSession *session, const StompFrame *frame);
} commands[] = {
    {"SEND", TRUE, on_send},
    {"SUBSCRIBE", TRUE, on_subscribe},
    {"UNSUBSCRIBE", TRUE, on_unsubscribe},
    {"DISCONNECT", TRUE, on_disconnect},
    {"CONNECT", FALSE, on_connect},
    {"STOMP", FALSE, on_connect},
};

static gboolean run_frame(RpcSession *session, const StompFrame *frame)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (!g_str_equal(commands[i].command, frame->command))
            continue;
        if (commands[i].connected && !session->connected)
            return refuse_peer(session, frame, "Not connected: CONNECT must come first");
        return commands[i].handler(session, frame);
    }
    g_autofree char *text = g_strdup_printf("Command not supported: %s", frame->command);
    return refuse_peer(session, frame, text);
}

static void on_frame(StompLink *link, StompFrame *frame, gpointer data)
{
    g_autoptr(RpcSession) session = session_ref(data);
    gboolean accepted = run_frame(session, frame);
    const char *receipt = stomp_frame_header(frame, "receipt");

    if (accepted && receipt != NULL && !session->ended)
        send_receipt(session, receipt);
}

static void on_malformed(StompLink *link, const GError *error, gpointer data)
{
    send_error(data, NULL, error->message);
    stomp_link_finish(link, error);
}

static void on_link_ended(StompLink *link, const GError *reason, gpointer data)
{
    session_over(data, reason);
}

static const StompLinkEvents link_events = {on_frame, on_malformed, on_link_ended};

/* -- the beginning */

static void session_open(RpcSession *session)
{
    const RpcLimits *limits = session->owner->limits;
    StompLimits frame_limits = stomp_request_limits;
    g_autoptr(GError) error = NULL;

    if (!session->owner->ready(session, session->owner->server, &error)) {
        session_over(session, error);
        return;
    }
    frame_limits.body = limits->body;
    session->link = stomp_link_new(session->connection, session->stream, &frame_limits,
                                   limits->queued, limits->frame_ms, &link_events, session);
    set_deadline(session, limits->connect_ms);
}

static void hands_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(RpcSession) session = data;
    g_autoptr(GError) error = NULL;
    gboolean done = handshake_finish(result, &error);

    if (session->ended) {
        (void)g_socket_close(g_socket_connection_get_socket(session->connection), NULL);
        return;
    }
    g_prefix_error(&error, "TLS handshake: ");
    if (done)
        session_open(session);
    else
        session_over(session, error);
}

void rpc_session_begin(RpcSession *session)
{
    g_autoptr(GError) error = NULL;

    if (session->owner->credentials == NULL) {
        session->stream = g_object_ref(G_IO_STREAM(session->connection));
        session_open(session);
        return;
    }
    GTlsConnection *tls =
        tls_server_wrap(session->owner->credentials, G_IO_STREAM(session->connection), &error);
    if (tls == NULL) {
        session_over(session, error);
        return;
    }
    session->stream = G_IO_STREAM(tls);
    set_deadline(session, session->owner->limits->handshake_ms);
    handshake_async(tls, session->cancellable, hands_shaken, session_ref(session));
}

static char *peer_text(GSocketConnection *connection)
{
    g_autoptr(GSocketAddress) address = g_socket_connection_get_remote_address(connection, NULL);

    if (!G_IS_INET_SOCKET_ADDRESS(address))
        return g_strdup("local");
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    g_autofree char *host = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
    guint port = g_inet_socket_address_get_port(inet);
    if (g_str_has_prefix(host, "::ffff:"))
        return g_strdup_printf("%s:%u", host + strlen("::ffff:"), port);
    return g_strdup_printf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}

RpcSession *rpc_session_new(GSocketConnection *connection, const RpcSessionOwner *owner)
{
    RpcSession *session = g_new0(RpcSession, 1);

    session->references = 1;
    session->owner = owner;
    session->connection = g_object_ref(connection);
    session->cancellable = g_cancellable_new();
    session->peer = peer_text(connection);
    session->subscriptions = subscriptions_new();
    session->replies = g_ptr_array_new();
    return session;
}
