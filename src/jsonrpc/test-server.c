/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/server.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "jsonrpc/test-credentials.h"
#include "jsonrpc/test-peer.h"

/* A server whose methods answer at once ("echo", its params) or when told to ("hold"). */
typedef struct {
    RpcServer *server;
    guint16 port;
    TlsCredentials *credentials;
    char *dir;       /* of the credentials */
    GPtrArray *held; /* of RpcCall */
    guint calls;
    guint lost;
    GString *reasons; /* why connections were lost */
} Fixture;

static void handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    Fixture *fixture = data;

    fixture->calls++;
    if (g_str_equal(method, "hold"))
        g_ptr_array_add(fixture->held, call);
    else if (g_str_equal(method, "flow"))
        rpc_call_fail(call, 1, rpc_call_flow_id(call) != NULL ? rpc_call_flow_id(call) : "none");
    else if (g_str_equal(method, "peer"))
        rpc_call_fail(call, 1, rpc_call_peer(call));
    else
        rpc_call_return(call, params != NULL ? json_node_copy(params) : NULL);
}

static void server_lost(const char *peer, const GError *reason, gpointer data)
{
    Fixture *fixture = data;

    g_string_append_printf(fixture->reasons, "%s;", reason->message);
    fixture->lost++;
}

static void fixture_init(Fixture *fixture, const RpcLimits *limits)
{
    const TestServerOptions options = {
        fixture->credentials, handle, server_lost, fixture, limits,
    };

    fixture->server = test_server_new(&options, &fixture->port);
    fixture->held = g_ptr_array_new();
    fixture->reasons = g_string_new(NULL);
}

static void release_held(Fixture *fixture)
{
    for (guint i = 0; i < fixture->held->len; i++)
        rpc_call_return(fixture->held->pdata[i], NULL);
    g_ptr_array_set_size(fixture->held, 0);
}

static void fixture_clear(Fixture *fixture)
{
    rpc_server_free(fixture->server);
    release_held(fixture); /* to nobody */
    test_run_for(20);      /* threads report */
    g_ptr_array_unref(fixture->held);
    g_string_free(fixture->reasons, TRUE);
    test_credentials_free(fixture->credentials, fixture->dir);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

#define CONNECTED_NONE "CONNECTED version=1.2 heart-beat=0,0 []"
#define SUBSCRIBE_R "SUBSCRIBE\ndestination:r\nid:s\nack:auto\n\n"
#define SEND_HEAD "SEND\ndestination:jms.topic.vdsm_requests\nreply-to:r\n\n"

/* Connected, with a subscription to "r". */
static TestPeer *open_peer(Fixture *fixture)
{
    TestPeer *peer = test_peer_open(fixture->port);

    SAY(peer, "CONNECT\naccept-version:1.2\n\n");
    SAY(peer, SUBSCRIBE_R);
    test_peer_expect(peer, CONNECTED_NONE);
    return peer;
}

#define CALL(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\"}"
#define NOTIFICATION(method) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"}"
#define RESULT(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}"
#define FAILURE(id, code, message)                                                                 \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" message "\"}" \
    "}"
#define PARSE_ERROR                                                                                \
    FAILURE("null", "-32700",                                                                      \
            "Invalid JSON was received by the server. An error occurred on the server while "      \
            "parsing the JSON text.")

/* -- CONNECT */

static void test_connect(void)
{
    static const struct {
        const char *bytes;
        const char *answer;
        gboolean stays;
    } rows[] = {
        {"CONNECT\naccept-version:1.2\n\n", CONNECTED_NONE, TRUE},
        {"STOMP\naccept-version:1.0,1.1,1.2\nhost:x\n\n", CONNECTED_NONE, TRUE},
        {"CONNECT\r\naccept-version:1.2\r\n\r\n", CONNECTED_NONE, TRUE},
        {"\n\nCONNECT\naccept-version:1.2\nheart-beat:0,24000\n\n",
         "CONNECTED version=1.2 heart-beat=24000,0 []", TRUE},
        {"CONNECT\naccept-version:1.2\nheart-beat:5000,7\n\n",
         "CONNECTED version=1.2 heart-beat=1000,5000 []", TRUE},
        {"CONNECT\naccept-version:1.2\nheart-beat:x,99999999999\n\n", CONNECTED_NONE, TRUE},
        {"CONNECT\naccept-version:1.2\nreceipt:7\n\n", CONNECTED_NONE, TRUE},
        {"CONNECT\naccept-version:1.1\n\n",
         "ERROR message=Version unsupported content-type=text/plain content-length=19 "
         "[Version unsupported]",
         FALSE},
        {"CONNECT\n\n",
         "ERROR message=Version unsupported content-type=text/plain content-length=19 "
         "[Version unsupported]",
         FALSE},
        {"SUBSCRIBE\ndestination:r\nid:1\nreceipt:9\n\n",
         "ERROR message=Not connected: CONNECT must come first content-type=text/plain "
         "receipt-id=9 content-length=38 [Not connected: CONNECT must come first]",
         FALSE},
        {"BEGIN\ntransaction:1\n\n",
         "ERROR message=Command not supported: BEGIN content-type=text/plain content-length=28 "
         "[Command not supported: BEGIN]",
         FALSE},
    };
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TestPeer) peer = test_peer_open(fixture.port);
        test_peer_send(peer, rows[i].bytes, strlen(rows[i].bytes) + 1);
        g_autofree char *got = test_peer_next(peer);
        g_assert_cmpstr(got, ==, rows[i].answer);
        if (!rows[i].stays)
            test_peer_expect_end(peer);
    }
}

static void test_connect_twice(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, "CONNECT\naccept-version:1.2\n\n");
    test_peer_expect(peer, "ERROR message=Already connected content-type=text/plain "
                           "content-length=17 [Already connected]");
    test_peer_expect_end(peer);
    test_run_until(&fixture.lost, 1);
    g_assert_cmpstr(fixture.reasons->str, ==, "Already connected;");
}

/* -- what clients say, byte for byte */

static void test_vdsm_client(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = test_peer_open(fixture.port);

    SAY(peer, "CONNECT\naccept-version:1.2\nheart-beat:0,24000\n\n");
    SAY(peer, "SUBSCRIBE\ndestination:d4f0\nack:auto\nid:5a1b\n\n");
    SAY(peer,
        "SEND\ndestination:jms.topic.vdsm_requests\ncontent-type:application/json\n"
        "reply-to:d4f0\novirtCorrelationId:abc\ncontent-length:71\n\n"
        "[{\"jsonrpc\": \"2.0\", \"method\": \"Host.ping2\", \"params\": {}, \"id\": \"u-1\"}]");
    test_peer_expect(peer, "CONNECTED version=1.2 heart-beat=24000,0 []");
    test_peer_expect(peer, "MESSAGE destination=d4f0 content-type=application/json "
                           "subscription=5a1b content-length=40 "
                           "[{\"jsonrpc\":\"2.0\",\"id\":\"u-1\",\"result\":{}}]");
}

static void test_engine(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = test_peer_open(fixture.port);

    SAY(peer, "CONNECT\naccept-version:1.2\nhost:h\nheart-beat:0,5000\n\n");
    SAY(peer, "SUBSCRIBE\ndestination:jms.queue.events\nid:e\nack:auto\n\n");
    SAY(peer, "SUBSCRIBE\ndestination:jms.topic.vdsm_responses\nid:r\nack:auto\n\n");
    SAY(peer, "SEND\ndestination:jms.topic.vdsm_requests\nreply-to:jms.topic.vdsm_responses\n"
              "content-length:58\n\n" CALL("\"1\"", "Host.getCapabilities"));
    test_peer_expect(peer, "CONNECTED version=1.2 heart-beat=5000,0 []");
    test_peer_expect(peer, "MESSAGE destination=jms.topic.vdsm_responses "
                           "content-type=application/json subscription=r content-length=40 "
                           "[" RESULT("\"1\"", "true") "]");
    rpc_server_notify(fixture.server, RPC_EVENTS, "|virt|VM_status|v",
                      json_from_string("{\"v\":{\"status\":\"Up\"}}", NULL));
    test_peer_expect(peer, "MESSAGE destination=jms.queue.events content-type=application/json "
                           "subscription=e content-length=77 "
                           "[{\"jsonrpc\":\"2.0\",\"method\":\"|virt|VM_status|v\","
                           "\"params\":{\"v\":{\"status\":\"Up\"}}}]");
}

/* -- JSON-RPC */

static void test_requests(void)
{
    static const struct {
        const char *body;
        const char *answer; /* NULL: none */
    } rows[] = {
        {CALL("\"x\"", "a"), RESULT("\"x\"", "true")},
        {CALL("7", "a"), RESULT("7", "true")},
        {CALL("null", "a"), RESULT("null", "true")},
        {CALL("-1.5", "a"), RESULT("-1.5", "true")},
        {"[" CALL("1", "a") "]", RESULT("1", "true")},
        {"[" CALL("1", "a") "," CALL("\"b\"", "b") "]",
         "[" RESULT("1", "true") "," RESULT("\"b\"", "true") "]"},
        {"[" CALL("1", "a") "," NOTIFICATION("a") "]", "[" RESULT("1", "true") "]"},
        {"[" CALL("1", "a") ",5]",
         "[" RESULT("1", "true") "," FAILURE("null", "-32600",
                                             "Invalid request: {'reason': 'not an object'}") "]"},
        {"[5]", FAILURE("null", "-32600", "Invalid request: {'reason': 'not an object'}")},
        {"[]", FAILURE("null", "-32600", "Invalid request: {'reason': 'request batch is empty'}")},
        {NOTIFICATION("a"), NULL},
        {"[" NOTIFICATION("a") "," NOTIFICATION("b") "]", NULL},
        {"{\"jsonrpc\":\"2.0\",\"id\":3}",
         FAILURE("3", "-32600", "Invalid request: {'reason': 'missing method header in method'}")},
        {"{\"id\":\"q\",\"method\":\"a\"}",
         FAILURE("\"q\"", "-32600", "Invalid request: {'reason': 'Wrong protocol version'}")},
        {"{", PARSE_ERROR},
        {"", PARSE_ERROR},
        {"\xff\xfe", PARSE_ERROR},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
         PARSE_ERROR},
    };
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        test_peer_send(peer, SEND_HEAD, strlen(SEND_HEAD));
        test_peer_send(peer, rows[i].body, strlen(rows[i].body) + 1);
        if (rows[i].answer != NULL)
            test_peer_expect_body(peer, rows[i].answer);
    }
    SAY(peer, SEND_HEAD CALL("\"last\"", "a")); /* after all that the connection serves on */
    test_peer_expect_body(peer, RESULT("\"last\"", "true"));
    g_assert_cmpuint(fixture.calls, ==, 14); /* notifications were run */
    g_assert_cmpuint(fixture.lost, ==, 0);
}

static void test_context(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, SEND_HEAD CALL("1", "flow"));
    test_peer_expect_body(peer, FAILURE("1", "1", "none"));
    SAY(peer, "SEND\ndestination:jms.topic.vdsm_irs_requests.x\nreply-to:r\n"
              "ovirtCorrelationId:a\\cb\novirtCorrelationId:c\n\n" CALL("2", "flow"));
    test_peer_expect_body(peer, FAILURE("2", "1", "a:b"));
    SAY(peer, SEND_HEAD CALL("3", "peer"));
    g_autofree char *got = test_peer_next(peer);
    g_assert_true(strstr(got, "\"message\":\"127.0.0.1:") != NULL);
}

/* Answers in another order than the requests, as they come. */
static void test_out_of_order(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, SEND_HEAD CALL("1", "hold"));
    SAY(peer, SEND_HEAD "[" CALL("2", "hold") "," CALL("3", "a") "," NOTIFICATION("hold") "]");
    SAY(peer, SEND_HEAD CALL("4", "a"));
    test_peer_expect_body(peer, RESULT("4", "true"));
    rpc_call_return(g_ptr_array_steal_index(fixture.held, 1), NULL);
    test_peer_expect_body(peer, "[" RESULT("3", "true") "," RESULT("2", "true") "]");
    release_held(&fixture);
    test_peer_expect_body(peer, RESULT("1", "true"));
}

/* Two clients with the same ids and the same destination get their own answers only. */
static void test_isolation(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) one = open_peer(&fixture);
    g_autoptr(TestPeer) two = open_peer(&fixture);

    SAY(one, SEND_HEAD "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hold\"}");
    test_run_until(&fixture.calls, 1);
    SAY(two, SEND_HEAD "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[\"two\"]}");
    test_peer_expect_body(two, RESULT("1", "[\"two\"]"));
    release_held(&fixture);
    test_peer_expect_body(one, RESULT("1", "true"));
    SAY(one, SEND_HEAD CALL("2", "a"));
    SAY(two, SEND_HEAD CALL("3", "a"));
    test_peer_expect_body(one, RESULT("2", "true"));
    test_peer_expect_body(two, RESULT("3", "true"));
}

/* -- where answers go */

#define SEND_BARE "SEND\ndestination:jms.topic.vdsm_requests\n\n"

static void test_no_reply_to(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, SEND_BARE CALL("1", "a")); /* run, and the answer dropped */
    SAY(peer, "SEND\ndestination:jms.topic.vdsm_requests\nreply-to:elsewhere\n\n" CALL("2", "a"));
    SAY(peer, "SUBSCRIBE\ndestination:jms.topic.vdsm_responses\nid:v\n\n");
    SAY(peer, SEND_BARE CALL("3", "a"));
    test_peer_expect(peer, "MESSAGE destination=jms.topic.vdsm_responses "
                           "content-type=application/json subscription=v content-length=38 "
                           "[" RESULT("3", "true") "]");
    g_assert_cmpuint(fixture.calls, ==, 3);
    SAY(peer, "UNSUBSCRIBE\nid:s\n\n");
    SAY(peer, SEND_HEAD CALL("4", "a")); /* nobody listens there any more */
    SAY(peer, SEND_BARE CALL("5", "a"));
    test_peer_expect_body(peer, RESULT("5", "true"));
}

static void test_frame_errors(void)
{
    static const struct {
        const char *bytes;
        const char *text;
    } rows[] = {
        {"SUBSCRIBE\ndestination:r\n\n", "Missing destination or subscription id header"},
        {"SUBSCRIBE\nid:1\n\n", "Missing destination or subscription id header"},
        {"SUBSCRIBE\nid:\ndestination:r\n\n", "Missing destination or subscription id header"},
        {"SUBSCRIBE\nid:s\ndestination:q\n\n", "Subscription id already exists"},
        {"SUBSCRIBE\nid:t\ndestination:q\nack:client\n\n", "Only ack:auto is supported"},
        {"UNSUBSCRIBE\n\n", "Missing id header"},
        {"SEND\n\n{}", "Missing destination header"},
        {"SEND\ndestination:jms.queue.events\n\n{}", "Subscription not available"},
        {"SEND\ndestination:jms.topic.vdsm_requestsx\n\n{}", "Subscription not available"},
        {"SEND\ndestination:jms.topic.vdsm_requests\ntransaction:1\n\n{}",
         "Transactions are not supported"},
    };
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *expected =
            g_strdup_printf("ERROR message=%s content-type=text/plain content-length=%zu [%s]",
                            rows[i].text, strlen(rows[i].text), rows[i].text);
        test_peer_send(peer, rows[i].bytes, strlen(rows[i].bytes) + 1);
        test_peer_expect(peer, expected);
    }
    SAY(peer, "UNSUBSCRIBE\nid:unknown\n\n"); /* no error, as in VDSM */
    SAY(peer, SEND_HEAD CALL("1", "a"));
    test_peer_expect_body(peer, RESULT("1", "true"));
}

static void test_receipts(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, "SUBSCRIBE\ndestination:q\nid:q\nreceipt:a\\cb\n\n");
    test_peer_expect(peer, "RECEIPT receipt-id=a:b []");
    SAY(peer, "UNSUBSCRIBE\nid:q\nreceipt:2\n\n");
    test_peer_expect(peer, "RECEIPT receipt-id=2 []");
    SAY(peer, "SEND\ndestination:jms.topic.vdsm_requests\nreply-to:r\nreceipt:3\n\n"
              "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}");
    test_peer_expect(peer, "RECEIPT receipt-id=3 []");
    SAY(peer, "UNSUBSCRIBE\nreceipt:4\n\n");
    test_peer_expect(peer, "ERROR message=Missing id header content-type=text/plain receipt-id=4 "
                           "content-length=17 [Missing id header]");
}

static void test_disconnect(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) with = open_peer(&fixture);
    g_autoptr(TestPeer) without = open_peer(&fixture);

    SAY(with, SEND_HEAD CALL("1", "hold"));
    SAY(with, "DISCONNECT\nreceipt:bye\n\n");
    test_peer_expect(with, "RECEIPT receipt-id=bye []");
    test_peer_expect_end(with);
    SAY(without, "DISCONNECT\n\n");
    test_peer_expect_end(without);
    release_held(&fixture);
    g_clear_pointer(&with, test_peer_free);
    g_clear_pointer(&without, test_peer_free);
    while (rpc_server_connections(fixture.server) > 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(fixture.lost, ==, 0); /* nothing to complain of */
}

/* Events go to who subscribed to their destination or to what it lies under. */
static void test_notify(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) exact = open_peer(&fixture);
    g_autoptr(TestPeer) above = open_peer(&fixture);
    g_autoptr(TestPeer) other = open_peer(&fixture);

    SAY(exact, "SUBSCRIBE\ndestination:jms.queue.events\nid:1\nreceipt:1\n\n");
    SAY(above, "SUBSCRIBE\ndestination:jms.queue\nid:2\nreceipt:1\n\n");
    SAY(other, "SUBSCRIBE\ndestination:jms.queue.event\nid:3\nreceipt:1\n\n");
    test_peer_expect(exact, "RECEIPT receipt-id=1 []");
    test_peer_expect(above, "RECEIPT receipt-id=1 []");
    test_peer_expect(other, "RECEIPT receipt-id=1 []");
    rpc_server_notify(fixture.server, RPC_EVENTS, "e", NULL);
    test_peer_expect_body(exact, "{\"jsonrpc\":\"2.0\",\"method\":\"e\",\"params\":{}}");
    test_peer_expect_body(above, "{\"jsonrpc\":\"2.0\",\"method\":\"e\",\"params\":{}}");
    SAY(other, SEND_HEAD CALL("1", "a"));
    test_peer_expect_body(other, RESULT("1", "true"));
}

/* -- malformed frames */

static void test_malformed(void)
{
    static const struct {
        const char *bytes;
        gsize length;
        const char *text;
    } rows[] = {
        {"SEND\ncontent-length:1\n\nabc", 27, "Frame doesn't end with NULL byte"},
        {"SEND\nnothing\n\n", 15, "Header line \"nothing\" is not name:value"},
        {"\x7f\x45LF", 4, "Byte 0x7f where a STOMP command was expected"},
        {"SEND\na:\\q\n\n", 12, "Undefined escape in header line \"a:\\q\""},
        {"SEND\ncontent-length:16777217\n", 29,
         "Body of 16777217 bytes is over the limit of 16777216"},
    };
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TestPeer) peer = open_peer(&fixture);
        test_peer_send(peer, rows[i].bytes, rows[i].length);
        g_autofree char *got = test_peer_next(peer);
        g_autofree char *body = g_strdup_printf("[%s]", rows[i].text);
        g_assert_true(g_str_has_prefix(got, "ERROR message="));
        g_assert_cmpstr(strchr(got, '['), ==, body);
        test_peer_expect_end(peer);
    }
    test_run_until(&fixture.lost, G_N_ELEMENTS(rows));
    g_assert_true(g_str_has_prefix(fixture.reasons->str, "Frame doesn't end with NULL byte;"));
}

/* -- limits */

static void test_limit_subscriptions(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.subscriptions = 2;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, "SUBSCRIBE\ndestination:q\nid:2\n\n");
    SAY(peer, "SUBSCRIBE\ndestination:q\nid:3\n\n");
    test_peer_expect(peer, "ERROR message=More than 2 subscriptions content-type=text/plain "
                           "content-length=25 [More than 2 subscriptions]");
    SAY(peer, "UNSUBSCRIBE\nid:2\n\n");
    SAY(peer, "SUBSCRIBE\ndestination:q\nid:3\nreceipt:1\n\n");
    test_peer_expect(peer, "RECEIPT receipt-id=1 []");
}

static void test_limit_calls(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.calls = 2;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, SEND_HEAD CALL("1", "hold"));
    SAY(peer, SEND_HEAD NOTIFICATION("hold"));
    SAY(peer, SEND_HEAD CALL("3", "hold"));
    test_peer_expect_body(peer, FAILURE("3", "-32603",
                                        "Internal JSON-RPC error: {'reason': 'more than 2 calls in "
                                        "flight on this connection'}"));
    SAY(peer, "SEND\ndestination:jms.topic.vdsm_requests\nreceipt:n\n\n" NOTIFICATION("hold"));
    test_peer_expect(peer, "RECEIPT receipt-id=n []"); /* but refused in silence */
    release_held(&fixture);
    test_peer_expect_body(peer, RESULT("1", "true"));
    SAY(peer, SEND_HEAD CALL("4", "a"));
    test_peer_expect_body(peer, RESULT("4", "true"));
    g_assert_cmpuint(fixture.calls, ==, 3);
}

static void test_limit_batch(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.batch = 2;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) peer = open_peer(&fixture);

    SAY(peer, SEND_HEAD "[1,2,3]");
    test_peer_expect_body(
        peer, FAILURE("null", "-32600",
                      "Invalid request: {'reason': 'batch of 3 requests is over the limit of 2'}"));
}

static void test_limit_connections(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.connections = 1;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    TestPeer *first = open_peer(&fixture);
    g_autoptr(TestPeer) second = test_peer_open(fixture.port);

    test_peer_expect_end(second);
    g_assert_cmpstr(fixture.reasons->str, ==, "More than 1 connections;");
    SAY(first, SEND_HEAD CALL("1", "a"));
    test_peer_expect_body(first, RESULT("1", "true"));
    test_peer_free(first);
    test_run_until(&fixture.lost, 2);
    g_autoptr(TestPeer) third = open_peer(&fixture);
    g_assert_false(third->ended);
    g_assert_cmpuint(rpc_server_connections(fixture.server), ==, 1);
}

static void test_limit_time(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.connect_ms = 50;
    limits.frame_ms = 50;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) silent = test_peer_open(fixture.port);
    test_peer_expect_end(silent);
    g_assert_cmpstr(fixture.reasons->str, ==, "No CONNECT within 50 ms;");

    g_autoptr(TestPeer) half = open_peer(&fixture);
    test_peer_send(half, "SEND\nx:y", 8);
    test_peer_expect_end(half);
    g_assert_true(g_str_has_suffix(fixture.reasons->str, "A frame was not finished within 50 ms;"));

    g_autoptr(TestPeer) idle = open_peer(&fixture);
    test_run_for(120); /* longer than both: an idle connection may stay */
    SAY(idle, SEND_HEAD CALL("1", "a"));
    test_peer_expect_body(idle, RESULT("1", "true"));
}

/* Out of descriptors: the server rests instead of spinning, and goes on when there are some again.
 */
static void test_limit_descriptors(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = test_peer_open(fixture.port); /* in the kernel's queue only */
    struct rlimit before;
    int next = dup(STDOUT_FILENO);

    g_assert_cmpint(next, >=, 0);
    close(next);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    struct rlimit none = {(rlim_t)next, before.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    test_run_until(&fixture.lost, 1);
    test_run_for(100);
    g_assert_cmpuint(fixture.lost, ==, 1); /* once, not in every turn */
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    SAY(peer, "CONNECT\naccept-version:1.2\n\n");
    test_peer_expect(peer, CONNECTED_NONE);
}

/* A byte now and then does not buy a frame more time. */
static void test_slow_loris(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.frame_ms = 100;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) peer = open_peer(&fixture);
    guint sent;

    for (sent = 0; sent < 50 && fixture.lost == 0; sent++) {
        test_peer_send(peer, "S", 1);
        test_run_for(10);
    }
    g_assert_cmpuint(fixture.lost, ==, 1);
    test_peer_expect_end(peer);
}

static void test_heartbeats(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.heartbeat_ms = 50;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) peer = test_peer_open(fixture.port);
    gint64 start = g_get_monotonic_time();

    SAY(peer, "CONNECT\naccept-version:1.2\nheart-beat:100,50\n\n");
    test_peer_expect(peer, "CONNECTED version=1.2 heart-beat=50,100 []");
    for (guint i = 0; i < 5; i++) { /* beats keep it */
        test_run_for(60);
        test_peer_send(peer, "\n", 1);
    }
    g_assert_cmpuint(fixture.lost, ==, 0);
    test_peer_expect_end(peer); /* silence does not; and only end-of-lines came meanwhile */
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 450 * 1000);
    g_assert_nonnull(strstr(fixture.reasons->str, "a heart-beat was agreed for every 100 ms"));
}

/* -- clients that do not read */

static void test_stopped_reader(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.queued = 1024 * 1024;
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, &limits);
    g_autoptr(TestPeer) stopped = open_peer(&fixture);
    g_autoptr(TestPeer) other = open_peer(&fixture);
    g_autofree char *filler = g_strnfill(100 * 1024, 'x');
    guint sent = 0;

    SAY(stopped, "SUBSCRIBE\ndestination:jms.queue.events\nid:e\nreceipt:1\n\n");
    test_peer_expect(stopped, "RECEIPT receipt-id=1 []");
    for (; sent < 1000 && fixture.lost == 0; sent++) {
        JsonNode *params = json_node_init_string(json_node_alloc(), filler);
        rpc_server_notify(fixture.server, RPC_EVENTS, "e", params);
        SAY(other, SEND_HEAD CALL("1", "a")); /* served all the while */
        test_peer_expect_body(other, RESULT("1", "true"));
    }
    g_assert_cmpuint(fixture.lost, ==, 1);
    g_assert_true(g_str_has_prefix(fixture.reasons->str, "The peer does not read: "));
    g_assert_cmpuint(rpc_server_connections(fixture.server), ==, 1);
}

/* What may be lost is lost for one that does not read, and it is told how much. */
static void test_offer(void)
{
    enum { OFFERS = 64, QUEUED = 256 * 1024 };
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) stopped = open_peer(&fixture);
    g_autofree char *filler = g_strnfill(100 * 1024, 'x');
    guint64 told = 0, lost = 0;

    SAY(stopped, "SUBSCRIBE\ndestination:drops\nid:e\nreceipt:1\n\n");
    test_peer_expect(stopped, "RECEIPT receipt-id=1 []");
    g_assert_true(rpc_server_is_heard(fixture.server, "drops.p1"));
    g_assert_false(rpc_server_is_heard(fixture.server, "drop"));
    for (guint i = 0; i < OFFERS; i++)
        rpc_server_offer(fixture.server, "drops.p1", "e",
                         json_node_init_string(json_node_alloc(), filler), QUEUED, "lost");
    SAY(stopped, "SEND\ndestination:jms.topic.vdsm_requests\nreply-to:drops\n\n" CALL("1", "a"));
    while (lost == 0) {
        g_autofree char *frame = test_peer_next(stopped);
        const char *count = strstr(frame, "\"method\":\"lost\",\"params\":{\"count\":");

        if (strstr(frame, RESULT("1", "true"))) /* all that waited has been read */
            rpc_server_offer(fixture.server, "drops.p1", "e", NULL, QUEUED, "lost");
        told += strstr(frame, filler) != NULL;
        if (count)
            lost = g_ascii_strtoull(strrchr(count, ':') + 1, NULL, 10);
    }
    test_peer_expect_body(stopped, "{\"jsonrpc\":\"2.0\",\"method\":\"e\",\"params\":{}}");
    g_assert_cmpuint(told, >=, QUEUED / (100 * 1024));
    g_assert_cmpuint(told + lost, ==, OFFERS);
    g_assert_cmpuint(fixture.lost, ==, 0);
}

/* -- large bodies */

static void test_large_in_order(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);
    g_autofree char *filler = g_strnfill(1024 * 1024, 'x');
    g_autofree char *params = g_strdup_printf("[\"%s\"]", filler);
    g_autofree char *frame = g_strdup_printf(
        SEND_HEAD "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":%s}", params);
    g_autofree char *answer =
        g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}", params);
    g_autofree char *broken = g_strdup_printf(SEND_HEAD "[\"%s\"", filler);

    for (guint i = 0; i < 3; i++) {
        test_peer_send(peer, frame, strlen(frame) + 1);
        SAY(peer, SEND_HEAD CALL("2", "a"));
        test_peer_send(peer, broken, strlen(broken) + 1);
        test_peer_expect_body(peer, answer);
        test_peer_expect_body(peer, RESULT("2", "true"));
        test_peer_expect_body(peer, PARSE_ERROR);
    }
}

/* The connection ends while a worker still reads its request. */
static void test_large_then_gone(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    g_autoptr(TestPeer) peer = open_peer(&fixture);
    g_autofree char *filler = g_strnfill(4 * 1024 * 1024, 'x');
    g_autofree char *frame = g_strdup_printf(SEND_HEAD "[\"%s\"]", filler);

    test_peer_send(peer, frame, strlen(frame) + 1);
    g_clear_pointer(&fixture.server, rpc_server_free);
    test_run_for(50);
}

/* Calls outlive their connection, alone and in a batch that is half answered. */
static void test_calls_outlive(void)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture, NULL);
    TestPeer *peer = open_peer(&fixture);

    SAY(peer, SEND_HEAD CALL("1", "hold"));
    SAY(peer, SEND_HEAD "[" CALL("2", "a") "," CALL("3", "hold") "," NOTIFICATION("hold") "]");
    SAY(peer, SEND_HEAD "[" CALL("4", "a") "," NOTIFICATION("hold") "]");
    test_peer_expect_body(peer, "[" RESULT("4", "true") "]");
    test_peer_free(peer);
    test_run_until(&fixture.lost, 1);
    g_assert_cmpuint(fixture.held->len, ==, 4);
    release_held(&fixture);
    g_assert_cmpstr(fixture.reasons->str, ==, "The peer closed the connection;");
}

/* -- TLS */

static void init_tls(Fixture *fixture, const RpcLimits *limits)
{
    fixture->credentials = test_credentials_new(&fixture->dir);
    fixture_init(fixture, limits);
}

static void test_tls(void)
{
    g_auto(Fixture) fixture = {0};
    init_tls(&fixture, NULL);
    GTlsCertificate *own = tls_credentials_certificate(fixture.credentials);
    g_autoptr(TestPeer) peer = test_peer_open_tls(fixture.port, own);

    g_assert_nonnull(peer);
    SAY(peer, "CONNECT\naccept-version:1.2\n\n");
    SAY(peer, SUBSCRIBE_R);
    SAY(peer, SEND_HEAD CALL("1", "a"));
    test_peer_expect(peer, CONNECTED_NONE);
    test_peer_expect_body(peer, RESULT("1", "true"));
    SAY(peer, "DISCONNECT\nreceipt:1\n\n");
    test_peer_expect(peer, "RECEIPT receipt-id=1 []");
    test_peer_expect_end(peer);
}

/* Whoever has no certificate, or one of another authority, or speaks no TLS, does not get in. */
static void test_tls_strangers(void)
{
    g_auto(Fixture) fixture = {0};
    init_tls(&fixture, NULL);
    char *dir;
    TlsCredentials *foreign = test_credentials_new(&dir);
    GTlsCertificate *certificates[] = {NULL, tls_credentials_certificate(foreign)};

    for (guint i = 0; i < G_N_ELEMENTS(certificates); i++) {
        g_autoptr(TestPeer) peer = test_peer_open_tls(fixture.port, certificates[i]);
        if (peer != NULL) { /* TLS 1.3 lets a client speak before it is judged */
            SAY(peer, "CONNECT\naccept-version:1.2\n\n");
            test_peer_expect_end(peer);
        }
        test_run_until(&fixture.lost, i + 1);
    }
    g_autoptr(TestPeer) plain = test_peer_open(fixture.port);
    SAY(plain, "CONNECT\naccept-version:1.2\n\n");
    test_run_until(&fixture.lost, 3);
    test_peer_free(test_peer_open(fixture.port)); /* opens and closes */
    test_run_until(&fixture.lost, 4);
    g_assert_cmpuint(rpc_server_connections(fixture.server), ==, 0);
    g_assert_true(g_str_has_prefix(fixture.reasons->str, "TLS handshake: "));
    test_credentials_free(foreign, dir);
}

/* Peers that open a connection and say nothing keep nobody out, and go. */
static void test_tls_silent(void)
{
    RpcLimits limits = rpc_default_limits;
    limits.handshakes = 3;
    limits.handshake_ms = 300;
    g_auto(Fixture) fixture = {0};
    init_tls(&fixture, &limits);
    TestPeer *silent[8];

    for (guint i = 0; i < G_N_ELEMENTS(silent); i++)
        silent[i] = test_peer_open(fixture.port);
    GTlsCertificate *own = tls_credentials_certificate(fixture.credentials);
    g_autoptr(TestPeer) peer = test_peer_open_tls(fixture.port, own);
    g_assert_nonnull(peer);
    SAY(peer, "CONNECT\naccept-version:1.2\n\n");
    test_peer_expect(peer, CONNECTED_NONE);
    test_run_until(&fixture.lost, G_N_ELEMENTS(silent));
    g_assert_nonnull(
        strstr(fixture.reasons->str,
               "More than 3 TLS handshakes at the same time, and this was the oldest;"));
    g_assert_nonnull(strstr(fixture.reasons->str, "No complete TLS handshake within 300 ms;"));
    for (guint i = 0; i < G_N_ELEMENTS(silent); i++)
        test_peer_free(silent[i]);
}

/* The server goes in the middle of everything. */
static void test_tls_free(void)
{
    g_auto(Fixture) fixture = {0};
    init_tls(&fixture, NULL);
    GTlsCertificate *own = tls_credentials_certificate(fixture.credentials);
    g_autoptr(TestPeer) open = test_peer_open_tls(fixture.port, own);
    g_autoptr(TestPeer) silent = test_peer_open(fixture.port);

    test_run_for(20);
    g_clear_pointer(&fixture.server, rpc_server_free);
    test_peer_expect_end(open);
    test_peer_expect_end(silent);
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    {"/connect/answers", test_connect},
    {"/connect/twice", test_connect_twice},
    {"/clients/vdsm-client", test_vdsm_client},
    {"/clients/engine", test_engine},
    {"/requests/forms", test_requests},
    {"/requests/context", test_context},
    {"/requests/out-of-order", test_out_of_order},
    {"/requests/isolation", test_isolation},
    {"/requests/no-reply-to", test_no_reply_to},
    {"/requests/large-in-order", test_large_in_order},
    {"/requests/large-then-gone", test_large_then_gone},
    {"/requests/outlive", test_calls_outlive},
    {"/frames/errors", test_frame_errors},
    {"/frames/receipts", test_receipts},
    {"/frames/disconnect", test_disconnect},
    {"/frames/malformed", test_malformed},
    {"/frames/notify", test_notify},
    {"/limits/subscriptions", test_limit_subscriptions},
    {"/limits/calls", test_limit_calls},
    {"/limits/batch", test_limit_batch},
    {"/limits/connections", test_limit_connections},
    {"/limits/descriptors", test_limit_descriptors},
    {"/limits/time", test_limit_time},
    {"/limits/slow-loris", test_slow_loris},
    {"/limits/heartbeats", test_heartbeats},
    {"/limits/stopped-reader", test_stopped_reader},
    {"/limits/offer", test_offer},
    {"/tls/calls", test_tls},
    {"/tls/strangers", test_tls_strangers},
    {"/tls/silent", test_tls_silent},
    {"/tls/free", test_tls_free},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_func(tests[i].name, tests[i].test);
    return g_test_run();
}
