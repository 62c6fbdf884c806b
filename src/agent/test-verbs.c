/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/agent.h"
#include "agent/verbs.h"
#include "base/listen.h"
#include "jsonrpc/client.h"

/* A whole agent on libvirt's test driver, asked over TCP. That driver has one running domain,
 * "test", no network filters and no guests that answer; what needs those is for the system tests.
 */

#define TEST_VM "6695eb01-f6a4-8304-79aa-97f2502e193f"
#define NEW_VM "11111111-2222-3333-4444-555555555555"

typedef struct {
    Agent *agent;
    RpcClient *client;
    GPtrArray *events; /* "method status" */
} Site;

static void on_event(RpcClient *client, const char *method, JsonNode *params, gpointer data)
{
    Site *site = data;
    const char *id = strrchr(method, '|') + 1;
    JsonObject *status = json_object_get_object_member(json_node_get_object(params), id);

    g_test_message("%s %s", method, json_object_get_string_member(status, "status"));
    g_ptr_array_add(site->events, g_strdup_printf("%s %s", method,
                                                  json_object_get_string_member(status, "status")));
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)rpc_client_connect_finish(RPC_CLIENT(source), result, &error);
    g_assert_no_error(error);
    *(gboolean *)data = TRUE;
}

typedef struct {
    JsonNode *result;
    GError *error;
} Answer;

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    Answer *answer = data;

    answer->result = rpc_client_call_finish(RPC_CLIENT(source), result, &answer->error);
}

/* Calls and waits; params is JSON with ' for ". The answer as text: the result, or "CODE message".
 */
static char *call(Site *site, const char *method, const char *params)
{
    g_autofree char *text = g_strdelimit(g_strdup(params), "'", '"');
    Answer answer = {0};
    char *said;

    rpc_client_call_async(site->client, method, json_from_string(text, NULL), 20000, NULL,
                          on_answer, &answer);
    while (!answer.result && !answer.error)
        g_main_context_iteration(NULL, TRUE);
    said = answer.error ? g_strdup_printf("%d %s", answer.error->code, answer.error->message)
                        : json_to_string(answer.result, FALSE);
    g_test_message("%s %s -> %s", method, text, said);
    g_clear_pointer(&answer.result, json_node_unref);
    g_clear_error(&answer.error);
    return said;
}

static void assert_call(Site *site, const char *method, const char *params, const char *pattern)
{
    g_autofree char *said = call(site, method, params);

    g_assert_true(g_pattern_match_simple(pattern, said));
}

static void wait_event(Site *site, const char *event)
{
    while (!g_ptr_array_find_with_equal_func(site->events, event, g_str_equal, NULL))
        g_main_context_iteration(NULL, TRUE);
}

static void site_connect(Site *site)
{
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", 0, NULL);
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);
    guint16 port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    gboolean is_connected = FALSE;

    site->agent->server = rpc_server_new(NULL, verbs_handle, site->agent);
    g_assert_true(rpc_server_add_socket(site->agent->server, socket, NULL));
    site->client = rpc_client_new(NULL, 0);
    rpc_client_set_handlers(site->client, on_event, NULL, site);
    rpc_client_connect_async(site->client, "127.0.0.1", port, 10000, NULL, on_connected,
                             &is_connected);
    while (!is_connected)
        g_main_context_iteration(NULL, TRUE);
}

static void site_open(Site *site, const char *uri)
{
    const AgentSettings settings = {.libvirt_uri = uri,
                                    .domain_type = "auto",
                                    .emulator = "",
                                    .vm_folders = "/vms",
                                    .filter_file = "/nonexistent",
                                    .filter_uri = "nwfilter:///nonexistent",
                                    .filter_socket = "",
                                    .poll_seconds = 1,
                                    .unplug_seconds = 1};

    site->events = g_ptr_array_new_with_free_func(g_free);
    site->agent = agent_new(&settings);
    site_connect(site);
    agent_start(site->agent);
}

static void site_recover(Site *site)
{
    while (site->agent->recovering)
        g_main_context_iteration(NULL, TRUE);
}

static void site_clear(Site *site)
{
    rpc_client_close(site->client);
    agent_free(site->agent);
    g_object_unref(site->client);
    g_ptr_array_unref(site->events);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Site, site_clear)

static void recovering_without_libvirt(void)
{
    g_auto(Site) site = {0};

    site_open(&site, "qemu+unix:///system?socket=/nonexistent/libvirt-sock");
    assert_call(&site, "Host.ping2", "{}", "99 Recovering from crash or Initializing");
    assert_call(&site, "VM.create", "{}", "99 Recovering from crash or Initializing");
    g_assert_true(site.agent->recovering);
}

static void takes_over_what_runs(void)
{
    g_auto(Site) site = {0};

    site_open(&site, "test:///default");
    site_recover(&site);
    assert_call(&site, "Host.ping2", "{}", "true");
    assert_call(&site, "Host.ping", "{}", "true");
    assert_call(&site, "Host.getVMList", "{}",
                "[{\"vmId\":\"" TEST_VM "\",\"status\":\"Up\",\"statusTime\":\"*\"}]");
    assert_call(&site, "Host.getVMList", "{'onlyUUID':'true'}", "[\"" TEST_VM "\"]");
    assert_call(&site, "Host.getVMList", "{'vmList':['" NEW_VM "']}", "[]");
    assert_call(&site, "Host.getVMFullList", "{}", "[{*\"vmName\":\"test\"*\"devices\":[*]}]");
    assert_call(&site, "Host.getAllVmStats", "{}", "[{*\"vmName\":\"test\"*\"network\":{*}}]");
    assert_call(&site, "VM.getStats", "{'vmID':'" TEST_VM "'}", "[{*\"status\":\"Up\"*}]");
    assert_call(&site, "Host.dumpxmls", "{'vmList':['" TEST_VM "']}",
                "{\"" TEST_VM "\":\"<domain *\"}");
    assert_call(&site, "Host.getCapabilities", "{}",
                "{*\"libvirt\":{\"version\":\"*\"*\"clusterLevels\":[*\"3.2\"*\"4.7\"*]*"
                "\"nwfilters\":[]}");
}

static void wrong_calls(void)
{
    static const struct {
        const char *method, *params, *answer;
    } cases[] = {
        {"Host.x", "{}",
         "-32601 The method does not exist or is not available: {'method': 'Host.x'}"},
        {"VM.destroy", "{}", "-32602 Invalid method parameters: VM.destroy: *vmID"},
        {"VM.destroy", "{'vmID':'x'}", "1 Virtual machine does not exist: {'vmId': 'x'}"},
        {"VM.shutdown", "{'vmID':'" NEW_VM "'}", "1 Virtual machine does not exist: *"},
        {"VM.getStats", "{'vmID':'" NEW_VM "'}", "1 Virtual machine does not exist: *"},
        {"VM.hotplugNic", "{'vmID':'" NEW_VM "','params':{}}", "1 Virtual machine does not*"},
        {"VM.hotplugNic", "{'vmID':'" TEST_VM "','params':{}}",
         "11 Missing required parameter nic"},
        {"VM.hotplugNic", "{'vmID':'" TEST_VM "','params':{'xml':'<interface'}}",
         "91 Invalid parameter: xml: line 1: *"},
        {"VM.hotplugNic", "{'vmID':'" TEST_VM "','params':{'xml':'<interface/>'}}",
         "11 Missing required parameter macAddr"},
        {"VM.hotplugNic",
         "{'vmID':'" TEST_VM "','params':{'nic':{'macAddr':'52:54:00:00:00:01','network':'lo'}}}",
         "91 Invalid parameter: the NIC is to be in network 'lo', but the interface 'lo' of this "
         "host is not a bridge"},
        {"VM.hotplugNic",
         "{'vmID':'" TEST_VM "','params':{'nic':{'macAddr':'52:54:00:00:00:01',"
         "'network':'no-such-bridge'}}}",
         "91 *but this host has no bridge 'no-such-bridge'"},
        {"VM.hotplugNic", "{'vmID':'" TEST_VM "','params':{'nic':{'macAddr':'AA:BB:CC:DD:EE:FF'}}}",
         "91 Invalid parameter: the MAC address aa:bb:cc:dd:ee:ff is in use by the VM " TEST_VM},
        {"VM.hotunplugNic", "{'vmID':'" TEST_VM "','params':{'nic':{}}}",
         "11 Missing required parameter macAddr"},
        {"VM.hotunplugNic", "{'vmID':'" TEST_VM "','params':{'nic':{'alias':'net7'}}}",
         "50 Failed to hotunplug NIC: NIC not found: net7"},
        {"VM.updateDevice", "{'vmID':'" TEST_VM "','params':{'alias':'net0'}}",
         "11 Missing required parameter deviceType"},
        {"VM.updateDevice", "{'vmID':'" TEST_VM "','params':{'deviceType':'interface'}}",
         "11 Missing required parameter alias"},
        {"VM.updateDevice", "{'vmID':'" TEST_VM "','params':{'deviceType':'disk','alias':'a'}}",
         "91 Invalid parameter: deviceType must be interface"},
        {"VM.updateDevice",
         "{'vmID':'" TEST_VM "','params':{'deviceType':'interface','alias':'net7'}}",
         "56 Failed to update device: NIC not found: net7"},
        {"VM.shutdown", "{'vmID':'" TEST_VM "','force':true}", "91 *use VM.destroy"},
        {"VM.create", "{'vmID':'" TEST_VM "','vmParams':{}}",
         "4 Virtual machine already exists: {'vmId': '" TEST_VM "'}"},
        {"VM.create", "{'vmID':'" NEW_VM "','vmParams':{}}",
         "11 Missing required parameter memSize"},
        {"VM.create", "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'kernel':'/boot/vmlinuz'}}",
         "91 *kernel '/boot/vmlinuz' is not in a folder for files of VMs (/vms: vm_folders*"},
        {"VM.create", "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'initrd':'/vms/../x'}}",
         "91 *initrd '/vms/../x' is not in*"},
        {"VM.create", "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'serialLog':'/vmsx'}}",
         "91 *serialLog '/vmsx' is not in*"},
        {"VM.create", "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'drives':[{'path':'/vms/'}]}}",
         "91 *disk '/vms/' is not in*"},
        {"VM.create", "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'vmName':'test'}}",
         "91 Invalid parameter: the name test is in use by the VM " TEST_VM},
        {"VM.create",
         "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'devices':["
         "{'type':'interface','macAddr':'52:54:00:00:00:01','network':'a'},"
         "{'type':'interface','macAddr':'52-54-00-00-00-01','network':'b'}]}}",
         "91 Invalid parameter: two NICs of the VM have the MAC address 52:54:00:00:00:01"},
        {"VM.create",
         "{'vmID':'" NEW_VM "','vmParams':{'memSize':64,'devices':["
         "{'type':'interface','macAddr':'aa:bb:cc:dd:ee:ff','network':'a'}]}}",
         "91 Invalid parameter: the MAC address aa:bb:cc:dd:ee:ff is in use by the VM *"},
    };
    g_auto(Site) site = {0};

    site_open(&site, "test:///default");
    site_recover(&site);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_call(&site, cases[i].method, cases[i].params, cases[i].answer);
}

/* The test driver starts whole XML of its own type. */
static void creates_and_destroys(void)
{
    g_auto(Site) site = {0};

    site_open(&site, "test:///default");
    site_recover(&site);
    assert_call(&site, "VM.create", "{'vmID':'" NEW_VM "','vmParams':{'xml':'<domain>'}}", "91 *");
    assert_call(&site, "VM.create",
                "{'vmID':'" NEW_VM "','vmParams':{'xml':'<domain type=\\u0022test\\u0022>"
                "<name>new</name><uuid>" NEW_VM "</uuid><memory>1024</memory>"
                "<os><type>hvm</type></os></domain>'}}",
                "{\"vmId\":\"" NEW_VM "\",\"status\":\"WaitForLaunch\"*\"xml\":\"<domain *\"}");
    wait_event(&site, "|virt|VM_status|" NEW_VM " WaitForLaunch");
    wait_event(&site, "|virt|VM_status|" NEW_VM " Up");
    assert_call(&site, "VM.destroy", "{'vmID':'" NEW_VM "','gracefulAttempts':1}", "true");
    wait_event(&site, "|virt|VM_status|" NEW_VM " Down");
    assert_call(&site, "VM.destroy", "{'vmID':'" NEW_VM "'}", "1 *");
}

static void failed_create_is_kept_until_destroyed(void)
{
    g_auto(Site) site = {0};

    site_open(&site, "test:///default");
    site_recover(&site);
    /* libvirt wants to know the memory */
    assert_call(&site, "VM.create",
                "{'vmID':'" NEW_VM "','vmParams':{'xml':'<domain type=\\u0022test\\u0022>"
                "<name>new</name><uuid>" NEW_VM "</uuid><os><type>hvm</type></os></domain>'}}",
                "{*\"WaitForLaunch\"*}");
    wait_event(&site, "|virt|VM_status|" NEW_VM " Down");
    assert_call(&site, "VM.getStats", "{'vmID':'" NEW_VM "'}",
                "[{*\"Down\"*\"exitCode\":1,\"exitReason\":1,\"exitMessage\":\"*\"*}]");
    assert_call(&site, "VM.shutdown", "{'vmID':'" NEW_VM "'}",
                "6 Virtual machine is down: {'vmId': '" NEW_VM "'}");
    assert_call(&site, "VM.create", "{'vmID':'" NEW_VM "','vmParams':{'memSize':64}}", "4 *");
    assert_call(&site, "VM.destroy", "{'vmID':'" NEW_VM "'}", "true");
    assert_call(&site, "Host.getVMList", "{'onlyUUID':true}", "[\"" TEST_VM "\"]");
}

static void every_row_is_whole(void)
{
    for (const Verb *verb = verbs; verb->name; verb++) {
        g_assert_nonnull(verb->params);
        g_assert_true(verb->run != NULL);
        g_assert_true(verb_lookup(verb->name) == verb);
    }
    g_assert_null(verb_lookup("Host"));
}

#define NIC_XML(more)                                                                              \
    "{'vmID':'" TEST_VM "','params':{'xml':'<interface type=\\'network\\'>"                        \
    "<mac address=\\'aa:bb:cc:dd:ee:ff\\'/><source network=\\'default\\'/>" more "</interface>'}}"

/* An engine that was cut off asks again for what is there: it is told so. Not for another NIC. */
static void plug_again(void)
{
    g_auto(Site) site = {0};

    site_open(&site, "test:///default");
    site_recover(&site);
    assert_call(&site, "VM.hotplugNic", NIC_XML(""), "*\"macAddr\":\"aa:bb:cc:dd:ee:ff\"*");
    assert_call(&site, "VM.hotplugNic", NIC_XML("<filterref filter=\\'x\\'/>"),
                "91 *aa:bb:cc:dd:ee:ff is in use by the VM " TEST_VM);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK); /* the agent's own log lines are no assertions */
    g_test_add_func("/agent/verbs/table", every_row_is_whole);
    g_test_add_func("/agent/verbs/recovering", recovering_without_libvirt);
    g_test_add_func("/agent/verbs/takeover", takes_over_what_runs);
    g_test_add_func("/agent/verbs/wrong", wrong_calls);
    g_test_add_func("/agent/verbs/create-destroy", creates_and_destroys);
    g_test_add_func("/agent/verbs/failed-create", failed_create_is_kept_until_destroyed);
    g_test_add_func("/agent/verbs/plug-again", plug_again);
    return g_test_run();
}
