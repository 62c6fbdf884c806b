/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/definition.h"
#include "agent/vm-config.h"
#include "jsonrpc/rpc.h"

/* Golden files: tests/golden/domain/NAME.json, VM.create's parameters, give NAME.xml, the domain
 * libvirt is asked for; of NAME-tap.json where enforcement=tapwall. TAPWALL_GOLDEN_WRITE=1 writes
 * the .xml anew. */

#define VM_ID "11111111-2222-3333-4444-555555555555"

static const DomainHost stock = {"qemu", "", FALSE}, with_taps = {"qemu", "", TRUE};

static char *create(JsonObject *params, const DomainHost *host, GError **error)
{
    g_autoptr(VmConfig) config = vm_config_from_json(VM_ID, params, error);

    return config ? vm_config_to_xml(config, host, error) : NULL;
}

static void golden(gconstpointer data)
{
    const char *path = data;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".json"));
    g_autofree char *expected_path = g_strconcat(stem, ".xml", NULL);
    g_autofree char *expected = NULL;
    g_autofree char *xml = NULL;
    g_autofree char *text = NULL;

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    xml = create(json_node_get_object(json_parser_get_root(parser)),
                 g_str_has_suffix(path, "-tap.json") ? &with_taps : &stock, &error);
    g_assert_no_error(error);
    text = g_strconcat(xml, "\n", NULL);
    if (g_getenv("TAPWALL_GOLDEN_WRITE"))
        g_assert_true(g_file_set_contents(expected_path, text, -1, NULL));
    g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void refused(void)
{
    static const struct {
        const char *params;
        int code;
        const char *message;
    } cases[] = {
        {"{}", RPC_MISSING_PARAMETER, "Missing required parameter memSize"},
        {"{\"memSize\":0}", RPC_MISSING_PARAMETER, "Must specify nonzero memSize"},
        {"{\"memSize\":\"0\"}", RPC_MISSING_PARAMETER, "Must specify nonzero memSize"},
        {"{\"memSize\":16777217}", RPC_INVALID_PARAMETER, "*16777216 MiB*"},
        {"{\"memSize\":1,\"smp\":0}", RPC_INVALID_PARAMETER, "*smp 1 to 255*"},
        {"{\"memSize\":1,\"smp\":256}", RPC_INVALID_PARAMETER, "*smp 1 to 255*"},
        {"{\"memSize\":1,\"vmId\":\"x\"}", RPC_INVALID_PARAMETER, "*not the vmID of the call"},
        {"{\"memSize\":1,\"vmName\":\"a/b\"}", RPC_INVALID_PARAMETER, "*vmName 'a/b' is not*"},
        {"{\"memSize\":1,\"kernel\":\"boot\"}", RPC_INVALID_PARAMETER, "*an absolute path"},
        {"{\"memSize\":1,\"serialLog\":\"../x\"}", RPC_INVALID_PARAMETER, "*an absolute path"},
        {"{\"memSize\":1,\"drives\":[{}]}", RPC_MISSING_PARAMETER,
         "Missing required parameter path"},
        {"{\"memSize\":1,\"drives\":[{\"path\":\"\"}]}", RPC_INVALID_PARAMETER, "*absolute path"},
        {"{\"memSize\":1,\"drives\":[{\"path\":\"/x\",\"format\":\"vmdk\"}]}",
         RPC_INVALID_PARAMETER, "*format 'vmdk' is not raw, qcow2, cow"},
        {"{\"memSize\":1,\"devices\":[{\"type\":\"balloon\"}]}", RPC_INVALID_PARAMETER,
         "*'balloon' is not interface, disk or console"},
        {"{\"memSize\":1,\"devices\":[{}]}", RPC_INVALID_PARAMETER, "*device type*"},
        {"{\"memSize\":1,\"devices\":[7]}", RPC_INVALID_PARAMETER, "*an object"},
        {"{\"memSize\":1,\"devices\":[{\"type\":\"interface\"}]}", RPC_MISSING_PARAMETER,
         "Missing required parameter macAddr"},
        {"{\"xml\":\"<domain>\"}", RPC_INVALID_PARAMETER, "*vmParams.xml: line 1*"},
        {"{\"xml\":\"<network/>\"}", RPC_INVALID_PARAMETER, "*not 'network'"},
        {"{\"xml\":\"<domain/>\"}", RPC_MISSING_PARAMETER, "vmId must be a valid UUID"},
        {"{\"xml\":\"<domain><uuid>" VM_ID "</uuid></domain>\"}", RPC_INVALID_PARAMETER,
         "*no name"},
        {"{\"xml\":\"<domain><name>a</name><uuid>21111111-2222-3333-4444-555555555555</uuid>"
         "</domain>\"}",
         RPC_INVALID_PARAMETER, "*has uuid 21111111*"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(cases[i].params, NULL);
        g_assert_null(create(json_node_get_object(node), &stock, &error));
        g_assert_error(error, RPC_ERROR, cases[i].code);
        g_assert_true(g_pattern_match_simple(cases[i].message, error->message));
    }
}

static void too_many_devices(void)
{
    g_autoptr(GString) text = g_string_new("{\"memSize\":1,\"drives\":[{\"path\":\"/0\"}");
    g_autoptr(JsonNode) node = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 1; i <= 28; i++)
        g_string_append_printf(text, ",{\"path\":\"/%u\"}", i);
    g_string_append(text, "]}");
    node = json_from_string(text->str, NULL);
    g_assert_null(create(json_node_get_object(node), &stock, &error));
    g_assert_error(error, RPC_ERROR, RPC_INVALID_PARAMETER);
    g_assert_true(g_pattern_match_simple("*28 NICs and disks, not 29", error->message));
}

static void bad_vm_id(void)
{
    g_autoptr(JsonNode) node = json_from_string("{\"memSize\":1}", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(vm_config_from_json("../x", json_node_get_object(node), &error));
    g_assert_error(error, RPC_ERROR, RPC_MISSING_PARAMETER);
    g_assert_cmpstr(error->message, ==, "vmId must be a valid UUID");
}

static const char live[] =
    "<domain type='qemu' id='1'><name>vm1</name><uuid>" VM_ID "</uuid><metadata>"
    "<other:vm xmlns:other='http://x'><other:nic mac='52:54:00:00:00:02' network='no'/></other:vm>"
    "<tapwall:vm xmlns:tapwall='http://tapwall.example/vm/1.0'>"
    "<tapwall:nic mac='52:54:00:00:00:01' network='blue' deviceId='d1'/>"
    "<tapwall:nic mac='52:54:00:00:00:99' network='gone' deviceId='d9'/>"
    "</tapwall:vm></metadata><memory unit='KiB'>131072</memory><vcpu placement='static'>2</vcpu>"
    "<devices><interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br1'/>"
    "<target dev='vnet0'/><model type='virtio'/><filterref filter='f'/><alias name='net0'/>"
    "</interface><interface type='network'><mac address='52:54:00:00:00:02'/>"
    "<source network='default'/><alias name='net1'/></interface></devices></domain>";

/* What a restarted agent finds. */
static void live_definition(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Definition) definition = definition_parse("x", live, &error);
    const Nic *first, *second;

    g_assert_no_error(error);
    g_assert_true(definition->ours);
    g_assert_cmpstr(definition->name, ==, "vm1");
    g_assert_cmpuint(definition->memory_mib, ==, 128);
    g_assert_cmpuint(definition->vcpus, ==, 2);
    g_assert_cmpuint(definition->nics->len, ==, 2);
    first = definition_nic(definition, "net0", NULL);
    second = definition_nic(definition, NULL, "52:54:00:00:00:02");
    g_assert_cmpstr(first->network, ==, "blue");
    g_assert_cmpstr(first->bridge, ==, "br1");
    g_assert_cmpstr(first->device_id, ==, "d1");
    g_assert_cmpstr(first->filter, ==, "f");
    g_assert_cmpstr(second->network, ==, "default");
    g_assert_null(second->device_id);
    g_assert_null(second->filter);
    g_assert_null(definition_nic(definition, "net2", NULL));
    g_assert_null(definition_nic(definition, NULL, NULL));
}

static const char live_tap[] =
    "<domain type='qemu' id='1'><name>vm1</name><uuid>" VM_ID "</uuid><metadata>"
    "<tapwall:vm xmlns:tapwall='http://tapwall.example/vm/1.0'>"
    "<tapwall:nic mac='52:54:00:00:00:01' network='blue' deviceId='d1' bridge='br1'>"
    "<tapwall:filterref filter='f'><tapwall:parameter name='IP' value='10.0.0.1'/>"
    "</tapwall:filterref></tapwall:nic></tapwall:vm></metadata>"
    "<devices><interface type='ethernet'><mac address='52:54:00:00:00:01'/>"
    "<target dev='tw525400000001' managed='no'/><model type='virtio'/><alias name='net0'/>"
    "</interface></devices></domain>";

/* To libvirt such a NIC leads nowhere. */
static void live_definition_on_own_tap(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Definition) definition = definition_parse("x", live_tap, &error);
    g_autofree char *metadata = NULL;
    const Nic *nic;

    g_assert_no_error(error);
    nic = definition_nic(definition, "net0", NULL);
    g_assert_true(nic->own_tap);
    g_assert_cmpstr(nic->type, ==, "bridge");
    g_assert_cmpstr(nic->network, ==, "blue");
    g_assert_cmpstr(nic->bridge, ==, "br1");
    g_assert_cmpstr(nic->device, ==, "tw525400000001");
    g_assert_cmpstr(nic->filter, ==, "f");
    g_assert_cmpuint(nic->parameters->len, ==, 1);
    metadata = definition_metadata(definition, NULL, NULL);
    g_assert_cmpstr(metadata, ==,
                    "<vm>\n  <nic mac=\"52:54:00:00:00:01\" network=\"blue\" deviceId=\"d1\" "
                    "bridge=\"br1\">\n    <filterref filter=\"f\">\n"
                    "      <parameter name=\"IP\" value=\"10.0.0.1\"/>\n    </filterref>\n"
                    "  </nic>\n</vm>");
}

static void tap_needs_a_mac(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(
        "{\"xml\":\"<domain><name>a</name><uuid>" VM_ID "</uuid><devices><interface "
        "type='bridge'><source bridge='b'/></interface></devices></domain>\"}",
        NULL);

    g_assert_null(create(json_node_get_object(node), &with_taps, &error));
    g_assert_error(error, RPC_ERROR, RPC_INVALID_PARAMETER);
}

static void metadata_follows_the_nics(void)
{
    g_autoptr(Definition) definition = definition_parse("x", live, NULL);
    g_autoptr(Nic) extra = nic_new();
    g_autofree char *more = NULL;
    g_autofree char *less = NULL;

    extra->mac = g_strdup("52:54:00:00:00:03");
    extra->network = g_strdup("a&b");
    more = definition_metadata(definition, NULL, extra);
    less = definition_metadata(definition, "52:54:00:00:00:01", NULL);
    g_assert_cmpstr(more, ==,
                    "<vm>\n  <nic mac=\"52:54:00:00:00:01\" network=\"blue\" deviceId=\"d1\"/>\n"
                    "  <nic mac=\"52:54:00:00:00:02\" network=\"default\"/>\n"
                    "  <nic mac=\"52:54:00:00:00:03\" network=\"a&amp;b\"/>\n</vm>");
    g_assert_cmpstr(less, ==,
                    "<vm>\n  <nic mac=\"52:54:00:00:00:02\" network=\"default\"/>\n</vm>");
}

static void goldens_add(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *test = g_strconcat("/agent/domain/golden/", name, NULL);
        if (g_str_has_suffix(name, ".json"))
            g_test_add_data_func_full(test, g_build_filename(folder, name, NULL), golden, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    goldens_add(argv[1]);
    g_test_add_func("/agent/domain/refused", refused);
    g_test_add_func("/agent/domain/too-many-devices", too_many_devices);
    g_test_add_func("/agent/domain/bad-vm-id", bad_vm_id);
    g_test_add_func("/agent/domain/live", live_definition);
    g_test_add_func("/agent/domain/live-own-tap", live_definition_on_own_tap);
    g_test_add_func("/agent/domain/tap-needs-a-mac", tap_needs_a_mac);
    g_test_add_func("/agent/domain/metadata", metadata_follows_the_nics);
    return g_test_run();
}
