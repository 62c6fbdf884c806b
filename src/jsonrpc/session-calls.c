/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/json-text.h"
#include "jsonrpc/message.h"
#include "jsonrpc/reply.h"
#include "jsonrpc/session-private.h"

/* A SEND whose body is being parsed in a worker. */
typedef struct {
    RpcSession *session;
    char *reply_to;
    char *flow_id;
} Parsing;

void session_detach_replies(RpcSession *session)
{
    for (guint i = 0; i < session->replies->len; i++)
        rpc_reply_detach(session->replies->pdata[i]);
    g_ptr_array_set_size(session->replies, 0);
}

/* -- messages out */

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

static void tell_lost(RpcSession *session, const char *destination, const char *method)
{
    g_autoptr(JsonNode) params = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "count", (gint64)session->lost);
    json_node_take_object(params, object);
    char *text = rpc_request_text(method, params, NULL);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));
    session->lost = 0;
    rpc_session_notify(session, destination, body);
}

gboolean rpc_session_hears(const RpcSession *session, const char *destination)
{
    return session->connected && !session->ended &&
           subscriptions_lookup(session->subscriptions, destination) != NULL;
}

void rpc_session_offer(RpcSession *session, const char *destination, GBytes *body, gsize queued,
                       const char *lost)
{
    if (!rpc_session_hears(session, destination))
        return;
    if (stomp_link_queued(session->link) > queued) {
        session->lost++;
        return;
    }
    if (session->lost > 0)
        tell_lost(session, destination, lost);
    rpc_session_notify(session, destination, body);
}

/* -- requests in, answers out */

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

/* A SEND goes through a worker when it is long, so that the main loop does not wait for it. */
void session_run_body(RpcSession *session, const StompFrame *frame)
{
    if (g_bytes_get_size(frame->body) > JSON_TEXT_WORKER_SIZE) {
        parse_in_worker(session, frame);
        return;
    }
    g_autoptr(RpcMessage) message = read_message(session, json_text_parse(frame->body, NULL));
    run_message(session, message, stomp_frame_header(frame, "reply-to"),
                stomp_frame_header(frame, "ovirtCorrelationId"));
}
