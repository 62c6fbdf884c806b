/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/nic-xml.h"
#include "agent/nic.h"
#include "jsonrpc/rpc.h"

static Nic *read_dict(const char *text, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    g_assert_nonnull(node);
    return nic_from_json(json_node_get_object(node), error);
}

static char *to_xml(const Nic *nic)
{
    g_autoptr(xmlDoc) document = xml_document("devices");

    return xml_format(nic_to_xml(nic, xmlDocGetRootElement(document)));
}

#define NIC "\"macAddr\":\"52:54:00:59:F5:3F\",\"deviceId\":\"d\","

static void dictionary_to_xml(void)
{
    static const struct {
        const char *dict, *xml;
    } cases[] = {
        {"{" NIC "\"network\":\"net\"}",
         "<interface type=\"bridge\">\n  <mac address=\"52:54:00:59:f5:3f\"/>\n"
         "  <model type=\"virtio\"/>\n  <source bridge=\"net\"/>\n</interface>"},
        /* the seed's list, one member; an empty list asks for nothing */
        {"{" NIC "\"network\":\"net\",\"nicModel\":\"e1000\",\"filters\":[\"f\"]}",
         "<interface type=\"bridge\">\n  <mac address=\"52:54:00:59:f5:3f\"/>\n"
         "  <model type=\"e1000\"/>\n  <source bridge=\"net\"/>\n  <filterref filter=\"f\"/>\n"
         "</interface>"},
        {"{" NIC "\"network\":\"net\",\"filters\":[],\"filter\":\"\"}",
         "<interface type=\"bridge\">\n  <mac address=\"52:54:00:59:f5:3f\"/>\n"
         "  <model type=\"virtio\"/>\n  <source bridge=\"net\"/>\n</interface>"},
        /* every key at once, in VDSM's order; repeated parameters keep theirs */
        {"{" NIC
         "\"network\":\"net\",\"filters\":[\"f\"],\"filter\":\"f\",\"linkActive\":\"false\","
         "\"bootOrder\":\"1\",\"filterParameters\":[{\"name\":\"IP\",\"value\":\"10.0.0.2\"},"
         "{\"name\":\"IP\"},{\"name\":\"IP\",\"value\":\"10.0.0.1\"}],\"address\":{\"type\":"
         "\"pci\","
         "\"domain\":\"0x0000\",\"bus\":\"0x00\",\"slot\":\"0x03\",\"function\":\"0x0\"}}",
         "<interface type=\"bridge\">\n"
         "  <address type=\"pci\" domain=\"0x0000\" bus=\"0x00\" slot=\"0x03\" function=\"0x0\"/>\n"
         "  <mac address=\"52:54:00:59:f5:3f\"/>\n  <model type=\"virtio\"/>\n"
         "  <source bridge=\"net\"/>\n  <filterref filter=\"f\">\n"
         "    <parameter name=\"IP\" value=\"10.0.0.2\"/>\n"
         "    <parameter name=\"IP\" value=\"10.0.0.1\"/>\n  </filterref>\n"
         "  <link state=\"down\"/>\n  <boot order=\"1\"/>\n</interface>"},
        /* in no network: VDSM's dummy bridge, link down */
        {"{" NIC "\"network\":\"\"}",
         "<interface type=\"bridge\">\n  <mac address=\"52:54:00:59:f5:3f\"/>\n"
         "  <model type=\"virtio\"/>\n  <source bridge=\";vdsmdummy;\"/>\n"
         "  <link state=\"down\"/>\n</interface>"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Nic) nic = read_dict(cases[i].dict, &error);
        g_autofree char *xml = NULL;
        g_assert_no_error(error);
        xml = to_xml(nic);
        g_assert_cmpstr(xml, ==, cases[i].xml);
    }
}

static void dictionary_refused(void)
{
    static const struct {
        const char *dict;
        int code;
        const char *message;
    } cases[] = {
        {"{}", RPC_MISSING_PARAMETER, "*parameter macAddr"},
        {"{\"macAddr\":\"52:54:00\"}", RPC_INVALID_PARAMETER, "*'52:54:00' is not a MAC address*"},
        {"{\"macAddr\":\"01:54:00:00:00:01\"}", RPC_INVALID_PARAMETER, "*of one interface"},
        {"{\"macAddr\":\"00:00:00:00:00:00\"}", RPC_INVALID_PARAMETER, "*of one interface"},
        {"{" NIC "\"network\":\"../x\"}", RPC_INVALID_PARAMETER, "*network '../x' is not*"},
        {"{" NIC "\"nicModel\":\"a'b\"}", RPC_INVALID_PARAMETER, "*nicModel*"},
        {"{" NIC "\"filters\":[\"a\",\"b\"]}", RPC_INVALID_PARAMETER,
         "*one filter (libvirt supports one), not both a and b"},
        {"{" NIC "\"filters\":[\"a\"],\"filter\":\"b\"}", RPC_INVALID_PARAMETER,
         "*one filter*both b and a"},
        {"{" NIC "\"filters\":[1]}", RPC_INVALID_PARAMETER, "*list of names"},
        {"{" NIC "\"filters\":\"a\"}", RPC_INVALID_PARAMETER, "*filters must be a list*"},
        {"{" NIC "\"filter\":\"../../x\"}", RPC_INVALID_PARAMETER, "*not the name of a filter*"},
        {"{" NIC "\"filter\":\"a\",\"filterParameters\":[{\"name\":\"A-B\",\"value\":\"1\"}]}",
         RPC_INVALID_PARAMETER, "*name 'A-B' of a filter parameter*"},
        {"{" NIC "\"filter\":\"a\",\"filterParameters\":[{\"name\":\"A\",\"value\":\"1/2\"}]}",
         RPC_INVALID_PARAMETER, "*value '1/2' of the filter parameter A*"},
        {"{" NIC "\"filter\":\"a\",\"filterParameters\":[{\"name\":\"A\",\"value\":\"\"}]}",
         RPC_INVALID_PARAMETER, "*value ''*"},
        {"{" NIC "\"filterParameters\":[3]}", RPC_INVALID_PARAMETER, "*list of {name, value}"},
        {"{" NIC "\"type\":\"disk\"}", RPC_INVALID_PARAMETER, "*must be 'interface'*"},
        {"{" NIC "\"device\":\"hostdev\"}", RPC_INVALID_PARAMETER, "*must be 'bridge'*"},
        {"{" NIC "\"portMirroring\":[\"n\"]}", RPC_INVALID_PARAMETER, "*portMirroring*"},
        {"{" NIC "\"specParams\":{\"inbound\":{}}}", RPC_INVALID_PARAMETER, "*inbound*"},
        {"{" NIC "\"address\":{\"slot\":\"0x20\"}}", RPC_INVALID_PARAMETER, "*address.domain*"},
        {"{" NIC "\"linkActive\":\"maybe\"}", RPC_INVALID_PARAMETER, "*linkActive*"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(read_dict(cases[i].dict, &error));
        g_assert_error(error, RPC_ERROR, cases[i].code);
        g_assert_true(g_pattern_match_simple(cases[i].message, error->message));
    }
}

static void live_xml_to_dictionary(void)
{
    static const char xml[] =
        "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br'/>"
        "<target dev='vnet0'/><model type='virtio'/><filterref filter='clean-traffic'>"
        "<parameter name='IP' value='10.0.0.1'/></filterref><link state='down'/>"
        "<alias name='net0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x02' "
        "function='0x0'/></interface>";
    static const char expected[] =
        "{\"type\":\"interface\",\"device\":\"bridge\",\"macAddr\":\"52:54:00:00:00:01\","
        "\"network\":\"br\",\"alias\":\"net0\",\"name\":\"vnet0\",\"nicModel\":\"pv\","
        "\"linkActive\":false,\"address\":{\"type\":\"pci\",\"domain\":\"0x0000\",\"bus\":\"0x00\","
        "\"slot\":\"0x02\",\"function\":\"0x0\"},\"filter\":\"clean-traffic\","
        "\"filterParameters\":[{\"name\":\"IP\",\"value\":\"10.0.0.1\"}]}";
    g_autoptr(GError) error = NULL;
    xmlNodePtr interface;
    g_autoptr(xmlDoc) document = nic_xml_parse(xml, &interface, &error);
    g_autoptr(Nic) nic = nic_from_xml(interface, &error);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    g_assert_nonnull(document);
    json_node_take_object(node, nic_to_json(nic));
    text = json_to_string(node, FALSE);
    g_assert_cmpstr(text, ==, expected);
}

static void xml_forms(void)
{
    static const char *const good[] = {
        "<interface type='bridge'/>",
        "<hotplug><devices><interface type='bridge'/></devices></hotplug>",
        "<?xml version='1.0'?><hotplug>\n <devices>\n  <interface/>\n </devices>\n</hotplug>",
    };
    static const char *const bad[] = {
        "",
        "<interface",
        "<disk/>",
        "<hotplug/>",
        "<hotplug><devices/></hotplug>",
        "<hotplug><devices><disk/></devices></hotplug>",
        "<hotplug><devices><interface/><interface/></devices></hotplug>",
        "<!DOCTYPE interface [<!ENTITY a 'b'>]><interface>&a;</interface>",
        "<interface/><interface/>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        xmlNodePtr interface = NULL;
        g_autoptr(xmlDoc) document = nic_xml_parse(good[i], &interface, &error);
        g_assert_no_error(error);
        g_assert_nonnull(document);
        g_assert_true(xml_is(interface, "interface"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        xmlNodePtr interface = NULL;
        g_assert_null(nic_xml_parse(bad[i], &interface, &error));
        g_assert_error(error, RPC_ERROR, RPC_INVALID_PARAMETER);
    }
}

static void xml_refused(void)
{
    static const char *const bad[] = {
        "<interface><mac address='x'/></interface>",
        "<interface><mac address='ff:ff:ff:ff:ff:ff'/></interface>",
        "<interface><filterref/></interface>",
        "<interface><filterref filter='a/b'/></interface>",
        "<interface><filterref filter='a'/><filterref filter='b'/></interface>",
        "<interface><filterref filter='a'><parameter name='- '/></filterref></interface>",
        "<interface><filterref filter='a'><parameter name='A'/></filterref></interface>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        xmlNodePtr interface = NULL;
        g_autoptr(xmlDoc) document = nic_xml_parse(bad[i], &interface, NULL);
        g_assert_nonnull(document);
        g_assert_null(nic_from_xml(interface, &error));
        g_assert_error(error, RPC_ERROR, RPC_INVALID_PARAMETER);
    }
}

static void edits(void)
{
    xmlNodePtr interface;
    g_autoptr(xmlDoc) document = nic_xml_parse("<interface><mac address='52:54:00:00:00:01'/>"
                                               "<source bridge='a'/><filterref filter='old'/>"
                                               "<alias name='net0'/></interface>",
                                               &interface, NULL);
    g_autofree char *with = NULL;
    g_autofree char *without = NULL;

    g_assert_nonnull(document);
    nic_xml_set_filter(interface, "new", NULL);
    nic_xml_set_bridge(interface, "b");
    nic_xml_set_link(interface, FALSE);
    with = xml_format(interface);
    g_assert_cmpstr(
        with, ==,
        "<interface>\n  <mac address=\"52:54:00:00:00:01\"/>\n  <source bridge=\"b\"/>\n"
        "  <filterref filter=\"new\"/>\n  <alias name=\"net0\"/>\n"
        "  <link state=\"down\"/>\n</interface>");
    nic_xml_set_filter(interface, NULL, NULL);
    nic_xml_set_link(interface, TRUE);
    without = xml_format(interface);
    g_assert_null(strstr(without, "filterref"));
    g_assert_nonnull(strstr(without, "<link state=\"up\"/>"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/nic/dictionary-to-xml", dictionary_to_xml);
    g_test_add_func("/agent/nic/dictionary-refused", dictionary_refused);
    g_test_add_func("/agent/nic/live-xml-to-dictionary", live_xml_to_dictionary);
    g_test_add_func("/agent/nic/xml-forms", xml_forms);
    g_test_add_func("/agent/nic/xml-refused", xml_refused);
    g_test_add_func("/agent/nic/edits", edits);
    return g_test_run();
}
