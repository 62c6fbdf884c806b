/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/session-private.h"

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
    session_run_body(session, frame);
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
    session_detach_replies(session);
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
    session_clear_deadline(session);
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

const StompLinkEvents session_link_events = {on_frame, on_malformed, on_link_ended};
